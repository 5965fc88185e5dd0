export { diskId, diskName, machineOfDisk } from './disk-id.ts'
export { clusterFault } from './faults.ts'
export { clusterSeat, masterContext, type Seat, type SeatAsked } from './methods/seat.ts'
export {
  type NodeFiles,
  type NodeIdentity,
  type NodeRole,
  nodeFolderOf,
  readNodeFiles,
  writeNodeFiles,
} from './files/node-files.ts'
export { keepPlaces, readPlaces } from './files/places.ts'
export { readSmallFile, replaceSmallFile } from './files/small-file.ts'
export { forMachines } from './guard.ts'
export { changedHomes, type HomeChange, homeOf, isSameHome } from './homes.ts'
export { mayHaveLog } from './hearing/logs.ts'
export { tellChanges } from './hearing/told.ts'
export { type Dial, Links, type LinksOptions, type OwnMachine, type Shown } from './links/links.ts'
export type { Machines, MachineView } from './machines.ts'
export {
  type MeshPlace,
  meshPlaceShape,
  type MeshRanges,
  meshRangesShape,
  type MeshReport,
  meshReportShape,
  type Nat,
  natWord,
} from './mesh-part.ts'
export { joinCode, knockCommitment, type KnockSecret } from './join-code.ts'
export { MapAnswers } from './links/map-answers.ts'
export { keepMap, MapStore } from './map-store.ts'
export { mapBytes, readMap } from './map-bytes.ts'
export { changedMap, readChange } from './map-change.ts'
export { type MachineSubject, machineOf, subjectOf } from './peer-name.ts'
export { clusterBeat, clusterMap, type DiskReport, type MachineLoad, type MachineReport } from './methods/beat.ts'
export { clusterAdmit } from './methods/admit.ts'
export { clusterKeepHome, clusterSetHome } from './methods/homes.ts'
export { clusterJoin, clusterRenew, type JoinParams, type JoinResult, type RenewParams } from './methods/join.ts'
export { clusterHearKnock, clusterKnock, type Knock, type Knocked } from './methods/knock.ts'
export {
  askNodes,
  clusterLeading,
  clusterNodes,
  clusterReload,
  clusterSetMap,
  clusterWatch,
  type HeardMachine,
  type NodeRow,
  type NodeRows,
  nodesMessage,
} from './methods/local.ts'
export {
  BEAT_MS,
  DISK_MIB_MAX,
  DISKS_MAX,
  FAILOVER_CONTROLLERS,
  FORMAT_LEVEL,
  IN_SYNC_MAX,
  LACKS_MAX,
  MACHINES_MAX,
  MESH_ENDPOINTS_MAX,
  OFFLINE_MS,
  OLDEST_FORMAT_LEVEL,
  SKEW_DEGRADED_MS,
  SKEW_STOP_MS,
  SUSPECT_MS,
} from './limits.ts'
export type { MachineState, MapDisk, MapFilesystem, MapMachine, MapPool, NodeMap } from './node-map.ts'
export { PEER_PORT } from '#rpc'
