import type { ChunkSource } from '../chunk-source.ts'
import type { TreeStore } from '../content/tree-store.ts'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import type { Inode } from '../inode.ts'
import { NAME_BYTES_MAX } from '../limits.ts'
import type { HomeOperations } from '../operation.ts'
import type { Ino, Reply } from '../vfs.ts'
import { Change } from './change.ts'
import type { LockTable } from './lock-table.ts'
import type { RequestName } from './result.ts'
import type { Rooms } from './rooms.ts'
import type { Sealer } from './sealer.ts'
import type { Tables } from './tables.ts'

/** What every operation of the home works with. */
export interface HomeContext {
  readonly tables: Tables
  readonly chunks: ChunkSource
  readonly trees: TreeStore
  readonly sealer: Sealer
  readonly locks: LockTable
  readonly rooms: Rooms
}

/** One operation: checks first, then one committed change. */
export type Handler<Kind extends keyof HomeOperations> = (
  context: HomeContext,
  input: HomeOperations[Kind]['input'],
  request: RequestName | undefined,
) => Reply<HomeOperations[Kind]['answer']>

/** Starts a change on behalf of a request. */
export function changeOf(context: HomeContext, request: RequestName | undefined): Change {
  return new Change(context.tables, request)
}

/** The inode, or ENOENT. An unlinked inode that is still held open is found. */
export function findInode(context: HomeContext, ino: Ino): Inode | Errno {
  return context.tables.inode(ino) ?? ERRNO.ENOENT
}

/** A directory that still has a name, or ENOENT, ENOTDIR. */
export function findDirectory(context: HomeContext, ino: Ino): Inode | Errno {
  const inode = findInode(context, ino)
  if (isErrno(inode)) return inode
  if (inode.kind !== 'directory') return ERRNO.ENOTDIR
  return inode.nlink === 0 ? ERRNO.ENOENT : inode
}

/** A regular file, or the error a data call gives on anything else. */
export function findFile(context: HomeContext, ino: Ino): Inode | Errno {
  const inode = findInode(context, ino)
  if (isErrno(inode)) return inode
  if (inode.kind === 'directory') return ERRNO.EISDIR
  return inode.kind === 'file' ? inode : ERRNO.EINVAL
}

/** Undefined when the name may be given to a file. */
export function checkName(name: string): Errno | undefined {
  if (name.length === 0) return ERRNO.ENOENT
  if (name.length > NAME_BYTES_MAX) return ERRNO.ENAMETOOLONG
  if (name === '.' || name === '..' || name.includes('/') || name.includes('\0')) return ERRNO.EINVAL
  return undefined
}
