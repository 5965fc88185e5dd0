import type { World } from '#base'
import type { EpochStart, LocalKeyspace, Revision } from '#keyspace'
import { ResultRow } from './home/result.ts'
import * as keys from './keys.ts'
import { SlotFile } from './remote/slot-file.ts'
import { Unsynced } from './remote/unsynced.ts'
import { UnsyncedFile } from './remote/unsynced-file.ts'
import { isInLog } from './shared/answered.ts'
import type { HomeSince } from './shared/session-parts.ts'
import { requestOf } from './shared/session-table.ts'
import type { Ino } from './vfs.ts'

/** What the programs of a machine had done by the home before, when the machine becomes the home itself. */
export interface TakenOver {
  /** The first revision of this home. */
  readonly first: Revision
  /** What was answered and is not here: true once for each inode. */
  readonly lost: { take(ino: Ino): boolean }
  /** What changes answered, by the number of the kernel's request. */
  readonly results: ReadonlyMap<number, { readonly ino: number }>
}

/** What such a machine is opened with. */
export interface TakenOverParts {
  readonly world: World
  /** With the files that its client half has left there. */
  readonly folder: string
  readonly bootId: string
  readonly keyspace: LocalKeyspace
  readonly since?: HomeSince | undefined
  readonly epochs?: readonly EpochStart[] | undefined
}

/** To be called before sessions are opened, which forget what this machine's own had. Undefined when no other was the home. */
export function takenOver({ world, folder, bootId, keyspace, since, epochs }: TakenOverParts): TakenOver | undefined {
  if (since === undefined) return undefined
  const file = new UnsyncedFile(world.disk, folder, bootId)
  const lost = new Unsynced(file)
  if (file.left !== undefined && !isInLog(epochs, since.first, file.left)) lost.lose()
  const results = new Map<number, { readonly ino: number }>()
  const slots = new SlotFile(world.disk, folder)
  for (const left of slots.read()) {
    const row = keyspace.get(keys.resultKey(requestOf(left.session, left).session))
    const result = row && ResultRow.read(row.value)
    if (result?.sequence === left.sequence) results.set(left.request, { ino: result.ino })
  }
  // A later mount numbers its requests from the start again.
  slots.remove()
  return { first: since.first, lost, results }
}
