import { SEALED } from '#api'
import { type ByteString, prefixEnd } from '#base'
import type { Keyring } from '#identity'
import type { Keyspace, KeyValue } from '#keyspace'
import { ROTATION_PAGE } from '../../limits.ts'
import { AUTHORITY } from '../cluster-keys.ts'
import { putOf, rowOf } from '../rows.ts'
import { TOKEN_KEY_PLACE } from '../token-keys.ts'
import { TOKEN_KEYS } from './key-rows.ts'

/** How far a look at sealed values is. */
export interface SealProgress {
  readonly done: number
  readonly all: number
}

/** What seals values, and hears how far it is. */
export interface SealParts {
  readonly keyspace: Keyspace
  readonly keyring: Keyring
  readonly tell: (progress: SealProgress) => void
}

/**
 * Looks at every sealed value once, and seals anew what an older data key has sealed, unless somebody writes it meanwhile. Answers
 * how many were old: none are left when it was 0. Durable when it resolves. Faults: SealBroken.
 */
export async function sealAgain({ keyspace, keyring, tell }: SealParts, signal: AbortSignal): Promise<number> {
  const counts = await Promise.all(
    PLACES.map(({ prefix }) => keyspace.range({ keys: { kind: 'prefix', prefix }, want: 'count' }, signal)),
  )
  const all = counts.reduce((sum, { count }) => sum + count, 0)
  let [done, old] = [0, 0]
  for (const place of PLACES) {
    for await (const entry of entriesBelow(keyspace, place.prefix, signal)) {
      done += 1
      const value = place.again(entry, keyring)
      if (value === undefined) continue
      old += 1
      const compare = [{ key: entry.key, field: 'modRevision', is: 'equal', to: entry.modRevision }] as const
      const then = [{ kind: 'put', key: entry.key, value, lease: entry.lease }] as const
      const { revision } = await keyspace.txn({ compare, then }, signal)
      if (old % ROTATION_PAGE === 0) await keyspace.sync(revision, signal)
      if (done % ROTATION_PAGE === 0) tell({ done, all })
    }
  }
  const { revision } = await keyspace.status(signal)
  await keyspace.sync(revision, signal)
  tell({ done, all: done })
  return old
}

/** Where sealed values lie, and how one is sealed anew; undefined when it need not be. */
interface SealedPlace {
  readonly prefix: ByteString
  readonly again: (entry: KeyValue, keyring: Keyring) => Uint8Array | undefined
}

const PLACES: readonly SealedPlace[] = [
  { prefix: AUTHORITY, again: (entry, keyring) => keyOfRow(entry, AUTHORITY, keyring) },
  { prefix: TOKEN_KEYS, again: (entry, keyring) => keyOfRow(entry, TOKEN_KEY_PLACE, keyring) },
  ...SEALED.map(prefix => ({ prefix, again: wholeValue })),
]

function keyOfRow(entry: KeyValue, place: string, keyring: Keyring): Uint8Array | undefined {
  const row = rowOf(entry)
  const sealed = String(row['key'])
  if (!keyring.isOld(sealed)) return undefined
  return putOf(entry.key, { ...row, key: keyring.seal(keyring.open(sealed, place), place) }).value
}

function wholeValue({ key, value }: KeyValue, keyring: Keyring): Uint8Array | undefined {
  const sealed = Buffer.from(value).toString()
  return keyring.isOld(sealed) ? Buffer.from(keyring.seal(keyring.open(sealed, key), key)) : undefined
}

async function* entriesBelow(keyspace: Keyspace, prefix: ByteString, signal: AbortSignal): AsyncGenerator<KeyValue> {
  const end = prefixEnd(prefix)
  for (let start = prefix; ; ) {
    const range = { keys: { kind: 'range', start, end }, limit: ROTATION_PAGE } as const
    const { entries, more } = await keyspace.range(range, signal)
    yield* entries
    const last = entries.at(-1)
    if (!more || last === undefined) return
    start = `${last.key}\0`
  }
}
