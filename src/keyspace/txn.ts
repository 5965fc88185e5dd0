import { type ByteString, compareByteStrings } from '#base'
import { type DeleteChange, type PutChange, revisionOf } from './change.ts'
import { keyspaceFault } from './faults.ts'
import { type Span, spanHas, spanOf } from './key-set.ts'
import type {
  Compare,
  KeyValue,
  LeaseId,
  Operation,
  OperationResult,
  RangeRequest,
  RangeResult,
  Revision,
  Txn,
} from './keyspace.ts'
import { KEY_BYTES_MAX, TXN_OPERATIONS_MAX, VALUE_BYTES_MAX } from './limits.ts'

/** What a transaction reads while it is worked out. */
export interface TxnView {
  readonly revision: Revision
  get(key: ByteString): KeyValue | undefined
  range(request: RangeRequest): RangeResult
  hasLease(lease: LeaseId): boolean
}

/** A transaction worked out: what it answers and what it changes, at `view.revision + 1`. */
export interface TxnPlan {
  readonly succeeded: boolean
  readonly results: readonly OperationResult[]
  readonly changes: (PutChange | DeleteChange)[]
}

/** Works a transaction out and changes nothing. Faults: InvalidTxn, LeaseNotFound and those of its ranges. */
export function planTxn(txn: Txn, view: TxnView): TxnPlan {
  checkTxn(txn)
  const succeeded = txn.compare === undefined || txn.compare.every(compare => holds(compare, view.get(compare.key)))
  const operations = succeeded ? txn.then : (txn.otherwise ?? [])
  const changes: (PutChange | DeleteChange)[] = []
  const results = operations.map(operation => planOperation(operation, view, changes))
  return { succeeded, results, changes }
}

function planOperation(operation: Operation, view: TxnView, changes: (PutChange | DeleteChange)[]): OperationResult {
  if (operation.kind === 'put') {
    changes.push(planPut(operation, view))
    return PUT_RESULT
  }
  if (operation.kind === 'range') return { kind: 'range', range: rangeWith(operation.range, view, changes) }
  const before = changes.length
  planDelete(spanOf(operation.keys), operation, view, changes)
  return { kind: 'delete', deleted: changes.length - before }
}

const PUT_RESULT = { kind: 'put' } as const

function planPut(put: Extract<Operation, { kind: 'put' }>, view: TxnView): PutChange {
  if (put.lease !== undefined && !view.hasLease(put.lease)) {
    throw keyspaceFault('LeaseNotFound', `lease ${put.lease} does not exist or has ended`)
  }
  const revision = revisionOf(view.revision + 1)
  const previous = put.isNew === true ? undefined : view.get(put.key)
  const entry = {
    key: put.key,
    value: put.value,
    createRevision: previous?.createRevision ?? revision,
    modRevision: revision,
    version: (previous?.version ?? 0) + 1,
    lease: put.lease,
  }
  return { kind: 'put', entry, previous }
}

function planDelete(
  span: Span,
  operation: Extract<Operation, { kind: 'delete' }>,
  view: TxnView,
  changes: (PutChange | DeleteChange)[],
): void {
  const one = operation.keys.kind === 'key' ? view.get(operation.keys.key) : undefined
  const rows =
    operation.keys.kind !== 'key' ? view.range({ keys: operation.keys }).entries : one === undefined ? [] : [one]
  const gone = new Set(
    changes.flatMap(change => (change.kind === 'delete' && spanHas(span, change.key) ? change.key : [])),
  )
  const revision = revisionOf(view.revision + 1)
  for (const previous of rows) {
    if (!gone.has(previous.key)) changes.push({ kind: 'delete', key: previous.key, revision, previous })
  }
}

