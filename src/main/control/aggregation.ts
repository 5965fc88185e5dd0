import { type World, whyOf } from '#base'
import type { PolicyIndex } from '#identity'
import { AGGREGATION_STEP_MS } from '../limits.ts'
import { aggregate } from './defaults.ts'
import type { LocalFetch } from './local-api.ts'

/**
 * Keeps aggregated cluster roles up to date: one look at a time, and one more when something changed meanwhile. Looks keep a
 * distance, since each reads all roles, and a thousand roles may be made one after the other.
 */
export class Aggregation implements AsyncDisposable {
  readonly #fetch: LocalFetch
  readonly #policy: PolicyIndex
  readonly #world: Pick<World, 'clock' | 'log'>
  readonly #closing = new AbortController()
  #isWanted = false
  #running: Promise<void> | undefined

  constructor(fetch: LocalFetch, policy: PolicyIndex, world: Pick<World, 'clock' | 'log'>) {
    this.#fetch = fetch
    this.#policy = policy
    this.#world = world
  }

  /** Cluster roles have changed. */
  wake(): void {
    this.#isWanted = true
    if (!this.#closing.signal.aborted) this.#running ??= this.#run(this.#closing.signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#running
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#world
    while (this.#isWanted && !signal.aborted) {
      this.#isWanted = false
      await aggregate(this.#fetch, this.#policy).catch((error: unknown) => {
        if (!signal.aborted) log.warn('cluster roles could not be aggregated', { error: whyOf(error) })
      })
      await clock.sleep(AGGREGATION_STEP_MS, signal).catch(() => undefined)
    }
    this.#running = undefined
  }
}
