export { afterChunks } from './chunk-order.ts'
export type { ChunkSource, RootProvider, SpaceReservation } from './chunk-source.ts'
export { type Filesystem, type FilesystemOptions, openFilesystem, type Quotas } from './filesystem.ts'
export { ERRNO, type Errno, errnoName, isErrno } from './errno.ts'
export { ROOT_INO } from './inode.ts'
export type { Quota } from './quota.ts'
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
