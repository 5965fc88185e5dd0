import type { ByteString } from '#base'
import type { Cookie, DirectoryEntry, DirectoryPlace, Ino } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { DEPTH_MAX } from '../limits.ts'
import { done, errnoFault } from './answer.ts'
import type { Changes } from './changes.ts'
import { below } from './names.ts'
import { placeOf, refuseDots } from './resolve.ts'
import { ERRNO } from '#storage/fs'
import { textOf } from '#base'

/**
 * Removes what is at a path: a file, or with `recursive` a directory and all below it, symlinks not followed. Answers
 * how many names went. Aborting ends between two names. Faults: NotFound, WrongKind, Invalid.
 */
export async function removeTree(
  changes: Changes,
  path: ByteString,
  options: { readonly recursive: boolean; readonly signal: AbortSignal },
): Promise<number> {
  refuseDots(path)
  const { place, attributes } = await placeOf(changes.vfs, path)
  if (attributes === undefined) throw errnoFault(ERRNO.ENOENT, path)
  if (attributes.kind !== 'directory') {
    await changes.remove(place, 'file', path)
    return 1
  }
  if (!options.recursive) {
    throw mainFault('WrongKind', `${textOf(path)} is a directory`, { hint: 'Add -r to remove it with all below.' })
  }
  const inside = await emptyDirectory(changes, { ino: attributes.ino, path, depth: 0 }, options.signal)
  await changes.remove(place, 'directory', path)
  return inside + 1
}

interface Directory {
  readonly ino: Ino
  readonly path: ByteString
  readonly depth: number
}

async function emptyDirectory(changes: Changes, directory: Directory, signal: AbortSignal): Promise<number> {
  const { ino, path, depth } = directory
  if (depth > DEPTH_MAX) throw mainFault('Invalid', `${textOf(path)} is more than ${DEPTH_MAX} directories deep`)
  let removed = 0
  for (;;) {
    const page = await firstEntries(changes, directory)
    if (page.length === 0) return removed
    for (const { name, ino: child, kind } of page) {
      signal.throwIfAborted()
      const inside = { ino: child, path: below(path, name), depth: depth + 1 }
      if (kind === 'directory') removed += await emptyDirectory(changes, inside, signal)
      const place: DirectoryPlace = { parent: ino, name }
      await changes.remove(place, kind === 'directory' ? 'directory' : 'file', inside.path)
      removed += 1
    }
  }
}

async function firstEntries({ vfs }: Changes, { ino, path }: Directory): Promise<readonly DirectoryEntry[]> {
  const page: DirectoryEntry[] = []
  const take = (entry: DirectoryEntry): boolean => {
    if (entry.name !== '.' && entry.name !== '..') page.push(entry)
    return page.length < REMOVE_PAGE
  }
  await done(vfs.list(ino, 0 as Cookie, { attributes: false, take }), path)
  return page
}

const REMOVE_PAGE = 512
