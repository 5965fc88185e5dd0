import { Bell } from './bell.ts'
import type { Holders } from './holders.ts'
import { REPAIR_RETRY_MS } from './limits.ts'
import type { PoolParts } from './parts.ts'

/** Tells every other machine once that this pool has begun: only they know what it should hold, if its disk is empty. */
export class Greeting {
  readonly #parts: PoolParts
  readonly #holders: Holders
  readonly #bell: Bell
  readonly #told = new Set<string>()

  constructor(parts: PoolParts, holders: Holders) {
    this.#parts = parts
    this.#holders = holders
    this.#bell = new Bell(parts.world.clock)
  }

  /** The machines have changed. */
  wake(): void {
    this.#bell.ring()
  }

  /** Works until the pool closes. */
  async run(): Promise<void> {
    const { signal, boot } = this.#parts
    while (!signal.aborted) {
      const untold = this.#parts.view().others.filter(name => !this.#told.has(name))
      await Promise.all(untold.map(name => this.#tell(name, boot)))
      const isDone = untold.every(name => this.#told.has(name))
      await this.#bell.wait(isDone ? undefined : REPAIR_RETRY_MS, signal)
    }
  }

  async #tell(name: string, boot: string): Promise<void> {
    try {
      await this.#holders.get(name).began(boot, this.#parts.signal)
      this.#told.add(name)
    } catch {
      // It is told again: it may be off, or have no map with this machine yet.
    }
  }
}
