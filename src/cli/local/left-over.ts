import fs from 'node:fs'
import { type ByteString, bytesOf, isSystemError, textOf } from '#base'
import { cliFault } from '../faults.ts'
import { guarded } from './files.ts'

/**
 * Opens a temporary file to read and append to: the one an earlier attempt left, or a new one that its owner alone may
 * use. Where others may write too, something else may have been planted under its name: whatever this user did not make
 * is removed, never written to. Faults: Local, when it cannot be removed.
 */
export async function openLeftOver(path: ByteString): Promise<fs.promises.FileHandle> {
  const left = await openThere(path)
  if (left === 'nothing') return create(path)
  if (left !== 'foreign') {
    if (isOurs(await left.stat())) return left
    await left.close()
  }
  try {
    await fs.promises.unlink(bytesOf(path))
  } catch (error) {
    if (!isSystemError(error, 'ENOENT')) throw planted(path, error)
  }
  return create(path)
}

async function openThere(path: ByteString): Promise<fs.promises.FileHandle | 'nothing' | 'foreign'> {
  try {
    return await fs.promises.open(bytesOf(path), HOW | fs.constants.O_NONBLOCK)
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return 'nothing'
    if (isSystemError(error) && FOREIGN.has(error.code ?? '')) return 'foreign'
    return guarded(path, () => Promise.reject(error))
  }
}

async function create(path: ByteString): Promise<fs.promises.FileHandle> {
  try {
    return await fs.promises.open(bytesOf(path), HOW | fs.constants.O_CREAT | fs.constants.O_EXCL, 0o600)
  } catch (error) {
    if (isSystemError(error, 'EEXIST')) throw planted(path, error)
    return guarded(path, () => Promise.reject(error))
  }
}

// What fstat(2) says of the open file; what the name leads to may be another one by now.
function isOurs(stats: fs.Stats): boolean {
  return stats.isFile() && stats.uid === process.geteuid?.() && stats.nlink === 1 && (stats.mode & 0o022) === 0
}

function planted(path: ByteString, cause: unknown): Error {
  return cliFault('Local', `${textOf(path)} is in the way, is not of this user and cannot be removed`, {
    hint: 'Choose a destination where nobody else may write, or have its owner remove it.',
    cause,
  })
}

// open(2): a symlink, a directory, a socket or dead device, a file of somebody else.
const FOREIGN: ReadonlySet<string> = new Set(['ELOOP', 'EISDIR', 'ENXIO', 'ENODEV', 'EACCES', 'EPERM'])
const HOW = fs.constants.O_RDWR | fs.constants.O_APPEND | fs.constants.O_NOFOLLOW
