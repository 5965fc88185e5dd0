import type { Ino } from '../vfs.ts'

/**
 * What was changed from here and is at the home, but perhaps not yet on its disk. A home that lost its power is set back. Who
 * wants it to be durable then is told that it is not, once.
 */
export class Unsynced {
  readonly #lost = new Set<Ino>()
  readonly #syncing = new Set<Set<Ino>>()
  #changed = new Set<Ino>()

  /** How many inodes are waiting for a sync. */
  get size(): number {
    return this.#changed.size
  }

  changed(ino: Ino): void {
    this.#changed.add(ino)
  }

  /** Runs a sync at the home, true when it was done: what was changed before it is durable then. */
  async during<Value>(sync: () => Promise<Value>, isDone: (value: Value) => boolean): Promise<Value> {
    const before = this.#changed
    this.#changed = new Set()
    this.#syncing.add(before)
    let isDurable = false
    try {
      const value = await sync()
      isDurable = isDone(value)
      return value
    } finally {
      // It may have been lost meanwhile.
      if (this.#syncing.delete(before) && !isDurable) for (const ino of before) this.#changed.add(ino)
    }
  }

  /** The home may have been set back. */
  lose(): void {
    for (const inos of [this.#changed, ...this.#syncing]) for (const ino of inos) this.#lost.add(ino)
    this.#changed = new Set()
    this.#syncing.clear()
  }

  /** What was changed of an inode is lost. */
  lost(ino: Ino): void {
    this.#lost.add(ino)
  }

  /** True when changes of the inode may be lost, which is said once. */
  take(ino: Ino): boolean {
    return this.#lost.delete(ino)
  }

  /** True when changes of anything may be lost, which is said once. */
  takeAny(): boolean {
    const isAny = this.#lost.size > 0
    this.#lost.clear()
    return isAny
  }
}