// A range behind a put or delete of the same transaction sees it, like etcd's.
function rangeWith(request: RangeRequest, view: TxnView, changes: readonly (PutChange | DeleteChange)[]): RangeResult {
  if (changes.length === 0 || request.revision !== undefined) return view.range(request)
  const span = spanOf(request.keys)
  const rows = new Map(view.range({ keys: request.keys }).entries.map(entry => [entry.key, entry]))
  for (const change of changes) {
    if (change.kind === 'put' && spanHas(span, change.entry.key)) rows.set(change.entry.key, change.entry)
    else if (change.kind === 'delete') rows.delete(change.key)
  }
  const sign = request.order === 'descending' ? -1 : 1
  const sorted = [...rows.values()].sort((a, b) => sign * compareByteStrings(a.key, b.key))
  return cutRange(sorted, request, view.revision)
}

function cutRange(sorted: KeyValue[], request: RangeRequest, revision: Revision): RangeResult {
  if (request.want === 'count') return { revision, entries: [], count: sorted.length, more: false }
  const entries = sorted.slice(0, request.limit).map(entry => (request.want === 'keys' ? withoutValue(entry) : entry))
  const more = entries.length < sorted.length
  return { revision, entries, count: more ? 0 : sorted.length, more }
}

/** The entry with an empty value. */
export function withoutValue(entry: KeyValue): KeyValue {
  return { ...entry, value: NOTHING }
}

const NOTHING = new Uint8Array(0)

function holds(compare: Compare, entry: KeyValue | undefined): boolean {
  // etcd's rule: a key that is not there fails every compare of its value, `notEqual` too.
  if (compare.field === 'value') {
    return entry !== undefined && answers(compare.is, Buffer.compare(entry.value, compare.to))
  }
  return answers(compare.is, (entry?.[compare.field] ?? 0) - compare.to)
}

function answers(is: Compare['is'], difference: number): boolean {
  if (is === 'equal') return difference === 0
  if (is === 'notEqual') return difference !== 0
  return is === 'less' ? difference < 0 : difference > 0
}

/** Refuses a transaction that breaks a rule whatever it finds. Faults: InvalidTxn. */
export function checkTxn(txn: Txn): void {
  if ((txn.compare?.length ?? 0) > TXN_OPERATIONS_MAX) throw tooMany('compares')
  for (const compare of txn.compare ?? []) checkKey(compare.key)
  checkOperations(txn.then)
  if (txn.otherwise !== undefined) checkOperations(txn.otherwise)
}

function checkOperations(operations: readonly Operation[]): void {
  if (operations.length > TXN_OPERATIONS_MAX) throw tooMany('operations')
  const puts = new Set<ByteString>()
  for (const operation of operations) {
    if (operation.kind !== 'put') continue
    checkKey(operation.key)
    if (operation.value.byteLength > VALUE_BYTES_MAX) {
      throw keyspaceFault('TooLarge', `a value of ${operation.value.byteLength} bytes is more than ${VALUE_BYTES_MAX}`)
    }
    puts.add(operation.key)
  }
  checkOnce(operations, puts)
}

function checkOnce(operations: readonly Operation[], puts: ReadonlySet<ByteString>): void {
  let putCount = 0
  for (const operation of operations) {
    if (operation.kind === 'put') putCount += 1
    if (operation.kind !== 'delete') continue
    const keys = operation.keys
    const span = spanOf(keys)
    const hit = keys.kind === 'key' ? puts.has(keys.key) : [...puts].some(key => spanHas(span, key))
    if (hit) throw putTwice()
  }
  if (putCount !== puts.size) throw putTwice()
}

function checkKey(key: ByteString): void {
  if (key.length === 0 || key.length > KEY_BYTES_MAX) {
    throw keyspaceFault('InvalidTxn', `a key has 1 to ${KEY_BYTES_MAX} bytes, not ${key.length}`)
  }
}

function tooMany(what: string): Error {
  return keyspaceFault('InvalidTxn', `a transaction has at most ${TXN_OPERATIONS_MAX} ${what}`)
}

function putTwice(): Error {
  return keyspaceFault('InvalidTxn', 'a transaction puts or deletes a key at most once')
}
