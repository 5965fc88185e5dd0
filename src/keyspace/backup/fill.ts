import { keyspaceFault } from '../faults.ts'
import type { Keyspace, KeyValue, LeaseId, Operation, Revision } from '../keyspace.ts'
import { FILL_TXN_BYTES, REVISION_RAISE_AT_ONCE, TXN_OPERATIONS_MAX } from '../limits.ts'
import { ALL } from './backup.ts'
import { dropMark, markKey, putMark } from './marks.ts'

/** Rows to put and keys to remove, in order, each key once. */
export type Filling = { readonly entry: KeyValue; readonly lease?: LeaseId | undefined } | { readonly gone: string }

/** Refuses a keyspace that holds something, unless forced. Faults: NotEmpty. */
export async function refuseFull(keyspace: Keyspace, isForced: boolean, signal: AbortSignal): Promise<void> {
  const { count } = await keyspace.range({ keys: ALL, want: 'count' }, signal)
  if (count === 0 || isForced) return
  throw keyspaceFault('NotEmpty', `the keyspace to fill holds ${count} keys`, {
    hint: 'With --force they are removed first.',
  })
}

/** Makes a keyspace ready to be filled: empty, but for the mark `unfinished`, which has been put. */
export async function empty(keyspace: Keyspace, signal: AbortSignal): Promise<void> {
  for (;;) {
    const keys = { kind: 'range', start: '', end: undefined } as const
    const { entries } = await keyspace.range({ keys, limit: TXN_OPERATIONS_MAX, want: 'keys' }, signal)
    const old = entries.filter(entry => entry.key !== markKey('unfinished'))
    if (old.length === 0) break
    await keyspace.txn({ then: old.map(({ key }) => ({ kind: 'delete', keys: { kind: 'key', key } })) }, signal)
  }
}

/** Puts rows, several in each transaction. */
export async function fill(keyspace: Keyspace, filling: Iterable<Filling>, signal: AbortSignal): Promise<void> {
  let then: Operation[] = []
  const taken = new Set<string>()
  let bytes = 0
  const flush = async (): Promise<void> => {
    if (then.length > 0) await keyspace.txn({ then }, signal)
    then = []
    taken.clear()
    bytes = 0
  }
  for (const each of filling) {
    const key = 'gone' in each ? each.gone : each.entry.key
    const size = key.length + ('gone' in each ? 0 : each.entry.value.byteLength)
    if (then.length === TXN_OPERATIONS_MAX || bytes + size > FILL_TXN_BYTES || taken.has(key)) await flush()
    then.push('gone' in each ? { kind: 'delete', keys: { kind: 'key', key } } : putOf(each.entry, each.lease))
    taken.add(key)
    bytes += size
  }
  await flush()
}

/** How a filling ends. */
export interface FillingEnd {
  /** No revision anybody knows of the old keyspace may mean something else in this one. */
  readonly above: Revision
  /** Done in the moment in which everything is there. */
  readonly also?: readonly Operation[]
  readonly tell: (revisionsLeft: number) => void
}

/** Ends the filling: raises the revision, takes the mark away, and makes everything durable. */
export async function endFilling(
  keyspace: Keyspace,
  { above, also, tell }: FillingEnd,
  signal: AbortSignal,
): Promise<void> {
  let { revision } = await keyspace.range({ keys: ALL, want: 'count' }, signal)
  while (revision <= above) {
    const count = Math.min(above - revision + 1, REVISION_RAISE_AT_ONCE)
    await Promise.all(Array.from({ length: count }, () => putMark(keyspace, 'unfinished', '', signal)))
    ;({ revision } = await keyspace.range({ keys: ALL, want: 'count' }, signal))
    tell(Math.max(0, above - revision + 1))
  }
  await keyspace.sync(await dropMark(keyspace, 'unfinished', signal, also), signal)
}

function putOf({ key, value }: KeyValue, lease: LeaseId | undefined): Operation {
  return { kind: 'put', key, value, lease }
}
