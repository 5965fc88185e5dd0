import { bytesOf, byteString } from '#base'
import type { LocalKeyspace, Revision } from '#keyspace'
import * as keys from '../keys.ts'
import { SLOTS_MAX } from '../limits.ts'
import type { CallName } from './protocol.ts'
import type { RequestName } from '../home/result.ts'

/** A session as it is kept: who has it, and since which start of the home's machine. JSON v1 under `k{session}`. */
export interface SessionRow {
  readonly version: 1
  readonly machine: string
  readonly bootId: string
}

/** The sessions of other machines that outlive a restart of the home's process, and what their changes answered. */
export class SessionTable {
  readonly #keyspace: LocalKeyspace

  constructor(keyspace: LocalKeyspace) {
    this.#keyspace = keyspace
  }

  put(session: number, row: SessionRow): void {
    const value = bytesOf(byteString(Buffer.from(JSON.stringify(row))))
    this.#keyspace.commit({ then: [{ kind: 'put', key: keys.sessionKey(session), value }] })
  }

  /** Forgets a session and what its changes answered. */
  delete(session: number): void {
    const [start, end] = [keys.resultKey(session * SLOTS_MAX), keys.resultKey((session + 1) * SLOTS_MAX)]
    this.#keyspace.commit({
      then: [
        { kind: 'delete', keys: { kind: 'key', key: keys.sessionKey(session) } },
        { kind: 'delete', keys: { kind: 'range', start, end } },
      ],
    })
  }

  /** All, with the revision that each was written in. */
  all(): readonly (readonly [number, SessionRow, Revision])[] {
    const { entries } = this.#keyspace.rangeNow({ keys: { kind: 'prefix', prefix: keys.SESSION_PREFIX } })
    return entries.map(({ key, value, modRevision }) => [keys.sessionOfKey(key), rowOf(value), modRevision])
  }

  /** The number of a session that there is none of: below 2^46, so that its slots have numbers too. */
  static newSession(bytes: Uint8Array): number {
    return Buffer.from(bytes).readUIntBE(0, 5) + FIRST_SESSION
  }
}

/** Under which name the home keeps what a slot's last change answered. */
export function requestOf(session: number, { slot, sequence }: CallName): RequestName {
  return { session: session * SLOTS_MAX + slot, sequence }
}

function rowOf(value: Uint8Array): SessionRow {
  const row: SessionRow = JSON.parse(Buffer.from(value).toString())
  return row
}

// Sessions inside the home's own process have small numbers.
const FIRST_SESSION = 2 ** 20
