import type { MessageInitShape } from '@bufbuild/protobuf'
import { assert, type ByteString, byteString, bytesOf, prefixEnd } from '#base'
import { leaseOf, revisionOf } from '../change.ts'
import { spanOf } from '../key-set.ts'
import type {
  Compare,
  KeyEvent,
  KeySet,
  KeyValue,
  Operation,
  OperationResult,
  RangeRequest,
  RangeResult,
  Revision,
  Txn,
} from '../keyspace.ts'
import {
  type EtcdKeyValue,
  RangeRequest_SortOrder,
  type RangeRequestSchema,
  type RangeResponse,
} from './proto/kv-pb.ts'
import {
  Compare_CompareResult,
  Compare_CompareTarget,
  type CompareSchema,
  type RequestOpSchema,
  type ResponseOp,
  type TxnRequestSchema,
} from './proto/txn-pb.ts'
import { type Event, Event_EventType } from './proto/watch-pb.ts'

/** Our requests and answers as etcd's messages, every key behind the prefix of one cloud. */
export class Messages {
  readonly #prefix: ByteString
  /** The smallest key behind all of ours; undefined when there is none. */
  readonly #end: ByteString | undefined

  constructor(prefix: ByteString) {
    this.#prefix = prefix
    this.#end = prefixEnd(prefix)
  }

  /** etcd's key and range end: a range end of one zero byte means no upper bound. */
  keys(keys: KeySet): { readonly key: Uint8Array; readonly rangeEnd?: Uint8Array } {
    if (keys.kind === 'key') return { key: this.#key(keys.key) }
    const { start, end } = spanOf(keys)
    const last = end === undefined ? this.#end : this.#prefix + end
    const first = this.#prefix + start
    return { key: bytesOf(first === '' ? '\0' : first), rangeEnd: bytesOf(last === undefined ? '\0' : last) }
  }

  range(request: RangeRequest): MessageInitShape<typeof RangeRequestSchema> {
    const { revision, limit, order, want } = request
    return {
      ...this.keys(request.keys),
      // etcd's keyspace is empty at revision 1, where ours is at 0; 0 asks etcd for the newest.
      revision: BigInt(revision === undefined ? 0 : Math.max(revision, 1)),
      limit: BigInt(limit ?? 0),
      sortOrder: order === 'descending' ? RangeRequest_SortOrder.DESCEND : RangeRequest_SortOrder.NONE,
      keysOnly: want === 'keys',
      countOnly: want === 'count' || limit === 0,
    }
  }

  txn(request: Txn): MessageInitShape<typeof TxnRequestSchema> {
    return {
      compare: (request.compare ?? []).map(compare => this.#compare(compare)),
      success: request.then.map(operation => this.#operation(operation)),
      failure: (request.otherwise ?? []).map(operation => this.#operation(operation)),
    }
  }

  entry(kv: EtcdKeyValue): KeyValue {
    return {
      key: byteString(kv.key).slice(this.#prefix.length),
      value: kv.value,
      createRevision: revisionOf(Number(kv.createRevision)),
      modRevision: revisionOf(Number(kv.modRevision)),
      version: Number(kv.version),
      lease: kv.lease === 0n ? undefined : leaseOf(Number(kv.lease)),
    }
  }

  rangeResult(request: RangeRequest, response: RangeResponse, revision: Revision): RangeResult {
    const count = Number(response.count)
    if (request.want === 'count') return { revision, entries: [], count, more: false }
    const more = request.limit === 0 ? count > 0 : response.more
    return { revision, entries: response.kvs.map(kv => this.entry(kv)), count: more ? 0 : count, more }
  }

  result(operation: Operation, { response }: ResponseOp, revision: Revision): OperationResult {
    if (operation.kind === 'put') return { kind: 'put' }
    if (operation.kind === 'delete') {
      assert(response.case === 'responseDeleteRange', 'etcd answers a delete')
      return { kind: 'delete', deleted: Number(response.value.deleted) }
    }
    assert(response.case === 'responseRange', 'etcd answers a range')
    return { kind: 'range', range: this.rangeResult(operation.range, response.value, revision) }
  }

  event({ type, kv, prevKv }: Event): KeyEvent {
    assert(kv !== undefined, 'an event of etcd has an entry')
    const entry = this.entry(kv)
    const previous = prevKv === undefined ? undefined : this.entry(prevKv)
    if (type === Event_EventType.PUT) return { kind: 'put', entry, previous }
    return { kind: 'delete', key: entry.key, revision: entry.modRevision, previous }
  }

  #key(key: ByteString): Uint8Array {
    return bytesOf(this.#prefix + key)
  }

  #operation(operation: Operation): MessageInitShape<typeof RequestOpSchema> {
    if (operation.kind === 'put') {
      const { key, value, lease } = operation
      return { request: { case: 'requestPut', value: { key: this.#key(key), value, lease: BigInt(lease ?? 0) } } }
    }
    if (operation.kind === 'delete')
      return { request: { case: 'requestDeleteRange', value: this.keys(operation.keys) } }
    return { request: { case: 'requestRange', value: this.range(operation.range) } }
  }

  #compare(compare: Compare): MessageInitShape<typeof CompareSchema> {
    const head = { key: this.#key(compare.key), result: RESULT[compare.is], target: TARGET[compare.field] }
    if (compare.field === 'value') return { ...head, targetUnion: { case: 'value', value: compare.to } }
    return { ...head, targetUnion: { case: compare.field, value: BigInt(compare.to) } }
  }
}

const RESULT = {
  equal: Compare_CompareResult.EQUAL,
  notEqual: Compare_CompareResult.NOT_EQUAL,
  less: Compare_CompareResult.LESS,
  greater: Compare_CompareResult.GREATER,
} as const

const TARGET = {
  version: Compare_CompareTarget.VERSION,
  createRevision: Compare_CompareTarget.CREATE,
  modRevision: Compare_CompareTarget.MOD,
  value: Compare_CompareTarget.VALUE,
  lease: Compare_CompareTarget.LEASE,
} as const
