import fs from 'node:fs'
import { createHash } from 'node:crypto'
import { type ByteString, byteString, bytesOf, isSystemError, keptTime, textOf } from '#base'
import { cliFault } from '../faults.ts'
import { LOCAL_READ_BYTES } from '../limits.ts'

type LocalKind = 'file' | 'directory' | 'symlink' | 'fifo' | 'other'

/** A local file as lstat(2) shows it. Paths are byte strings. */
export interface LocalFile {
  readonly path: ByteString
  readonly kind: LocalKind
  readonly size: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** The nearest that a filesystem of Cairn can keep. */
  readonly mtimeNs: bigint
  /** Names the inode on this machine, for hard links. */
  readonly identity: string
  readonly nlink: number
}

/** What is at a local path; undefined when nothing. Faults: Local. */
export async function localStat(path: ByteString): Promise<LocalFile | undefined> {
  try {
    const stats = await fs.promises.lstat(bytesOf(path), { bigint: true })
    return {
      path,
      kind: kindOf(stats),
      size: Number(stats.size),
      mode: Number(stats.mode & 0o7777n),
      uid: Number(stats.uid),
      gid: Number(stats.gid),
      mtimeNs: keptTime(stats.mtimeNs),
      identity: `${stats.dev}:${stats.ino}`,
      nlink: Number(stats.nlink),
    }
  } catch (error) {
    if (isSystemError(error, 'ENOENT') || isSystemError(error, 'ENOTDIR')) return undefined
    throw localFault(path, error)
  }
}

/** The kind of what a local path leads to, behind a symlink too; undefined when it leads nowhere. */
export async function localKindBehind(path: ByteString): Promise<LocalKind | undefined> {
  try {
    return kindOf(await fs.promises.stat(bytesOf(path), { bigint: true }))
  } catch (error) {
    if (isSystemError(error)) return undefined
    throw error
  }
}

/** The names in a local directory, sorted by their bytes. */
export function localNames(path: ByteString): Promise<ByteString[]> {
  return guarded(path, async () => {
    const names = await fs.promises.readdir(bytesOf(path), { encoding: 'buffer' })
    return names.map(name => byteString(name)).sort()
  })
}

/** Where a local symlink points. */
export function localLink(path: ByteString): Promise<ByteString> {
  return guarded(path, async () => byteString(await fs.promises.readlink(bytesOf(path), { encoding: 'buffer' })))
}

/** A local file's bytes from the beginning; each piece has memory of its own. Leaving the loop closes the file. */
export async function* localBytes(path: ByteString, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const file = await guarded(path, () => fs.promises.open(bytesOf(path), 'r'))
  try {
    yield* bytesOfHandle(path, file, signal)
  } finally {
    await file.close()
  }
}

/** The bytes of an open file from its beginning, in pieces with memory of their own; it stays open. */
export async function* bytesOfHandle(
  path: ByteString,
  file: fs.promises.FileHandle,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let position = 0; ; ) {
    signal.throwIfAborted()
    const into = Buffer.allocUnsafeSlow(LOCAL_READ_BYTES)
    const { bytesRead } = await guarded(path, () => file.read(into, 0, into.byteLength, position))
    if (bytesRead === 0) return
    yield into.subarray(0, bytesRead)
    position += bytesRead
  }
}

/** SHA-256 of a local file. */
export async function localHash(path: ByteString, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  for await (const bytes of localBytes(path, signal)) hash.update(bytes)
  return hash.digest('hex')
}

/** The fault of a system error at a local path; other errors stay what they are. */
function localFault(path: ByteString, error: unknown): unknown {
  if (!isSystemError(error)) return error
  const [what, hint] = REASONS[error.code ?? ''] ?? [`cannot be used: ${error.message}`, undefined]
  return cliFault('Local', `${textOf(path)} ${what}`, { hint, cause: error })
}

/** Runs and turns system errors into faults that name the path. */
export async function guarded<Value>(path: ByteString, run: () => Promise<Value>): Promise<Value> {
  try {
    return await run()
  } catch (error) {
    throw localFault(path, error)
  }
}

const REASONS: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['is not there', 'Look whether the path is spelled right.'],
  EACCES: ['may not be read or written by this user', 'Run the command as a user who may, or as root.'],
  EPERM: ['may not be changed by this user', 'Run the command as its owner, or as root.'],
  ENOSPC: ['does not fit: no space is left on this disk', 'Make room there, then run the same command again.'],
  EROFS: ['is on a disk that is read-only', 'Choose another destination.'],
  ENOTDIR: ['has something on its way that is no directory', 'Choose another path.'],
  EEXIST: ['is there already', 'Choose another name, or move it away first.'],
  EISDIR: ['is a directory', 'Choose another name, or move it away first.'],
  ELOOP: ['goes through a symlink where none may be', 'Choose another path.'],
  ENAMETOOLONG: ['has a name that is too long here', 'Choose a destination on another filesystem.'],
  EIO: ['cannot be read or written by its disk', 'Check the disk.'],
}

function kindOf(stats: fs.BigIntStats): LocalKind {
  if (stats.isFile()) return 'file'
  if (stats.isDirectory()) return 'directory'
  if (stats.isSymbolicLink()) return 'symlink'
  return stats.isFIFO() ? 'fifo' : 'other'
}
