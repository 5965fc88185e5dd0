export { afterChunks } from './chunk-order.ts'
export type { ChunkSource, SpaceReservation } from './chunk-source.ts'
export {
  type Filesystem,
  type FilesystemOptions,
  openFilesystem,
  type Quotas,
  type UsedFilesystem,
} from './filesystem.ts'
export { LockFile } from './client/lock-file.ts'
export { ERRNO, type Errno, errnoName, isErrno } from './errno.ts'
export type { Extent } from './extent.ts'
export { ExtentList } from './extent-list.ts'
export type { AccessRules } from './home/access-rules.ts'
export { ACL_ACCESS, ACL_DEFAULT, type AclEntry, decodeAcl, encodeAcl, TAG as ACL_TAG } from './home/acl.ts'
export { changedSince } from './home/changed-since.ts'
export type { Superblock } from './home/superblock.ts'
export { ROOT_INO } from './inode.ts'
export {
  ACCESS_TIMES_PER_CALL,
  CALLER_GROUPS_MAX,
  CONTENT_BYTES_MAX,
  CONTENT_EXTENTS_MAX,
  CONTENTS_MAX,
  FILE_BYTES_MAX,
  GROWTH_BYTES_MAX,
  DELEGATIONS_MAX,
  RECALLED_MAX,
  HELD_MAX,
  INLINE_BYTES_MAX,
  REMOTE_LIST_MAX,
  NAME_BYTES_MAX,
  ROOMS_PER_CALL_MAX,
  LOCK_OWNER_MAX,
  LOCK_WAITS_PER_SESSION_MAX,
  LOCKS_PER_SESSION_MAX,
  SLOTS_MAX,
  SNAPSHOT_ROWS_MAX,
  STALE_BATCH_MAX,
  STALE_NAMES_MAX,
  SYMLINK_BYTES_MAX,
  XATTR_LIST_BYTES_MAX,
  XATTR_NAME_BYTES_MAX,
  XATTR_VALUE_BYTES_MAX,
} from './limits.ts'
export { type HeldLock, isOf, LOCK_END, type LockHolder, type LockRequest, type PlacedLock } from './lock.ts'
export type { Content, FileContent, HomeOperations, WriteMessage } from './operation.ts'
export { LateVfs } from './remote/late-vfs.ts'
export {
  type LeftBehind,
  openRemoteFilesystem,
  type RemoteFilesystem,
  type RemoteFilesystemOptions,
} from './remote/open-remote.ts'
export { sessionFault } from './shared/faults.ts'
export type { HomeSessions } from './shared/home-sessions.ts'
export { StandIn } from './shared/stand-in.ts'
export type { Asker, HomeSince } from './shared/session-parts.ts'
export type {
  Access,
  Acknowledgement,
  Grant,
  HomeTransport,
  RemoteAnswer,
  RemoteCall,
  RemoteKind,
  Resumption,
  Stale,
  StandInCall,
} from './shared/protocol.ts'
export type { PlacedQuota, Quota } from './quota.ts'
export type { Cid } from './snapshot/cids.ts'
export type { Difference } from './snapshot/diff.ts'
export { type RestoreRequest } from './snapshot/restore.ts'
export { snapshotCid, type Snapshots } from './snapshot/snapshots.ts'
export type { FileStat } from './snapshot/stat.ts'
export type { Snapshot } from './snapshot/table.ts'
export type { ChunkUser } from './snapshot/users.ts'
export type {
  AllocateMode,
  Answer,
  AttributeChange,
  Attributes,
  Caller,
  Cookie,
  DirectoryEntry,
  DirectoryPlace,
  FileKind,
  FilePlace,
  Ino,
  Invalidation,
  ListOptions,
  NewNode,
  OpenOptions,
  ReadOptions,
  RenameMode,
  Reply,
  StatFs,
  TimeChange,
  Vfs,
  WriteOptions,
} from './vfs.ts'
