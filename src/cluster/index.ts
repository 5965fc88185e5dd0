export { clusterFault } from './faults.ts'
export { type NodeFiles, type NodeIdentity, nodeFolderOf, readNodeFiles, writeNodeFiles } from './files/node-files.ts'
export { readSmallFile, replaceSmallFile } from './files/small-file.ts'
export { forMachines } from './guard.ts'
export { Bell } from './hearing/bell.ts'
export { type Dial, Links, type LinksOptions, type OwnMachine, type Shown } from './links/links.ts'
export type { Machines, MachineView } from './machines.ts'
export { keepMap, MapStore } from './map-store.ts'
export { mapBytes, readMap } from './map-bytes.ts'
export { type MachineSubject, machineOf, subjectOf } from './peer-name.ts'
export { clusterBeat, clusterMap, type DiskReport, type MachineReport } from './methods/beat.ts'
export { clusterAdmit } from './methods/admit.ts'
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
