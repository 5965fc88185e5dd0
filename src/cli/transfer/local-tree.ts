import type { ByteString } from '#base'
import { type LocalFile, localNames, localStat } from '../local/files.ts'

/** A file of a local tree and where it goes below the destination: '' for the top, else `/name/name`. */
export interface LocalEntry {
  readonly file: LocalFile
  readonly below: ByteString
}

/**
 * A local file, or a directory and all below it, each directory before what is in it. Symlinks are not followed.
 * What vanishes while it is walked is left out. Faults: Local.
 */
export async function* walkLocal(file: LocalFile, below: ByteString, signal: AbortSignal): AsyncGenerator<LocalEntry> {
  signal.throwIfAborted()
  yield { file, below }
  if (file.kind !== 'directory') return
  for (const name of await localNames(file.path)) {
    const child = await localStat(`${file.path === '/' ? '' : file.path}/${name}`)
    if (child !== undefined) yield* walkLocal(child, `${below}/${name}`, signal)
  }
}

/** How many files and bytes a local tree has. */
export async function countLocal(file: LocalFile, signal: AbortSignal): Promise<{ files: number; bytes: number }> {
  let files = 0
  let bytes = 0
  for await (const entry of walkLocal(file, '', signal)) {
    if (entry.file.kind !== 'file') continue
    files += 1
    bytes += entry.file.size
  }
  return { files, bytes }
}
