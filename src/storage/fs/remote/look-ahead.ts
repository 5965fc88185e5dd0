import { LRUCache } from 'lru-cache'
import { isErrno } from '../errno.ts'
import { LOOK_AHEAD_DIRECTORIES_MAX, LOOK_AHEAD_MISSES, REMOTE_LIST_MAX } from '../limits.ts'
import type { Answer, Cookie, DirectoryEntry, Ino } from '../vfs.ts'

/** Asks the home for entries of a directory behind a place, and keeps in memory what it tells of them. */
export type AskForEntries = (ino: Ino, after: Cookie, limit: number) => Promise<Answer<readonly DirectoryEntry[]>>

/** How far a directory has been looked through. */
interface Place {
  misses: number
  after: Cookie
  isAsking: boolean
  isAtEnd: boolean
}

/**
 * Directories whose names are asked for one by one, as `ls -l`, `git status` and backups do: after a few the home is asked for
 * many at once, from the beginning of the directory on, so that most of the next need no way to the home and back.
 */
export class LookAhead {
  readonly #places = new LRUCache<Ino, Place>({ max: LOOK_AHEAD_DIRECTORIES_MAX })
  readonly #ask: AskForEntries

  constructor(ask: AskForEntries) {
    this.#ask = ask
  }

  /** The home had to be asked for a name of the directory, which is there. */
  missed(ino: Ino): void {
    const place = this.#places.get(ino) ?? { misses: 0, after: START, isAsking: false, isAtEnd: false }
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

  // Twice as many batches each time the names that were asked for did not suffice.
  async #go(ino: Ino, place: Place): Promise<void> {
    place.isAsking = true
    const batches = Math.ceil(place.misses / LOOK_AHEAD_MISSES)
    try {
      for (let i = 0; i < batches && !place.isAtEnd; i++) {
        const entries = await this.#ask(ino, place.after, REMOTE_LIST_MAX)
        const last = isErrno(entries) ? undefined : entries.at(-1)
        if (last === undefined) place.isAtEnd = true
        else place.after = last.cookie
      }
    } catch {
      this.#places.delete(ino) // who needs a name asks for it, and hears why not
    } finally {
      place.isAsking = false
    }
  }
}

/** Behind `.` and `..`. */
const START = 2 as Cookie
