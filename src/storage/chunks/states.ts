import { type Digest, digestHex } from '#base'
import type { ChunkRow, LogPosition } from './chunk-index.ts'
import { diskFault } from './faults.ts'
import { STATES_PER_RECORD } from './limits.ts'
import type { StoreParts } from './parts.ts'
import {
  checkTable,
  encodeHeader,
  encodeStates,
  hashOf,
  recordBytes,
  type StateChange,
  type StateEntry,
} from './record.ts'

/**
 * Moves chunks to a state, in the log and in the table; those not here are passed over. So are quarantined ones, unless
 * they are deleted: only {@link endQuarantine} and a put make a chunk of them again. Faults: Io, NoSpace.
 */
export function changeStates(parts: StoreParts, digests: readonly Digest[], state: StateChange): void {
  moveRows(parts, digests, { state, mayMove: row => row.state !== 'quarantined' || state === 'deleted' })
}

/** Holds a quarantined chunk again. Its bytes were just read and have its SHA-256. Faults: Io, NoSpace. */
export function endQuarantine(parts: StoreParts, digest: Digest): void {
  parts.world.log.info('a chunk that was set aside as damaged is right', { digest: digestHex(digest) })
  moveRows(parts, [digest], { state: 'held', mayMove: row => row.state === 'quarantined' })
}

interface Move {
  readonly state: StateChange
  readonly mayMove: (row: ChunkRow) => boolean
}

function moveRows(parts: StoreParts, digests: readonly Digest[], { state, mayMove }: Move): void {
  parts.syncs.check()
  for (let from = 0; from < digests.length; from += STATES_PER_RECORD) {
    const entries: StateEntry[] = []
    for (const digest of new Set(digests.slice(from, from + STATES_PER_RECORD))) {
      const row = parts.table.get(digest)
      if (row === undefined || row.state === state || !mayMove(row)) continue
      entries.push({ digest, segment: row.segment, offset: row.offset, plainBytes: row.plainBytes, state })
    }
    if (entries.length === 0) continue
    appendStates(parts, entries)
    for (const { digest } of entries) noteState(parts, digest, state)
  }
}

/** Writes state changes to the log only; returns where. */
export function appendStates(parts: StoreParts, entries: readonly StateEntry[]): LogPosition {
  try {
    return parts.space.withBallast(() => writeStates(parts, entries))
  } catch (error) {
    throw diskFault('note the state of chunks', error)
  }
}

function noteState(parts: StoreParts, digest: Digest, state: StateChange): void {
  const row = parts.table.get(digest)
  if (row === undefined) return
  parts.table.set(digest, state === 'deleted' ? undefined : { ...row, state })
  parts.syncs.nudge()
}

function writeStates({ log }: StoreParts, entries: readonly StateEntry[]): LogPosition {
  const body = encodeStates(entries)
  const bytes = recordBytes(body.byteLength)
  const place = log.allocate(bytes)
  const segment = log.segment(place.segment)
  try {
    const digest = hashOf(body)
    const header = encodeHeader({
      kind: 'states',
      codec: 'raw',
      state: 'held',
      plainBytes: body.byteLength,
      storedBytes: body.byteLength,
      durableBytes: segment.durableBytes,
      segment: segment.number,
      salt: log.salt(segment),
      digest,
    })
    log.writer(segment).write([header, body, checkTable(body, digest)], place.offset)
  } catch (error) {
    log.abandon(place, bytes)
    throw error
  }
  log.settle(place)
  return place
}
