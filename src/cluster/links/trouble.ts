import type { World } from '#base'
import { TROUBLE_AGAIN_MS } from '../limits.ts'

/** Tells of trouble when it begins, every ten minutes while it goes on, and when it is over. */
export class Trouble {
  readonly #world: Pick<World, 'clock' | 'log'>
  readonly #words: { readonly bad: string; readonly over: string }
  #saidMs: number | undefined

  constructor(world: Pick<World, 'clock' | 'log'>, words: { readonly bad: string; readonly over: string }) {
    this.#world = world
    this.#words = words
  }

  /** It goes on. */
  bad(facts: Readonly<Record<string, string>>): void {
    const nowMs = this.#world.clock.monotonicMs()
    if (this.#saidMs !== undefined && nowMs - this.#saidMs < TROUBLE_AGAIN_MS) return
    this.#saidMs = nowMs
    this.#world.log.warn(this.#words.bad, facts)
  }

  /** There is none. */
  good(): void {
    if (this.#saidMs !== undefined) this.#world.log.info(this.#words.over)
    this.#saidMs = undefined
  }
}
