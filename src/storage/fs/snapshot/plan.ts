import type { ByteString } from '#base'
import type { Tables } from '../home/tables.ts'
import { inoOf, ROOT_INO } from '../inode.ts'
import * as keys from '../keys.ts'
import type { DirectoryPlace, Ino } from '../vfs.ts'
import { STEP_ENTRIES_MAX } from './limits.ts'
import { MARK_ALL, SELF } from './marks.ts'

/** What is to be read anew of a directory: these names or all of it, behind the directories below it. */
interface Pending {
  isWhole: boolean
  readonly names: Set<ByteString>
  readonly below: Set<Ino>
}

/** Directories whose manifests are to be made anew: all that are marked, and all above them. */
export interface Plan {
  readonly directories: ReadonlyMap<Ino, Pending>
  /** Marked directories that are in the tree no longer. */
  readonly detached: readonly Ino[]
}

/** Reads all marks, yielding now and then so that other work gets its turn. */
export function* readPlan(tables: Tables): Generator<undefined, Plan> {
  const directories = new Map<Ino, Pending>()
  const detached: Ino[] = []
  const range = { kind: 'range', end: String.fromCharCode(keys.MARK_PREFIX.charCodeAt(0) + 1) } as const
  for (let start: ByteString | undefined = keys.MARK_PREFIX; start !== undefined; yield) {
    const { entries } = tables.keyspace.rangeNow({ keys: { ...range, start }, limit: STEP_ENTRIES_MAX })
    for (const row of entries) {
      const [dir, name] = [inoOf(keys.inoOfMarkKey(row.key)), keys.nameOfMarkKey(row.key)]
      const pending = directories.get(dir) ?? attach(tables, directories, dir)
      if (pending === undefined) detached.push(dir)
      else if (name !== SELF) pending.names.add(name)
      else if (row.value[0] === MARK_ALL[0]) pending.isWhole = true
    }
    start = entries.length < STEP_ENTRIES_MAX ? undefined : `${entries.at(-1)?.key ?? ''}\0`
  }
  return { directories, detached }
}

// Enters a directory and all above it; undefined when it hangs nowhere.
function attach(tables: Tables, directories: Map<Ino, Pending>, dir: Ino): Pending | undefined {
  const path: (DirectoryPlace & { readonly dir: Ino })[] = []
  for (let ino = dir; ino !== ROOT_INO && !directories.has(ino); ) {
    const inode = tables.inode(ino)
    const place = inode && tables.marks.above(inode)
    if (place === undefined) return undefined
    path.push({ dir: ino, ...place })
    ino = place.parent
  }
  for (const { dir: child, parent, name } of path) {
    const above = entered(directories, parent)
    above.names.add(name)
    above.below.add(child)
  }
  return entered(directories, dir)
}

function entered(directories: Map<Ino, Pending>, dir: Ino): Pending {
  const known = directories.get(dir)
  if (known !== undefined) return known
  const pending: Pending = { isWhole: false, names: new Set(), below: new Set() }
  directories.set(dir, pending)
  return pending
}
