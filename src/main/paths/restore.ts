import { type ByteString, isFault, textOf } from '#base'
import { type Filesystem, type Ino, isErrno, ROOT_INO, type Vfs } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { done } from './answer.ts'
import { type Changed, changesOf } from './changes.ts'
import { beside, restorePlace } from './names.ts'
import { removeTree } from './remove.ts'
import { placeOf, refuseDots } from './resolve.ts'

/**
 * Brings a file or tree back as it is in a snapshot, in place of what is there. It is built beside its place and then
 * takes it, so the place holds all of the one or all of the other; what an interrupted attempt left is removed first.
 * Directories above it that are gone come back with it, as they were but with nothing else in them.
 * Answers how many names were made. Faults: Invalid, NotFound, those of `Snapshots.restore`.
 */
export async function restoreInPlace(
  changed: Changed & { readonly filesystem: Filesystem },
  request: { readonly snapshot: string; readonly path: ByteString },
  signal: AbortSignal,
): Promise<number> {
  const { filesystem } = changed
  const { snapshot } = request
  refuseDots(request.path)
  const wanted = request.path.replace(/(?<=.)\/+$/, '')
  const changes = changesOf(changed)
  const { vfs } = changes
  const { path, above } = await highestMissing(vfs, wanted)
  const { place, attributes: there } = await placeOf(vfs, path)
  if (there?.kind === 'directory') await refuseQuotaRoots(filesystem, there.ino, path)
  const built = restorePlace(place)
  const builtPath = beside(path, built.name)
  const clear = async (): Promise<void> => {
    const left = await vfs.lookup(built.parent, built.name)
    if (!isErrno(left)) await removeTree(changes, builtPath, { recursive: true, signal })
  }
  await clear()
  try {
    const restored = await filesystem.snapshots.restore({ snapshot, path: wanted, above, to: built }, signal)
    await changes.rename(built, place, path, there === undefined ? 'noReplace' : 'exchange')
    await filesystem.sync()
    await clear()
    return restored
  } catch (error) {
    // It would stand in the mount. Who was interrupted wants an end, and leaves it to the next restore.
    if (!signal.aborted) await clear()
    throw error
  }
}

// The path itself, or the highest directory above it that is not there, and how many are not.
async function highestMissing(vfs: Vfs, path: ByteString): Promise<{ path: ByteString; above: number }> {
  for (let above = 0, at = path; ; above += 1, at = at.slice(0, at.lastIndexOf('/'))) {
    try {
      await placeOf(vfs, at)
      return { path: at, above }
    } catch (error) {
      if (!isFault(error, 'NotFound') || at.lastIndexOf('/') <= 0) throw error
    }
  }
}

// Limits belong to a directory: they would go with the one that is replaced.
async function refuseQuotaRoots(filesystem: Filesystem, directory: Ino, path: ByteString): Promise<void> {
  for (const quota of await done(filesystem.quotas.list(), path)) {
    if (quota.bytesMax === undefined && quota.inodesMax === undefined) continue
    if (!(await isInside(filesystem, quota.ino, directory))) continue
    throw mainFault('Invalid', `${textOf(path)} holds a directory with a quota, which restoring would lose`, {
      hint: 'Restore what is in that directory, one by one.',
    })
  }
}

async function isInside({ vfs }: Filesystem, ino: Ino, directory: Ino): Promise<boolean> {
  for (let at = ino; at !== directory; ) {
    const above = at === ROOT_INO ? undefined : await vfs.lookup(at, '..')
    if (above === undefined || isErrno(above)) return false
    at = above.ino
  }
  return true
}
