import type { Ino } from '../vfs.ts'
import { inoOf } from '../inode.ts'
import * as keys from '../keys.ts'
import { REAP_BATCH_MAX } from '../limits.ts'
import { changeOf, type Handler, type HomeContext } from './context.ts'

/** Removes unlinked files that nobody holds open any longer, a few in each change. */
export const forget: Handler<'forget'> = (context, { inos }) => {
  for (let at = 0; at < inos.length; at += REAP_BATCH_MAX) reap(context, inos.slice(at, at + REAP_BATCH_MAX))
}

/** Unlinked files that wait for their last holder. */
export function orphans(context: HomeContext): Ino[] {
  return context.tables.scan(keys.ORPHAN_PREFIX).map(row => inoOf(keys.inoOfMarkKey(row.key)))
}

function reap(context: HomeContext, inos: readonly Ino[]): void {
  const change = changeOf(context, undefined)
  for (const ino of inos) {
    const inode = context.tables.inode(ino)
    if (inode === undefined) change.delete(keys.orphanKey(ino))
    else if (inode.nlink === 0) change.removeInode(inode)
  }
  change.commit()
  for (const ino of inos) context.sealer.forget(ino)
}
