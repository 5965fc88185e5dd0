import { LRUCache } from 'lru-cache'
import { LOOK_AHEAD_BATCHES_MAX, LOOK_AHEAD_DIRECTORIES_MAX, LOOK_AHEAD_MISSES } from '../limits.ts'
import type { Ino } from '../vfs.ts'

/** Asks the home for the next of a directory, and keeps in memory what it tells; answers false at the end. */
export type AskForMore<At> = (ino: Ino, at: At) => Promise<boolean>

/** How far a directory has been looked through. */
interface Place<At> {
  misses: number
  readonly at: At
  isAsking: boolean
  isAtEnd: boolean
}

/** What a directory is looked through with. */
export interface LookAheadParts<At> {
  /** Where to begin in a directory of which this inode was the first that was missed. */
  readonly start: (ino: Ino, missed: Ino) => At
  readonly ask: AskForMore<At>
  /** At its end it begins anew when more is missed: what was told may have been forgotten. */
  readonly isAgain: boolean
}

/**
 * Directories of which one thing after another is asked for, as `ls -l`, `git status` and backups do: after a few the home is asked
 * for many at once, so that most of the next need no way to the home and back.
 */
export class LookAhead<At extends object> {
  readonly #places = new LRUCache<Ino, Place<At>>({ max: LOOK_AHEAD_DIRECTORIES_MAX })
  readonly #parts: LookAheadParts<At>

  constructor(parts: LookAheadParts<At>) {
    this.#parts = parts
  }

  /** The home had to be asked for something of the directory, which is there. */
  missed(ino: Ino, what: Ino): void {
    const place = this.#places.get(ino) ?? {
      misses: 0,
      at: this.#parts.start(ino, what),
      isAsking: false,
      isAtEnd: false,
    }
    this.#places.set(ino, place)
    place.misses++
    if (place.misses >= LOOK_AHEAD_MISSES && !place.isAsking && !place.isAtEnd) void this.#go(ino, place)
  }

  /** What was known of directories is forgotten: it may be asked for again. */
  forget(inos: Iterable<Ino>): void {
    for (const ino of inos) this.#places.delete(ino)
  }

  forgetAll(): void {
    this.#places.clear()
  }

  // More batches each time what was asked for did not suffice.
  async #go(ino: Ino, place: Place<At>): Promise<void> {
    const { ask, isAgain } = this.#parts
    place.isAsking = true
    const batches = Math.min(Math.ceil(place.misses / LOOK_AHEAD_MISSES), LOOK_AHEAD_BATCHES_MAX)
    try {
      for (let i = 0; i < batches && !place.isAtEnd; i++) place.isAtEnd = !(await ask(ino, place.at))
      if (place.isAtEnd && isAgain) this.#places.delete(ino)
    } catch {
      this.#places.delete(ino) // who needs it asks for it, and hears why not
    } finally {
      place.isAsking = false
    }
  }
}
