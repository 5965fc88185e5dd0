export { afterChunks } from './chunk-order.ts'
export type { ChunkSource, SpaceReservation } from './chunk-source.ts'
export { type Filesystem, type FilesystemOptions, openFilesystem, type Quotas } from './filesystem.ts'
export { ERRNO, type Errno, errnoName, isErrno } from './errno.ts'
export { ROOT_INO } from './inode.ts'
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
  ReadOptions,
  RenameMode,
  Reply,
  StatFs,
  TimeChange,
  Vfs,
  WriteOptions,
} from './vfs.ts'
