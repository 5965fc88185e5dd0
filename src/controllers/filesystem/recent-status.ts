import type { Clock } from '#base'
import type { NodeStatus } from '#rpc'
import { STORAGE_RECENT_MS } from '../limits.ts'
import type { Storage } from './storage.ts'

/** What storage says of itself, asked once for all who look at the same time. */
export class RecentStatus {
  readonly #storage: Pick<Storage, 'status'>
  readonly #clock: Clock
  #last: { readonly sinceMs: number; readonly status: Promise<NodeStatus> } | undefined

  constructor(storage: Pick<Storage, 'status'>, clock: Clock) {
    this.#storage = storage
    this.#clock = clock
  }

  /** As it is, or was a moment ago. Faults: those of the door. */
  status(signal: AbortSignal): Promise<NodeStatus> {
    const nowMs = this.#clock.monotonicMs()
    if (this.#last !== undefined && nowMs - this.#last.sinceMs < STORAGE_RECENT_MS) return this.#last.status
    const asked = { sinceMs: nowMs, status: this.#storage.status(signal) }
    this.#last = asked
    asked.status.catch(() => {
      if (this.#last === asked) this.#last = undefined
    })
    return asked.status
  }

  /** To be called when something was changed. */
  forget(): void {
    this.#last = undefined
  }
}
