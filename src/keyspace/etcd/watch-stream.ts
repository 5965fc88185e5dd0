import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import type { World } from '#base'
import { revisionOf } from '../change.ts'
import { spanOf } from '../key-set.ts'
import type { KeySet, Revision } from '../keyspace.ts'
import { ETCD_WATCH_RETRY_MS_MAX } from '../limits.ts'
import { compacted } from '../log/cursor.ts'
import { TaskScope } from '../waiting.ts'
import { Watcher } from '../watch-hub.ts'
import type { Cluster } from './cluster.ts'
import type { Stream } from './connection.ts'
import { type CallFailure, faultOf, STATUS } from './failure.ts'
import type { Messages } from './messages.ts'
import { revisionOfEvent } from './records.ts'
import { type Event, Watch, WatchRequestSchema, type WatchResponse, WatchResponseSchema } from './proto/watch-pb.ts'

const WATCH_PATH = `/${Watch.typeName}/${Watch.method.watch.name}`

/** What is watched. */
interface Wanted {
  readonly keys: KeySet
  readonly previous: boolean
  readonly from: Revision
  /** The caller asked for no revision: when history does not reach back that far, it begins where history does. */
  readonly isFromNow: boolean
}

/** One watch, whatever becomes of the connection. */
interface Subscription {
  readonly wanted: Wanted
  readonly watcher: Watcher
  /** The next revision etcd is to tell. */
  next: Revision
  /** Events of an answer that etcd sends in pieces. */
  pieces: Event[]
}

/**
 * All watches of one keyspace, on one stream. When it breaks, another is opened on another endpoint, and each watch goes
 * on behind the last revision it was told: nothing is lost or told twice, or it ends with Compacted.
 */
export class WatchStream implements AsyncDisposable {
  readonly #world: World
  readonly #cluster: Cluster
  readonly #messages: Messages
  readonly #seen: (revision: Revision) => void
  readonly #subscriptions = new Map<bigint, Subscription>()
  readonly #tasks: TaskScope
  #open: { readonly stream: Stream; readonly endpoint: number } | undefined
  #retryMs = 0
  #lastId = 0n

  constructor(parts: {
    readonly world: World
    readonly cluster: Cluster
    readonly messages: Messages
    /** Hears the newest revision etcd speaks of. */
    readonly seen: (revision: Revision) => void
  }) {
    this.#world = parts.world
    this.#cluster = parts.cluster
    this.#messages = parts.messages
    this.#seen = parts.seen
    this.#tasks = new TaskScope(error => this.#end(error))
  }

  /** Watches until the watcher is closed. */
  attach(wanted: Wanted): Watcher {
    const watcher: Watcher = new Watcher(spanOf(wanted.keys), wanted.previous, () => this.#detach(watcher))
    this.#subscribe({ wanted, watcher, next: wanted.from, pieces: [] })
    return watcher
  }

  /** Ends every watch with an error. */
  end(error: Error): void {
    this.#end(error)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const open = this.#open
    this.#open = undefined
    open?.stream.close()
    await this.#tasks[Symbol.asyncDispose]()
  }

  #subscribe(subscription: Subscription): void {
    this.#lastId += 1n
    this.#subscriptions.set(this.#lastId, subscription)
    if (this.#open === undefined) this.#connect()
    else this.#create(this.#lastId, subscription)
  }

  #create(watchId: bigint, { wanted, next }: Subscription): void {
    const { keys, previous } = wanted
    const request = { ...this.#messages.keys(keys), startRevision: BigInt(Math.max(next, 1)), prevKv: previous }
    this.#send({
      requestUnion: {
        case: 'createRequest',
        value: { ...request, watchId, progressNotify: true, fragment: true },
      },
    })
  }

  #detach(watcher: Watcher): void {
    for (const [watchId, subscription] of this.#subscriptions) {
      if (subscription.watcher !== watcher) continue
      this.#subscriptions.delete(watchId)
      this.#send({ requestUnion: { case: 'cancelRequest', value: { watchId } } })
    }
  }

  #send(message: MessageInitShape<typeof WatchRequestSchema>): void {
    this.#open?.stream.send(toBinary(WatchRequestSchema, create(WatchRequestSchema, message)))
  }

  #connect(): void {
    if (this.#tasks.signal.aborted) return
    const open = this.#cluster.stream(WATCH_PATH, {
      received: message => this.#received(fromBinary(WatchResponseSchema, message)),
      ended: failure => this.#broken(open, failure),
    })
    this.#open = open
    for (const [watchId, subscription] of this.#subscriptions) {
      subscription.pieces = []
      this.#create(watchId, subscription)
    }
  }

  #received(response: WatchResponse): void {
    this.#retryMs = 0
    const revision = revisionOf(Number(response.header?.revision ?? 0n))
    const subscription = this.#subscriptions.get(response.watchId)
    if (subscription === undefined || response.created) return
    if (response.canceled) return this.#canceled(response, subscription)
    this.#seen(revision)
    subscription.pieces.push(...response.events)
    if (response.fragment) return
    const events = subscription.pieces
      .map(event => this.#messages.event(event))
      .filter(event => revisionOfEvent(event) >= subscription.next)
    subscription.pieces = []
    const last = events.at(-1)
    // Without events the answer says that this watch has been told everything up to the newest revision.
    if (last === undefined) return response.events.length === 0 ? this.#progress(subscription, revision) : undefined
    subscription.next = revisionOf(revisionOfEvent(last) + 1)
    subscription.watcher.offer(revisionOfEvent(last), events)
  }

  #progress(subscription: Subscription, revision: Revision): void {
    if (revision < subscription.next) return
    subscription.next = revisionOf(revision + 1)
    subscription.watcher.progress(revision)
  }

  #canceled({ watchId, compactRevision, cancelReason }: WatchResponse, subscription: Subscription): void {
    this.#subscriptions.delete(watchId)
    if (compactRevision === 0n) {
      subscription.watcher.fail(faultOf({ status: STATUS.unavailable, message: cancelReason, how: 'answered' }))
      return
    }
    const oldest = revisionOf(Number(compactRevision))
    if (!subscription.wanted.isFromNow || subscription.next !== subscription.wanted.from) {
      subscription.watcher.fail(compacted(oldest))
      return
    }
    subscription.next = oldest
    this.#subscribe(subscription)
  }

  #broken(open: { readonly endpoint: number }, failure: CallFailure): void {
    if (this.#open !== open) return
    this.#open = undefined
    this.#cluster.leave(open.endpoint)
    if (this.#subscriptions.size === 0 || this.#tasks.signal.aborted) return
    const waitMs = this.#retryMs
    this.#retryMs = Math.min(Math.max(waitMs * 2, 50), ETCD_WATCH_RETRY_MS_MAX)
    this.#world.log.warn('keyspace: the watches of etcd are opened again', { why: failure.message })
    this.#tasks.run(async signal => {
      await this.#world.clock.sleep(waitMs, signal)
      if (this.#open === undefined) this.#connect()
    })
  }

  #end(error: unknown): void {
    const failure = error instanceof Error ? error : new Error(String(error))
    for (const { watcher } of this.#subscriptions.values()) watcher.fail(failure)
  }
}
