import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { isFault, type World } from '#base'
import { keyspaceFault } from '../faults.ts'
import type { LeaseId } from '../keyspace.ts'
import { ETCD_CALL_MS, ETCD_READ_MS, ETCD_RETRY_MS, ETCD_TOKENS_MAX } from '../limits.ts'
import type { Cluster } from './cluster.ts'
import { type CallFailure, isOfOldToken, isPassing, STATUS } from './failure.ts'
import { Lease, LeaseKeepAliveRequestSchema, LeaseKeepAliveResponseSchema } from './proto/lease-pb.ts'

const KEEP_ALIVE_PATH = `/${Lease.typeName}/${Lease.method.leaseKeepAlive.name}`

/** Leases in etcd. Their time is in whole seconds, and etcd makes it at least half as long again as an election (2 s). */
export class Leases {
  readonly #world: World
  readonly #cluster: Cluster

  constructor(world: World, cluster: Cluster) {
    this.#world = world
    this.#cluster = cluster
  }

  /** Makes a lease of this id, which nobody else chooses: one that is there already was made by an attempt before. */
  async grant(lease: LeaseId, ttlMs: number, signal: AbortSignal): Promise<LeaseId> {
    const message = { id: BigInt(lease), ttl: BigInt(Math.ceil(ttlMs / 1000)) }
    try {
      await this.#cluster.call({ method: Lease.method.leaseGrant, message, twiceIsOnce: true }, signal)
    } catch (error) {
      if (!(isFault(error) && error.message.includes('lease already exists'))) throw error
    }
    return lease
  }

  /** Faults: LeaseNotFound; also when an attempt before ended it and its answer was lost. */
  async revoke(lease: LeaseId, signal: AbortSignal): Promise<void> {
    const message = { id: BigInt(lease) }
    await this.#cluster.call({ method: Lease.method.leaseRevoke, message, twiceIsOnce: true }, signal)
  }

  /** Starts the lease's time anew and returns it, in milliseconds. */
  async keepAlive(lease: LeaseId, signal: AbortSignal): Promise<number> {
    const { clock } = this.#world
    const endMs = clock.monotonicMs() + ETCD_CALL_MS
    let tokens = 0
    for (;;) {
      signal.throwIfAborted()
      const answer = await this.#keepAliveOnce(lease, signal)
      signal.throwIfAborted()
      if (typeof answer === 'number') {
        if (answer > 0) return answer * 1000
        throw keyspaceFault('LeaseNotFound', `lease ${lease} does not exist or has ended`)
      }
      if (isOfOldToken(answer) && tokens++ < ETCD_TOKENS_MAX && this.#cluster.renewToken()) continue
      if (!isPassing(answer) || clock.monotonicMs() > endMs) throw this.#cluster.fault(answer)
      await clock.sleep(ETCD_RETRY_MS, signal)
    }
  }

  /** The lease's time in seconds, 0 when it is gone, or why there is no answer. */
  #keepAliveOnce(lease: LeaseId, signal: AbortSignal): Promise<number | CallFailure> {
    return new Promise(resolve => {
      const cancel = (): void => stream.close()
      const timer = AbortSignal.timeout(ETCD_READ_MS)
      let isOver = false
      const ended = (answer: number | CallFailure): void => {
        // What was answered ends, too: that is no failure.
        if (isOver) return
        isOver = true
        signal.removeEventListener('abort', cancel)
        timer.removeEventListener('abort', cancel)
        if (typeof answer !== 'number') this.#cluster.leave(endpoint, answer)
        resolve(answer)
      }
      const { stream, endpoint } = this.#cluster.stream(KEEP_ALIVE_PATH, {
        received: message => {
          ended(Number(fromBinary(LeaseKeepAliveResponseSchema, message).ttl))
          stream.close()
        },
        ended: failure => ended(failure.status === STATUS.ok ? { ...failure, status: STATUS.unavailable } : failure),
      })
      signal.addEventListener('abort', cancel, { once: true })
      timer.addEventListener('abort', cancel, { once: true })
      const request = create(LeaseKeepAliveRequestSchema, { id: BigInt(lease) })
      stream.send(toBinary(LeaseKeepAliveRequestSchema, request))
    })
  }
}
