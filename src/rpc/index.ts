export { giveBack, takeBlock } from './blocks.ts'
export { type Client, openClient } from './client.ts'
export type { ConnectionOptions } from './connection.ts'
export type { Duplex } from './duplex.ts'
export { type FaultHead, faultHead, faultOf } from './fault-wire.ts'
export { rpcFault } from './faults.ts'
export type { Hello, MachineHello } from './hello.ts'
export { BODY_BYTES_MAX, RESUME_BYTES_MIN } from './limits.ts'
export { type Message, message, NO_BYTES } from './message.ts'
export {
  answerDownload,
  answerUnary,
  answerUpload,
  type CallContext,
  type DownloadMethod,
  download,
  type Handler,
  type PeerName,
  type UnaryMethod,
  type UploadMethod,
  unary,
  upload,
} from './method.ts'
export { duplexPair } from './pair.ts'
export { openPeer, type Peer } from './peer.ts'
export { type ServedConnection, type ServeOptions, serveConnection, serveStranger } from './server.ts'
export {
  exactly,
  flag,
  integer,
  list,
  long,
  nothing,
  optional,
  type Shape,
  type ShapeOf,
  shape,
  text,
  word,
} from './shape.ts'
export { connectSocket } from './socket/connect.ts'
export { listenSocket } from './socket/listen.ts'
export {
  controlDoorOf,
  DATA_VERSION,
  DEFAULT_LISTEN,
  dataFolderOf,
  dataVersionOf,
  defaultMountsOf,
  doorOf,
  kubeconfigOf,
  listenAddressOf,
  masterKeyFileOf,
  PEER_PORT,
  pidFileOf,
  type Surroundings,
  startTicksOf,
  versionFileOf,
} from './door/address.ts'
export { filesystemAccess } from './door/access.ts'
export {
  type EntryRow,
  type FileRow,
  type FileDescription,
  fileDescribe,
  fileHash,
  fileLink,
  fileList,
  fileMake,
  filePartial,
  filePut,
  fileRead,
  fileRemove,
  fileSet,
  fileStat,
} from './door/file.ts'
export {
  FILESYSTEMS_MAX,
  type FilesystemRow,
  filesystemCreate,
  filesystemIds,
  filesystemMount,
  ID_MAX,
  idPairsShape,
  filesystemPromote,
  filesystemRemove,
  filesystemStatus,
  filesystemSync,
  filesystemUnmount,
  type MountRow,
} from './door/filesystem.ts'
export { type ControlStatus, certificateRevoke, certificateSign, controlStatus } from './door/control.ts'
export {
  type CertificateRow,
  certificateList,
  type TokenRow,
  tokenCreate,
  tokenList,
  tokenRevoke,
} from './door/credentials.ts'
export { diskAdd, diskDrain, diskList, type DiskOffer, diskRemove, type DiskRow } from './door/disk.ts'
export { keyReplaceMaster, keyRotate, type RotationRow } from './door/keys.ts'
export { type KubeconfigFacts, kubeconfigText } from './door/kubeconfig.ts'
export {
  type BackupRow,
  type FillingRow,
  keyspaceBackup,
  keyspaceMigrate,
  keyspaceRestore,
  keyspaceRestored,
  type KeyspaceWords,
  keyspaceWords,
} from './door/keyspace.ts'
export { type CheckRow, type NodeStatus, nodeDown, nodeHealth, nodeStatus } from './door/node.ts'
export { newcomerApprove, newcomerList, type NewcomerRow } from './door/newcomers.ts'
export { type Place, TOLD_PATH_MAX } from './door/place.ts'
export { type QuotaRow, quotaList, quotaRemove, quotaSet } from './door/quota.ts'
export {
  type SnapshotChange,
  type SnapshotRow,
  snapshotCreate,
  snapshotDiff,
  snapshotList,
  snapshotRemove,
  snapshotRestore,
} from './door/snapshot.ts'
export {
  type CopiesStatus,
  type IfLost,
  type ScrubRow,
  storeCollect,
  storeCopies,
  storeIfLost,
  storeScrub,
} from './door/store.ts'
export { connectTls, type TlsConnection, type TlsConnectOptions } from './tls/connect.ts'
export type { TlsCredential } from './tls/credential.ts'
export { listenTls, type TlsListening, type TlsListenOptions } from './tls/listen.ts'
