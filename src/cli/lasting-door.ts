import { assert, isFault } from '#base'
import type { Client } from '#rpc'
import type { Context } from './context.ts'
import { openDoor } from './door.ts'
import { RECONNECT_MS_MAX, RECONNECT_PAUSE_MS, RECONNECTS_MAX } from './limits.ts'

/**
 * A local door that survives the replacement of the storage process: work that a lost connection cut off is done
 * again on a new one. Only for work that may be done twice.
 */
export class LastingDoor implements AsyncDisposable {
  readonly #context: Context
  #client: Promise<Client> | undefined
  #isClosed = false

  constructor(context: Context) {
    this.#context = context
  }

  /** Does the work with a connection, again while connections break. Faults: those of the work and of the door. */
  async run<Value>(work: (client: Client) => Promise<Value>): Promise<Value> {
    const { clock } = this.#context.host
    let brokenSinceMs: number | undefined
    for (let breaks = 0; ; breaks++) {
      try {
        const client = await this.#open()
        brokenSinceMs = undefined
        return await work(client)
      } catch (error) {
        const isBroken = isFault(error, 'Closed') || (isFault(error) && breaks > 0 && AWAY.has(error.code))
        if (!isBroken || breaks > RECONNECTS_MAX || this.#isClosed || this.#context.signal.aborted) throw error
        brokenSinceMs ??= clock.monotonicMs()
        if (clock.monotonicMs() - brokenSinceMs > RECONNECT_MS_MAX) throw error
        await clock.sleep(RECONNECT_PAUSE_MS, this.#context.signal)
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    const client = await this.#client?.catch(() => undefined)
    await client?.[Symbol.asyncDispose]()
  }

  // One connection for all; the first to find it broken makes the next.
  async #open(): Promise<Client> {
    const current = this.#client
    if (current !== undefined) {
      const client = await current.catch(() => undefined)
      if (client?.isOpen === true) return client
      if (this.#client !== current) return this.#open()
    }
    assert(!this.#isClosed, 'work ends before its door does')
    const next = openDoor(this.#context)
    this.#client = next
    return next
  }
}

const AWAY: ReadonlySet<string> = new Set(['NotReady', 'NotRunning', 'Unreachable'])
