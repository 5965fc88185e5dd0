import { LRUCache } from 'lru-cache'
import { atMost } from '#base'
import { WRITERS_MAX } from '../limits.ts'
import type { Caller, Ino } from '../vfs.ts'

/** Which files are open on this machine, and which of them the home keeps for it although others have unlinked them. */
export class OpenFiles {
  readonly #opens = new Map<Ino, number>()
  /** Said to be held. */
  readonly #claimed = new Set<Ino>()
  readonly #writers = new LRUCache<Ino, Caller>(atMost(WRITERS_MAX))
  /** With writes that are lost. */
  readonly #failed = new Set<Ino>()

  opened(ino: Ino, writer: Caller | undefined): void {
    if (writer !== undefined) this.#writers.set(ino, { ...writer })
    this.#opens.set(ino, (this.#opens.get(ino) ?? 0) + 1)
  }

  /** Who writes to a file, unless somebody has opened it for that. */
  writes(ino: Ino, caller: Caller): void {
    if (!this.#writers.has(ino)) this.#writers.set(ino, { ...caller })
  }

  /** Who opened a file for writing last, also when it is closed by now. */
  writerOf(ino: Ino): Caller | undefined {
    return this.#writers.get(ino)
  }

  /** True when the home has to be told that the file is held no longer. */
  released(ino: Ino): boolean {
    const left = (this.#opens.get(ino) ?? 0) - 1
    if (left > 0) {
      this.#opens.set(ino, left)
      return false
    }
    this.#opens.delete(ino)
    return this.#claimed.delete(ino)
  }

  /** True while any file is open. */
  get some(): boolean {
    return this.#opens.size > 0
  }

  isOpen(ino: Ino): boolean {
    return this.#opens.has(ino)
  }

  get all(): readonly Ino[] {
    for (const ino of this.#opens.keys()) this.#claimed.add(ino)
    return [...this.#opens.keys()]
  }

  /** Those of the inodes that are open: the home keeps them from now on. */
  claim(inos: readonly Ino[]): readonly Ino[] {
    const open = inos.filter(ino => this.#opens.has(ino))
    for (const ino of open) this.#claimed.add(ino)
    return open
  }

  fail(ino: Ino): void {
    this.#failed.add(ino)
  }

  hasFailed(ino: Ino): boolean {
    return this.#failed.has(ino)
  }

  recover(ino: Ino): void {
    this.#failed.delete(ino)
  }
}
