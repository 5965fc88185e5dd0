export { clusterBeat, clusterMap, type DiskReport, type MachineReport } from './methods/beat.ts'
export { clusterJoin, clusterRenew } from './methods/join.ts'
export {
  clusterNodes,
  clusterReload,
  clusterSetMap,
  clusterWatch,
  type HeardMachine,
  type NodeRow,
} from './methods/local.ts'
export { BEAT_MS, OFFLINE_MS, PEER_PORT, SKEW_DEGRADED_MS, SKEW_STOP_MS, SUSPECT_MS } from './limits.ts'
export type { MachineState, MapDisk, MapMachine, MapPool, NodeMap } from './node-map.ts'
