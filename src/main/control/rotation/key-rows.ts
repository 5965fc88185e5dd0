import type { ByteString } from '#base'
import type { WrappedKey } from '#identity'
import type { Keyspace, Revision, Txn } from '#keyspace'
import { putOf, type Row, rowOf } from '../rows.ts'

/** `/identity/data-keys/NAME` -> a data key, wrapped by the master key. */
export const DATA_KEYS = '/identity/data-keys/'
/** `/identity/token-keys/NAME` -> a sealed private key that signs tokens. */
export const TOKEN_KEYS = '/identity/token-keys/'

/**
 * Where a key is in its life: every server knows it before it is used; of those that are used, the one with the highest number
 * seals or signs; a former one is kept for what is still read with it.
 */
export type KeyState = 'announced' | 'used' | 'former'

/** A key as it lies in the keyspace. */
export interface KeyRow {
  readonly key: ByteString
  /** Of its last change. */
  readonly revision: Revision
  readonly number: number
  readonly state: KeyState
  /** Of a former key: the last revision it is needed for, or the milliseconds since 1970; see who writes it. */
  readonly until: number
  readonly row: Row
}

/** The keys of a kind. The last is the one in use, as keyring and signer want them. Faults: DataNewer. */
export async function keyRows(keyspace: Keyspace, prefix: ByteString, signal: AbortSignal): Promise<readonly KeyRow[]> {
  const { entries } = await keyspace.range({ keys: { kind: 'prefix', prefix } }, signal)
  const rows = entries.map((entry): KeyRow => {
    const row = rowOf(entry)
    const { number, state, until } = row
    return {
      key: entry.key,
      revision: entry.modRevision,
      // The first key of a cloud has neither.
      number: typeof number === 'number' ? number : 0,
      state: state === 'announced' || state === 'former' ? state : 'used',
      until: typeof until === 'number' ? until : 0,
      row,
    }
  })
  return rows.sort((a, b) => ORDER[a.state] - ORDER[b.state] || a.number - b.number)
}

const ORDER: Readonly<Record<KeyState, number>> = { announced: 0, former: 1, used: 2 }

/** Changes keys, all or none; false when one of them is not as it was read. Durable when it resolves. */
export async function changeKeys(
  keyspace: Keyspace,
  changes: readonly { readonly of: KeyRow; readonly to: Row | 'nothing' }[],
  signal: AbortSignal,
): Promise<boolean> {
  if (changes.length === 0) return true
  const compare = changes.map(({ of }) => isAsRead(of))
  const then = changes.map(({ of: { key }, to }) =>
    to === 'nothing' ? ({ kind: 'delete', keys: { kind: 'key', key } } as const) : putOf(key, to),
  )
  return commitDurably(keyspace, { compare, then }, signal)
}

/** Announces another key, unless somebody else did meanwhile or the keys have changed. Durable when it resolves. */
export async function announceKey(
  keyspace: Keyspace,
  { prefix, rows, row }: { readonly prefix: ByteString; readonly rows: readonly KeyRow[]; readonly row: object },
  signal: AbortSignal,
): Promise<boolean> {
  const number = nextNumber(rows)
  const key = `${prefix}${number}`
  const compare = [...rows.map(isAsRead), isNothing(key)]
  const then = [putOf(key, { ...row, number, state: 'announced' })]
  return commitDurably(keyspace, { compare, then }, signal)
}

/**
 * Puts a new key that is used at once in place of all there are; false when one of them is not as it was read. Durable when it
 * resolves.
 */
export async function replaceKeys(
  keyspace: Keyspace,
  { prefix, rows, row }: { readonly prefix: ByteString; readonly rows: readonly KeyRow[]; readonly row: object },
  signal: AbortSignal,
): Promise<boolean> {
  const number = nextNumber(rows)
  const key = `${prefix}${number}`
  const compare = [...rows.map(isAsRead), isNothing(key)]
  const gone = rows.map(of => ({ kind: 'delete', keys: { kind: 'key', key: of.key } }) as const)
  const then = [putOf(key, { ...row, number, state: 'used' }), ...gone]
  return commitDurably(keyspace, { compare, then }, signal)
}

// False when something was not as it was read: then nothing has changed.
async function commitDurably(keyspace: Keyspace, txn: Txn, signal: AbortSignal): Promise<boolean> {
  const { succeeded, revision } = await keyspace.txn(txn, signal)
  if (succeeded) await keyspace.sync(revision, signal)
  return succeeded
}

/** The number of the key that would come next. */
export function nextNumber(rows: readonly KeyRow[]): number {
  return 1 + Math.max(0, ...rows.map(({ number }) => number))
}

/** Holds while a key is as it was read. */
export function isAsRead({ key, revision }: KeyRow) {
  return { key, field: 'modRevision', is: 'equal', to: revision } as const
}

/** Holds while there is no such key. */
export function isNothing(key: ByteString) {
  return { key, field: 'createRevision', is: 'equal', to: 0 } as const
}

/** A data key wrapped by one master key. */
export interface Wrap {
  readonly master: string
  readonly wrapped: string
}

/** While the master key is replaced a data key is wrapped by two: the one that comes, or went. */
export function otherWrap(row: Row, which: 'next' | 'before'): Wrap | undefined {
  const wrap = row[which]
  if (typeof wrap !== 'object' || wrap === null || !('master' in wrap) || !('wrapped' in wrap)) return undefined
  return { master: String(wrap.master), wrapped: String(wrap.wrapped) }
}

/** A data key as a master key opens it; as the usual one does, when it is not wrapped by this one. */
export function wrappedFor(row: Row, master: string | undefined): WrappedKey {
  const wraps = [otherWrap(row, 'next'), otherWrap(row, 'before')]
  const { master: usual, wrapped } = row
  const other = usual === master ? undefined : wraps.find(wrap => wrap?.master === master)
  return { id: String(row['id']), ...(other ?? { master: String(usual), wrapped: String(wrapped) }) }
}
