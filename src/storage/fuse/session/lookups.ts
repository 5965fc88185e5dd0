import type { Ino, Vfs } from '#storage/fs'

/**
 * Counts how often the kernel was given each inode, as it counts itself: FORGET takes back so many, and only at zero
 * has the kernel dropped the inode. A resumed session starts at zero, so FORGETs may take more than it gave.
 */
export class Lookups {
  readonly #counts = new Map<Ino, number>()
  readonly #vfs: Vfs
  #unsent: Ino[] = []

  constructor(vfs: Vfs) {
    this.#vfs = vfs
  }

  /** How many inodes the kernel knows from this session. */
  get size(): number {
    return this.#counts.size
  }

  /** The inodes the kernel knows from this session. */
  get all(): Iterable<Ino> {
    return this.#counts.keys()
  }

  /** True when the kernel was given the inode by this session and has not dropped it. */
  has(ino: Ino): boolean {
    return this.#counts.has(ino)
  }

  /** Counts an inode in the reply that is being encoded. */
  add(ino: Ino): void {
    this.#counts.set(ino, (this.#counts.get(ino) ?? 0) + 1)
    this.#unsent.push(ino)
  }

  /** The encoded reply has reached the kernel, or, when not `sent`, its inodes never arrived. */
  settle(sent: boolean): void {
    if (this.#unsent.length === 0) return
    const inos = this.#unsent
    this.#unsent = []
    if (!sent) for (const ino of inos) this.forget(ino, 1)
  }

  /** Takes back `count` lookups. */
  forget(ino: Ino, count: number): void {
    const left = (this.#counts.get(ino) ?? 0) - count
    if (left > 0) {
      this.#counts.set(ino, left)
      return
    }
    this.#counts.delete(ino)
    this.#vfs.forget(ino)
  }

  /** The mount is gone, and with it all the kernel knew. */
  forgetAll(): void {
    const inos = [...this.#counts.keys()]
    this.#counts.clear()
    for (const ino of inos) this.#vfs.forget(ino)
  }
}
