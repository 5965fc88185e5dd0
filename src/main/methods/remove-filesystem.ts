import { type Cookie, type DirectoryEntry, ROOT_INO } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { done } from '../paths/answer.ts'
import { readMountTable } from '../supervisor/mount-table.ts'
import type { Parts } from './parts.ts'

/** Removes a filesystem that nobody uses. Faults: Invalid, NotFound, Busy, NotEmpty. */
export async function removeFilesystem(
  parts: Pick<Parts, 'filesystems' | 'sessions' | 'start'>,
  name: string,
  { isForced, isMounting }: { readonly isForced: boolean; readonly isMounting: () => boolean },
): Promise<void> {
  const { filesystems } = parts
  const found = filesystems.get(name)
  if (name === 'home') throw mainFault('Invalid', 'the filesystem home stays: every Cairn has it')
  refuseMounted(parts, name, isMounting())
  if (!isForced) await refuseFull(found)
  // Asking took a moment.
  refuseMounted(parts, name, isMounting())
  await filesystems.remove(name)
}

function refuseMounted(
  { sessions, start }: Pick<Parts, 'sessions' | 'start'>,
  name: string,
  isMounting: boolean,
): void {
  const all = [...sessions.mounts, ...(readMountTable(start.dataFolder) ?? [])]
  const path = all.find(({ filesystem }) => filesystem === name)?.path
  if (path === undefined && !isMounting) return
  throw mainFault('Busy', `the filesystem ${name} is mounted${path === undefined ? '' : ` at ${path}`}`, {
    hint: `Unmount it first: cairn fs umount ${path ?? 'FOLDER'}`,
  })
}

async function refuseFull({ name, filesystem }: ReturnType<Parts['filesystems']['get']>): Promise<void> {
  const names: string[] = []
  const take = (entry: DirectoryEntry): boolean => {
    if (entry.name !== '.' && entry.name !== '..') names.push(entry.name)
    return names.length === 0
  }
  await done(filesystem.vfs.list(ROOT_INO, 0 as Cookie, { attributes: false, take }), '/')
  const snapshots = Array.from(filesystem.snapshots.list()).length
  if (names.length === 0 && snapshots === 0) return
  const what = names.length === 0 ? `${snapshots} snapshots` : 'files'
  throw mainFault('NotEmpty', `the filesystem ${name} has ${what}`, { hint: 'Remove what is in it first.' })
}
