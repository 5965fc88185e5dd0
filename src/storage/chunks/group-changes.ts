import type { Digest } from '#base'
import { prefixesOf, prefixOf } from './groups.ts'

/** Counts how often what is held of each group has changed. */
export class GroupChanges {
  readonly #counts = new Uint32Array(PREFIXES)
  /** How often all of them may have. */
  #all = 0

  /** A chunk is held now that was not, or no longer. */
  note(digest: Digest): void {
    const at = prefixOf(digest)
    this.#counts[at] = (this.#counts[at] ?? 0) + 1
  }

  /** Anything may have changed. */
  noteAll(): void {
    this.#all += 1
  }

  /** A number that grows whenever what is held of one of so many groups has changed. */
  versionOf(group: number, groups: number): number {
    const { first, end } = prefixesOf(group, groups)
    let count = this.#all
    for (let at = first; at < end; at++) count += this.#counts[at] ?? 0
    return count
  }
}

const PREFIXES = 65_536
