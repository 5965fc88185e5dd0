import { type Log, whyOf } from '#base'
import type { PolicyIndex } from '#identity'
import { aggregate } from './defaults.ts'
import type { LocalFetch } from './local-api.ts'

/** Keeps aggregated cluster roles up to date: one look at a time, and one more when something changed meanwhile. */
export class Aggregation implements AsyncDisposable {
  readonly #fetch: LocalFetch
  readonly #policy: PolicyIndex
  readonly #log: Log
  #isWanted = false
  #isClosed = false
  #running: Promise<void> | undefined

  constructor(fetch: LocalFetch, policy: PolicyIndex, log: Log) {
    this.#fetch = fetch
    this.#policy = policy
    this.#log = log
  }

  /** Cluster roles have changed. */
  wake(): void {
    this.#isWanted = true
    if (!this.#isClosed) this.#running ??= this.#run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true
    await this.#running
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#isClosed) {
      this.#isWanted = false
      await aggregate(this.#fetch, this.#policy).catch((error: unknown) => {
        if (!this.#isClosed) this.#log.warn('cluster roles could not be aggregated', { error: whyOf(error) })
      })
    }
    this.#running = undefined
  }
}
