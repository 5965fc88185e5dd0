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
  /** Hears of what cannot be looked at; it is passed by unless this throws. */
  readonly fails: (path: ByteString, error: unknown) => void
}

/**
 * A local file, or a directory and all below it, each directory before what is in it. Symlinks are not followed.
 * What vanishes while it is walked is left out.
 */
export async function* walkLocal(file: LocalFile, below: ByteString, walk: Walk): AsyncGenerator<LocalEntry> {
  walk.signal.throwIfAborted()
  yield { file, below }
  if (file.kind !== 'directory') return
  for (const name of (await passing(walk, file.path, localNames)) ?? []) {
    const path = `${file.path === '/' ? '' : file.path}/${name}`
    if (walk.leavesOut(path)) continue
    const child = await passing(walk, path, localStat)
    if (child !== undefined) yield* walkLocal(child, `${below}/${name}`, walk)
  }
}

async function passing<Value>(
  walk: Walk,
  path: ByteString,
  look: (path: ByteString) => Promise<Value>,
): Promise<Value | undefined> {
  try {
    return await look(path)
  } catch (error) {
    walk.fails(path, error)
    return undefined
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
