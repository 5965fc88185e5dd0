import { type Clock, isFault, TURN_MS } from '#base'
import type { Attempt, Caller } from '#identity'
import { LASTING_AT_ONCE, LASTING_LOOK_MS, LASTING_REST_MS } from './limits.ts'

/** What has changed: what callers may do, or also who they are. */
export type AccessChange = 'rules' | 'callers'

/** Who is asked whether a request may go on. */
export interface LastingParts {
  readonly clock: Clock
  /** Faults: Unauthorized, Forbidden. */
  readonly authenticate: (request: Request, connection: unknown) => Promise<Caller>
  readonly authorize: (caller: Caller, attempt: Attempt, signal: AbortSignal) => Promise<boolean>
}

/** A request whose answer goes on for long, such as a watch, as it was allowed. */
export interface LastingRequest {
  readonly request: Request
  readonly connection: unknown
  readonly caller: Caller
  readonly attempt: Attempt
}

/** While it is not disposed: aborts when the request would be refused if it came now. */
export type Lasting = { readonly signal: AbortSignal } & Disposable

/**
 * Answers that go on for long, each asked again whether it may, as if it came anew: when somebody says that access has changed,
 * and once a minute, for what nobody says, such as a Pod that is gone to which a token is bound. However often things change, one
 * look at all follows another, and a look is followed by a rest as long as it took. What a look cannot find out, the next one does.
 */
export class LastingRequests implements AsyncDisposable {
  readonly #parts: LastingParts
  readonly #open = new Set<Entry>()
  readonly #closing = new AbortController()
  #change: AccessChange | undefined
  #waiting = new AbortController()
  #looking: Promise<void> | undefined

  constructor(parts: LastingParts) {
    this.#parts = parts
  }

  /** Looks after a request that has just been allowed. */
  enter(allowed: LastingRequest): Lasting {
    const entry: Entry = { ...allowed, over: new AbortController() }
    this.#open.add(entry)
    if (!this.#closing.signal.aborted) this.#looking ??= this.#lookAfterAll()
    return { signal: entry.over.signal, [Symbol.dispose]: () => this.#leave(entry) }
  }

  /** Looks at all requests soon. */
  changed(what: AccessChange): void {
    if (this.#looking === undefined) return
    if (this.#change !== 'callers') this.#change = what
    this.#waiting.abort(WOKEN)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#waiting.abort(WOKEN)
    await this.#looking
  }

  async #lookAfterAll(): Promise<void> {
    const { clock } = this.#parts
    while (this.#open.size > 0 && !this.#closing.signal.aborted) {
      const what = await this.#nextChange()
      const beganMs = clock.monotonicMs()
      await this.#look(what)
      await this.#sleep(Math.max(LASTING_REST_MS, clock.monotonicMs() - beganMs), this.#closing.signal)
    }
    this.#looking = undefined
  }

  async #nextChange(): Promise<AccessChange> {
    this.#waiting = new AbortController()
    if (this.#change === undefined) await this.#sleep(LASTING_LOOK_MS, this.#waiting.signal)
    const change = this.#change ?? 'callers'
    this.#change = undefined
    return change
  }

  async #look(what: AccessChange): Promise<void> {
    const { clock } = this.#parts
    const all = [...this.#open]
    let beganMs = clock.monotonicMs()
    for (let at = 0; at < all.length; at += LASTING_AT_ONCE) {
      await Promise.all(all.slice(at, at + LASTING_AT_ONCE).map(entry => this.#lookAt(entry, what)))
      if (clock.monotonicMs() - beganMs < TURN_MS) continue
      await this.#sleep(0, this.#closing.signal)
      beganMs = clock.monotonicMs()
    }
  }

  async #lookAt(entry: Entry, what: AccessChange): Promise<void> {
    const { authenticate, authorize } = this.#parts
    const { request, connection, attempt } = entry
    if (!this.#open.has(entry)) return
    try {
      // Whether he may act in the place of another is a matter of rules too.
      const isAsked = what === 'callers' || entry.caller.impersonator !== undefined
      if (isAsked) entry.caller = await authenticate(request, connection)
      if (await authorize(entry.caller, attempt, request.signal)) return
    } catch (error) {
      // A keyspace that cannot be read now tells nothing of anybody, nor does it tell him anything.
      if (!isFault(error, 'Unauthorized') && !isFault(error, 'Forbidden')) return
    }
    entry.over.abort()
    this.#leave(entry)
  }

  #leave(entry: Entry): void {
    this.#open.delete(entry)
    if (this.#open.size === 0) this.#waiting.abort(WOKEN)
  }

  #sleep(ms: number, signal: AbortSignal): Promise<void> {
    return this.#parts.clock.sleep(ms, signal).catch((error: unknown) => {
      if (!signal.aborted) throw error
    })
  }
}

interface Entry extends Omit<LastingRequest, 'caller'> {
  caller: Caller
  readonly over: AbortController
}

// Made once: an error costs more than what it ends.
const WOKEN = new Error('there is something to look at')
