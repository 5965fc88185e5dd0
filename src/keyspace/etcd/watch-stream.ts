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
import type { Connection, Stream } from './connection.ts'
import { type CallFailure, isOfOldToken, STATUS } from './failure.ts'
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
  /** The open stream has this watch. */
  isMade: boolean
  /** It was there when etcd was asked last how far it is. */
  isAsked: boolean
  /** What etcd answered; believed when it answers again. */
  heard: Revision | undefined
  /** It was refused once with a token that may have been old. */
  isRetried: boolean
}

const UNHEARD = { isMade: false, isAsked: false, heard: undefined } as const

/** Questions not asked while one is not answered; then it is taken for lost. */
const UNANSWERED_MAX = 3

/** The watch that answers about a whole stream are of (etcd 3.4, clientv3/watch.go InvalidWatchID). */
const NO_WATCH = -1n

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
  #open: { readonly stream: Stream; readonly endpoint: Connection } | undefined
  readonly #progressMs: number
  #isAsking = false
  /** When etcd answered last how far it is; undefined while it has not answered. */
  #answeredMs: number | undefined = Number.NEGATIVE_INFINITY
  #retryMs = 0
  #lastId = 0n

  constructor(parts: {
    readonly world: World
    readonly cluster: Cluster
    readonly messages: Messages
    readonly progressMs: number
    /** Hears the newest revision etcd speaks of. */
    readonly seen: (revision: Revision) => void
  }) {
    this.#world = parts.world
    this.#cluster = parts.cluster
    this.#messages = parts.messages
    this.#seen = parts.seen
    this.#progressMs = parts.progressMs
    this.#tasks = new TaskScope(error => this.#end(error))
  }

  /** Watches until the watcher is closed. */
  attach(wanted: Wanted): Watcher {
    const watcher: Watcher = new Watcher(spanOf(wanted.keys), wanted.previous, () => this.#detach(watcher))
    const unheard = { pieces: [], ...UNHEARD, isRetried: false }
    this.#subscribe({ wanted, watcher, next: wanted.from, ...unheard })
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
    if (!this.#isAsking) this.#tasks.run(signal => this.#askForProgress(signal))
  }

  // Nobody else moves on a watch of which nothing changes: etcd does so every 10 minutes, when history may be gone.
  async #askForProgress(signal: AbortSignal): Promise<void> {
    this.#isAsking = true
    let askedMs = Number.NEGATIVE_INFINITY
    while (this.#subscriptions.size > 0) {
      await this.#world.clock.sleep(this.#progressMs, signal)
      const nowMs = this.#world.clock.monotonicMs()
      // While a watch is not up to date, newer etcds do not answer at all: they are asked again.
      const sinceMs = this.#answeredMs ?? askedMs + UNANSWERED_MAX * this.#progressMs
      if (nowMs - sinceMs < this.#progressMs / 2) continue
      this.#answeredMs = undefined
      askedMs = nowMs
      for (const subscription of this.#subscriptions.values()) subscription.isAsked = subscription.isMade
      this.#send({ requestUnion: { case: 'progressRequest', value: {} } })
    }
    this.#isAsking = false
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
      received: message => {
        if (this.#open === open) this.#received(fromBinary(WatchResponseSchema, message))
      },
      ended: failure => this.#broken(open, failure),
    })
    this.#open = open
    this.#answeredMs = Number.NEGATIVE_INFINITY
    for (const [watchId, subscription] of this.#subscriptions) {
      Object.assign(subscription, { pieces: [], ...UNHEARD })
      this.#create(watchId, subscription)
    }
  }

  #received(response: WatchResponse): void {
    this.#retryMs = 0
    const revision = revisionOf(Number(response.header?.revision ?? 0n))
    if (response.watchId === NO_WATCH && !response.created) return this.#progressOfAll(revision)
    const subscription = this.#subscriptions.get(response.watchId) ?? this.#refusedOf(response)
    if (subscription === undefined) return
    if (response.canceled) return this.#canceled(response, subscription)
    if (response.created) return void Object.assign(subscription, { isMade: true, isRetried: false })
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

  // Before 3.4.25 and 3.5.8 this may overtake events on their way (etcd issue 15220): it counts when etcd, asked again
  // some time after it was heard, has answered again.
  #progressOfAll(revision: Revision): void {
    this.#answeredMs = this.#world.clock.monotonicMs()
    for (const subscription of this.#subscriptions.values()) {
      if (subscription.heard !== undefined && subscription.pieces.length === 0) {
        this.#seen(subscription.heard)
        this.#progress(subscription, subscription.heard)
      }
      subscription.heard = subscription.isAsked ? revision : undefined
    }
  }

  // From 3.5 on a refused watch has no id; watches are made in the order in which they were asked for.
  #refusedOf({ watchId, canceled }: WatchResponse): Subscription | undefined {
    if (watchId !== NO_WATCH || !canceled) return undefined
    return this.#subscriptions.values().find(({ isMade }) => !isMade)
  }

  #progress(subscription: Subscription, revision: Revision): void {
    if (revision < subscription.next) return
    subscription.next = revisionOf(revision + 1)
    subscription.watcher.progress(revision)
  }

  #canceled({ compactRevision, cancelReason }: WatchResponse, subscription: Subscription): void {
    const failure = { status: STATUS.unavailable, message: cancelReason, how: 'answered' } as const
    if (compactRevision === 0n && this.#isRetried(subscription)) return this.#reopen(failure)
    for (const [watchId, each] of this.#subscriptions) if (each === subscription) this.#subscriptions.delete(watchId)
    if (compactRevision === 0n) return subscription.watcher.fail(this.#cluster.fault(failure))
    const oldest = revisionOf(Number(compactRevision))
    if (!subscription.wanted.isFromNow || subscription.next !== subscription.wanted.from) {
      subscription.watcher.fail(compacted(oldest))
      return
    }
    subscription.next = oldest
    this.#subscribe(subscription)
  }

  // What a watch may see is looked up with the token its stream began with, and an old one is told as no permission.
  #isRetried(subscription: Subscription): boolean {
    if (subscription.isRetried || !this.#cluster.renewToken()) return false
    subscription.isRetried = true
    return true
  }

  #reopen(failure: CallFailure): void {
    const open = this.#open
    if (open === undefined) return
    this.#broken(open, failure)
    open.stream.close()
  }

  #broken(open: { readonly endpoint: Connection }, failure: CallFailure): void {
    if (this.#open !== open) return
    this.#open = undefined
    this.#cluster.leave(open.endpoint, failure)
    if (isOfOldToken(failure)) this.#cluster.renewToken()
    if (this.#subscriptions.size === 0 || this.#tasks.signal.aborted) return
    const waitMs = this.#retryMs
    this.#retryMs = Math.min(Math.max(waitMs * 2, 50), ETCD_WATCH_RETRY_MS_MAX)
    // By then it has been said, and goes on until somebody answers.
    if (waitMs < ETCD_WATCH_RETRY_MS_MAX)
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
