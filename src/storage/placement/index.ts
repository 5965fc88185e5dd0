export {
  groupOf,
  groupsFor,
  type PlacementDisk,
  type PlacementMap,
  type PlacementPolicy,
  type PlacementPool,
} from './map.ts'
export { type Move, movesBetween } from './moves.ts'
export { roomFor } from './room.ts'
export { PlacementOrder } from './order.ts'
