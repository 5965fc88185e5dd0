import type { ByteString } from '#base'
import { type LocalFile, localNames, localStat } from '../local/files.ts'

/** A file of a local tree and where it goes below the destination: '' for the top, else `/name/name`. */
export interface LocalEntry {
  readonly file: LocalFile
  readonly below: ByteString
}

/** How a local tree is walked. */
export interface Walk {
  readonly signal: AbortSignal
  /** True for what is passed by with all below it; asked before it is touched. */
  readonly leavesOut: (path: ByteString) => boolean
}

/**
 * A local file, or a directory and all below it, each directory before what is in it. Symlinks are not followed.
 * What vanishes while it is walked is left out. Faults: Local.
 */
export async function* walkLocal(file: LocalFile, below: ByteString, walk: Walk): AsyncGenerator<LocalEntry> {
  walk.signal.throwIfAborted()
  yield { file, below }
  if (file.kind !== 'directory') return
  for (const name of await localNames(file.path)) {
    const path = `${file.path === '/' ? '' : file.path}/${name}`
    if (walk.leavesOut(path)) continue
    const child = await localStat(path)
    if (child !== undefined) yield* walkLocal(child, `${below}/${name}`, walk)
  }
}

/** How many files and bytes a local tree has. */
export async function countLocal(file: LocalFile, walk: Walk): Promise<{ files: number; bytes: number }> {
  let files = 0
  let bytes = 0
  for await (const entry of walkLocal(file, '', walk)) {
    if (entry.file.kind !== 'file') continue
    files += 1
    bytes += entry.file.size
  }
  return { files, bytes }
}
