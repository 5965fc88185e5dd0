import { LRUCache } from 'lru-cache'
import { atMost } from '#base'
import { DELEGATIONS_MAX } from '../limits.ts'
import type { Attributes, Ino } from '../vfs.ts'

/**
 * Files that were made from here and that nobody else has looked at since: they may be closed before the home has all of
 * them. See `shared/delegations.ts`.
 */
export class Delegated {
  /** With the change time that the home has said last. */
  readonly #files = new Map<Ino, bigint>()
  /** Of sessions that are over: what was closed then is brought to the home if nobody else has changed the file. */
  readonly #former = new Map<Ino, bigint>()
  /** Somebody wants to see them: what is written from now on is waited for. */
  readonly #recalled = new Set<Ino>()
  /** Wanted back before the answer that lent them has come. */
  readonly #early = new LRUCache<number, true>(atMost(DELEGATIONS_MAX))
  #returned: Ino[] = []

  /** Those of which something may be here only. */
  get all(): readonly Ino[] {
    return [...this.#files.keys()]
  }

  /** The home has answered that a file is lent. */
  lent({ ino, ctimeNs }: Pick<Attributes, 'ino' | 'ctimeNs'>): void {
    if (!this.#early.delete(ino)) this.#files.set(ino, ctimeNs)
  }

  /** A file has been changed from here, and looks so at the home. */
  changed({ ino, ctimeNs }: Pick<Attributes, 'ino' | 'ctimeNs'>): void {
    if (this.#files.has(ino)) this.#files.set(ino, ctimeNs)
  }

  /** The change time that a file of a session that is over must still have for what was written then to be laid over it. */
  formerly(ino: Ino): bigint | undefined {
    return this.#former.size === 0 ? undefined : this.#former.get(ino)
  }

  /** Nothing of a session that is over waits to be brought to this file. */
  settled(ino: Ino): void {
    this.#former.delete(ino)
  }

  has(ino: Ino): boolean {
    return this.#files.has(ino) && !this.#recalled.has(ino)
  }

  /** True also for one that is wanted back, and in a session that is over. */
  isLent(ino: Ino): boolean {
    return this.#files.has(ino) || this.#former.has(ino)
  }

  /** The home wants these back. */
  recalled(inos: readonly Ino[]): void {
    for (const ino of inos) {
      if (this.#files.has(ino)) this.#recalled.add(ino)
      else this.#early.set(ino, true)
    }
  }

  /** All of it is at the home, which is to be told. */
  giveBack(ino: Ino): void {
    if (this.#end(ino)) this.#returned.push(ino)
  }

  /** All of it is at the home, which knows. */
  ended(ino: Ino): void {
    this.#end(ino)
  }

  /** What the home is to be told of now. */
  takeReturned(): readonly Ino[] {
    return this.#returned.splice(0, DELEGATIONS_MAX)
  }

  /** The session is over; of these, what was closed is brought to the home in the next. */
  lose(closed: readonly Ino[]): void {
    for (const ino of closed) {
      const ctimeNs = this.#files.get(ino)
      if (ctimeNs !== undefined) this.#former.set(ino, ctimeNs)
    }
    this.#files.clear()
    this.#recalled.clear()
    this.#early.clear()
    this.#returned = []
  }

  #end(ino: Ino): boolean {
    this.#recalled.delete(ino)
    return this.#files.delete(ino)
  }
}
