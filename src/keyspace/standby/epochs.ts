import { type ByteString, byteStringOfText } from '#base'
import { revisionOf } from '../change.ts'
import { keyspaceFault } from '../faults.ts'
import type { LocalKeyspace, Revision } from '../keyspace.ts'
import { EPOCH_STARTS_MAX } from '../limits.ts'

/** From which revision on a log was written by one home, between two boots of its machine. Two logs that have the same start are the same up to there. */
export interface EpochStart {
  /** Counts homes; a higher one makes a lower one's log end. */
  readonly epoch: number
  /** A power cut may take back what was not synced: what is written after it is another log. */
  readonly boot: string
  readonly first: Revision
}

/** Under this key a log says who wrote it: JSON v1, the newest start last. No filesystem has a key like it. */
export const EPOCHS_KEY: ByteString = byteStringOfText('\0epochs')

/** Who wrote a log, the newest last. */
export function epochsOf(keyspace: Pick<LocalKeyspace, 'get'>): readonly EpochStart[] {
  const row = keyspace.get(EPOCHS_KEY)
  return row === undefined ? [] : readEpochs(row.value)
}

/** Says in the log that a home writes it from now on, unless it has said so. Faults: OldEpoch. */
export function beginEpoch(keyspace: LocalKeyspace, { epoch, boot }: Omit<EpochStart, 'first'>): readonly EpochStart[] {
  const known = epochsOf(keyspace)
  const newest = known.at(-1)
  if (newest !== undefined && newest.epoch > epoch) {
    throw keyspaceFault('OldEpoch', `this log is of epoch ${newest.epoch}: epoch ${epoch} is over`)
  }
  if (newest?.epoch === epoch && newest.boot === boot) return known
  const starts = [...known, { epoch, boot, first: revisionOf(keyspace.revision + 1) }].slice(-EPOCH_STARTS_MAX)
  const value = new TextEncoder().encode(JSON.stringify({ version: 1, starts }))
  keyspace.commit({ then: [{ kind: 'put', key: EPOCHS_KEY, value }] })
  return starts
}

/** Reads what lies under {@link EPOCHS_KEY}. Faults: NewerVersion, RecordDamaged. */
export function readEpochs(value: Uint8Array): readonly EpochStart[] {
  const read: unknown = JSON.parse(new TextDecoder().decode(value))
  if (typeof read !== 'object' || read === null || !('version' in read) || !('starts' in read)) throw noEpochs()
  if (read.version !== 1) throw keyspaceFault('NewerVersion', `a log says who wrote it in version ${read.version}`)
  if (!Array.isArray(read.starts) || read.starts.length > EPOCH_STARTS_MAX) throw noEpochs()
  return read.starts.map((start: unknown) => {
    if (typeof start !== 'object' || start === null) throw noEpochs()
    const { epoch, boot, first } = { epoch: 0, boot: '', first: 0, ...start }
    if (!Number.isSafeInteger(epoch) || !Number.isSafeInteger(first) || typeof boot !== 'string') throw noEpochs()
    return { epoch, boot, first: revisionOf(first) }
  })
}

/** How far a log goes, and who wrote it. */
export interface LogReach {
  readonly epochs: readonly EpochStart[]
  readonly last: Revision
}

/** What a log that is to become the same as the home's needs next; undefined: it has what the home's has not, or nobody can tell. */
export function nextFrom(home: LogReach, other: LogReach): Revision | undefined {
  if (other.last === 0) return revisionOf(1)
  const newest = other.epochs.at(-1)
  const at = newest === undefined ? -1 : home.epochs.findIndex(each => isSameStart(each, newest))
  const end = (home.epochs[at + 1]?.first ?? home.last + 1) - 1
  return at < 0 || other.last > end ? undefined : revisionOf(other.last + 1)
}

/** The last revision that two logs have in common; 0 when nobody can tell. */
export function commonOf(one: LogReach, other: LogReach): Revision {
  const endOf = ({ epochs, last }: LogReach, at: number) => (epochs[at + 1]?.first ?? last + 1) - 1
  for (let at = other.epochs.length - 1; at >= 0; at--) {
    const start = other.epochs[at]
    const same = start === undefined ? -1 : one.epochs.findIndex(each => isSameStart(each, start))
    if (same >= 0) return revisionOf(Math.min(endOf(one, same), endOf(other, at)))
  }
  return revisionOf(0)
}

function isSameStart(a: EpochStart, b: EpochStart): boolean {
  return a.epoch === b.epoch && a.boot === b.boot && a.first === b.first
}

function noEpochs(): Error {
  return keyspaceFault('RecordDamaged', 'what a log says of who wrote it cannot be read')
}
