import { mainFault } from '../faults.ts'
import { readMountTable } from '../supervisor/mount-table.ts'
import { done } from '../paths/answer.ts'
import { heldText } from './held.ts'
import type { Parts } from './parts.ts'

/** Unmounts and removes a filesystem. Faults: Invalid, NotFound, Busy, NotEmpty. */
export async function removeFilesystem(
  parts: Pick<Parts, 'filesystems' | 'sessions' | 'start' | 'link'>,
  name: string,
  { isForced, isMounting }: { readonly isForced: boolean; readonly isMounting: () => boolean },
): Promise<void> {
  const { filesystems, sessions, link } = parts
  const found = filesystems.get(name)
  if (name === 'home') throw mainFault('Invalid', 'the filesystem home stays: every Cairn has it')
  if (!isForced) await refuseFull(found)
  for (const path of mountsOf(parts, name)) await link.ask({ kind: 'unmount', path })
  await sessions.left(name)
  const refuse = (): void => {
    const [path] = mountsOf(parts, name)
    if (path === undefined && !isMounting()) return
    const where = path === undefined ? '' : ` at ${path}`
    throw mainFault('Busy', `the filesystem ${name} is mounted${where}`, {
      hint: `Unmount it first: cairn fs umount ${path ?? 'FOLDER'}`,
    })
  }
  refuse()
  // Unmounting took a moment, in which files may have come.
  if (!isForced) await refuseFull(found)
  refuse()
  await filesystems.remove(name)
}

// Also where it is mounted at the next start only.
function mountsOf({ sessions, start }: Pick<Parts, 'sessions' | 'start'>, name: string): readonly string[] {
  const all = [...sessions.mounts, ...(readMountTable(start.dataFolder) ?? [])]
  return [...new Set(all.filter(({ filesystem }) => filesystem === name).map(({ path }) => path))]
}

async function refuseFull({ name, filesystem }: ReturnType<Parts['filesystems']['get']>): Promise<void> {
  const whole = await done(filesystem.quotas.whole(), '/')
  const snapshots = Array.from(filesystem.snapshots.list()).length
  if (whole.inodesUsed === 0 && snapshots === 0) return
  const what = [
    ...(whole.inodesUsed === 0 ? [] : [heldText(whole)]),
    ...(snapshots === 0 ? [] : [snapshots === 1 ? '1 snapshot' : `${snapshots} snapshots`]),
  ]
  throw mainFault('NotEmpty', `the filesystem ${name} holds ${what.join(' and ')}`, {
    hint: 'Remove what is in it first.',
  })
}
