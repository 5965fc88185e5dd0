import type { Digest } from '#base'
import type { LogPosition } from './chunk-index.ts'
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

/** Moves chunks to a state, in the log and in the table; those not here are passed over. Faults: Io, NoSpace. */
export function changeStates(parts: StoreParts, digests: readonly Digest[], state: StateChange): void {
  parts.syncs.check()
  for (let from = 0; from < digests.length; from += STATES_PER_RECORD) {
    const entries: StateEntry[] = []
    for (const digest of new Set(digests.slice(from, from + STATES_PER_RECORD))) {
      const row = parts.table.get(digest)
      if (row === undefined || row.state === state) continue
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
