import { clusterFault } from './faults.ts'
import { type NodeMap, nodeMapShape } from './node-map.ts'

/** A map as it lies on disk and travels: JSON, as a body, since a map of many machines fits no head. */
export function mapBytes(map: NodeMap): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(map))
}

/** Reads a map. Faults: BadMap. */
export function readMap(bytes: Uint8Array): NodeMap {
  try {
    return nodeMapShape(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), 'map')
  } catch (error) {
    throw clusterFault('BadMap', 'this is no map of machines', { cause: error })
  }
}
