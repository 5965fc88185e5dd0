import type { Keyspace, LocalKeyspace } from '#keyspace'
import { mainFault } from '../faults.ts'

/** A keyspace whose writers can be stopped for the moment in which it is moved. */
export interface GatedKeyspace {
  /** For everybody who may be stopped. */
  readonly keyspace: Keyspace
  /** For who stops them. */
  readonly behind: Keyspace
  /** Refuses new writes, and resolves when those under way have ended. */
  close(): Promise<void>
  reopen(): void
}

/** Puts a gate before a keyspace; disposing what is in front of it does nothing. */
export function gated(behind: Keyspace): GatedKeyspace {
  const underWay = new Set<Promise<unknown>>()
  let isClosed = false
  const write = <Value>(work: () => Promise<Value>): Promise<Value> => {
    if (isClosed) return Promise.reject(moving())
    const done = work().finally(() => underWay.delete(done))
    underWay.add(done)
    return done
  }
  const keyspace: Keyspace = {
    range: (request, signal) => behind.range(request, signal),
    txn: (request, signal) => write(() => behind.txn(request, signal)),
    sync: (revision, signal) => behind.sync(revision, signal),
    watch: (request, signal) => behind.watch(request, signal),
    compact: (revision, signal) => behind.compact(revision, signal),
    grant: (ttlMs, signal) => write(() => behind.grant(ttlMs, signal)),
    keepAlive: (lease, signal) => behind.keepAlive(lease, signal),
    revoke: (lease, signal) => write(() => behind.revoke(lease, signal)),
    records: (from, signal) => behind.records(from, signal),
    status: signal => behind.status(signal),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
  return {
    keyspace: isLocal(behind) ? localFront(keyspace, behind, () => isClosed) : keyspace,
    behind,
    async close() {
      isClosed = true
      await Promise.allSettled(underWay)
    },
    reopen() {
      isClosed = false
    },
  }
}

// What answers at once on this machine does so in front of the gate too.
function localFront(front: Keyspace, behind: LocalKeyspace, isClosed: () => boolean): LocalKeyspace {
  return {
    ...front,
    get: key => behind.get(key),
    rangeNow: request => behind.rangeNow(request),
    commit(request) {
      if (isClosed()) throw moving()
      return behind.commit(request)
    },
    get revision() {
      return behind.revision
    },
  }
}

function isLocal(keyspace: Keyspace | LocalKeyspace): keyspace is LocalKeyspace {
  return 'revision' in keyspace
}

function moving(): Error {
  return mainFault('Moving', 'the control plane is being moved to another keyspace', { hint: 'Try again in a moment.' })
}
