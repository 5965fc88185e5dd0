import type { Ino } from '../vfs.ts'
import type { UnsyncedFile, UnsyncedRow } from './unsynced-file.ts'

/**
 * What was changed from here and is at the home, but perhaps not yet on its disk. A home that lost its power is set back. Who
 * wants it to be durable then is told that it is not, once.
 */
export class Unsynced {
  readonly #file: Pick<UnsyncedFile, 'left' | 'add' | 'keep'> | undefined
  readonly #lost = new Set<Ino>()
  readonly #syncing = new Set<Set<Ino>>()
  #changed = new Set<Ino>()

  /** With a file it goes on with what an earlier process has left there. */
  constructor(file?: Pick<UnsyncedFile, 'left' | 'add' | 'keep'>) {
    this.#file = file
    for (const { ino, isLost } of file?.left?.rows ?? []) (isLost ? this.#lost : this.#changed).add(ino)
  }

  /** How many inodes are waiting for a sync. */
  get size(): number {
    return this.#changed.size
  }

  changed(ino: Ino): void {
    if (this.#changed.has(ino)) return
    this.#changed.add(ino)
    this.#file?.add(ino)
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
      if (this.#syncing.delete(before)) {
        if (!isDurable) for (const ino of before) this.#changed.add(ino)
        else if (before.size > 0) this.#keep()
      }
    }
  }

  /** The home may have been set back. */
  lose(): void {
    for (const inos of [this.#changed, ...this.#syncing]) for (const ino of inos) this.#lost.add(ino)
    this.#changed = new Set()
    this.#syncing.clear()
    this.#keep()
  }

  /** What was changed of these inodes is lost. */
  lost(inos: readonly Ino[]): void {
    if (inos.length === 0) return
    for (const ino of inos) this.#lost.add(ino)
    this.#keep()
  }

  /** True when changes of the inode may be lost, which is said once. */
  take(ino: Ino): boolean {
    const isLost = this.#lost.delete(ino)
    if (isLost) this.#keep()
    return isLost
  }

  /** True when changes of anything may be lost, which is said once. */
  takeAny(): boolean {
    const isAny = this.#lost.size > 0
    this.#lost.clear()
    if (isAny) this.#keep()
    return isAny
  }

  #keep(): void {
    if (this.#file === undefined) return
    const changed = new Set([this.#changed, ...this.#syncing].flatMap(inos => [...inos]))
    const rows: UnsyncedRow[] = Array.from(changed, ino => ({ ino, isLost: false }))
    this.#file.keep([...rows, ...Array.from(this.#lost, ino => ({ ino, isLost: true }))])
  }
}
