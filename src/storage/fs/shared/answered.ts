import type { EpochStart, Revision } from '#keyspace'
import type { Resumption } from './protocol.ts'

/**
 * True when the newest change that a session was answered is in a log that ends before a revision, by who wrote that log: the same
 * revision of two homes that did not know of each other is not the same.
 */
export function isInLog(
  epochs: readonly EpochStart[] | undefined,
  endsBefore: Revision,
  { answered = 0, epoch }: Pick<Resumption, 'answered' | 'epoch'>,
): boolean {
  if (answered >= endsBefore) return false
  if (answered === 0 || epoch === undefined || epochs === undefined) return true
  const at = epochs.findLastIndex(start => start.epoch === epoch)
  return at >= 0 && answered < (epochs[at + 1]?.first ?? Number.POSITIVE_INFINITY)
}
