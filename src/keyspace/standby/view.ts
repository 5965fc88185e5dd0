import type { ByteString } from '#base'
import { keyspaceFault } from '../faults.ts'
import type { KeyValue, LocalKeyspace, RangeRequest, RangeResult, Revision } from '../keyspace.ts'
import type { RowIndex } from '../row-index.ts'
import { answerRange, type Rows } from '../rows.ts'
import { VersionMap } from '../version-map.ts'

/** What an index has, as a keyspace that only reads what is newest. Faults of all else: ReadOnly. */
export function viewOf(index: RowIndex): LocalKeyspace {
  return new View(index)
}

class View implements LocalKeyspace {
  readonly #rows: Rows

  constructor(index: RowIndex) {
    this.#rows = { overlay: new VersionMap(), index }
  }

  get revision(): Revision {
    return this.#rows.index.state.applied
  }

  get(key: ByteString): KeyValue | undefined {
    return this.#rows.index.get(key)
  }

  rangeNow(request: RangeRequest): RangeResult {
    return answerRange(this.#rows, request, { revision: this.revision, looksMax: Number.POSITIVE_INFINITY }).result
  }

  async range(request: RangeRequest, signal: AbortSignal): Promise<RangeResult> {
    signal.throwIfAborted()
    if (request.revision !== undefined && request.revision !== this.revision) throw readOnly()
    return this.rangeNow(request)
  }

  commit(): never {
    throw readOnly()
  }

  txn = refuse
  sync = refuse
  compact = refuse
  grant = refuse
  keepAlive = refuse
  revoke = refuse
  status = refuse

  watch(): never {
    throw readOnly()
  }

  records(): never {
    throw readOnly()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve()
  }
}

async function refuse(): Promise<never> {
  throw readOnly()
}

function readOnly(): Error {
  return keyspaceFault(
    'ReadOnly',
    'this keyspace is a copy of what another machine writes: its newest state can be read',
  )
}
