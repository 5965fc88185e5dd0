import type { Clock } from '#base'
import { isErrno } from '../errno.ts'
import { LEAVE_AFTER_MS, LEAVE_TOGETHER, LEAVING_MAX, LEAVING_MAX_MS, LEFT_AGAIN_MS } from '../limits.ts'
import type { Answer, Ino } from '../vfs.ts'

type Send = () => Promise<Answer<void>>

/** A file on its way. */
interface Gone {
  readonly sinceMs: number
  /** Resolves when it is there, or cannot be brought there now. */
  readonly there: Promise<void>
}

/**
 * Files that were closed before what was written to them last is at a home elsewhere. They leave together, a moment later:
 * many messages at once cost both machines less than one after the other, and whoever makes the next file waits for none.
 */
export class Leaving {
  readonly #clock: Clock
  readonly #waiting = new Map<Ino, Send>()
  readonly #gone = new Map<Ino, Gone>()
  #failedMs = Number.NEGATIVE_INFINITY
  #isTimed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A file is closed: `send` brings all of it to the home and answers when it is there, or why it is not. */
  add(ino: Ino, send: Send): void {
    this.#waiting.set(ino, send)
    if (this.#waiting.size >= LEAVE_TOGETHER) this.#sendAll()
    else if (!this.#isTimed) void this.#sendLater()
  }

  /** True for a file that is sent in a moment. */
  has(ino: Ino): boolean {
    return this.#waiting.has(ino)
  }

  /** True when a file should be waited for: there are too many, they take long, or one did not get there just now. */
  get isFull(): boolean {
    const nowMs = this.#clock.monotonicMs()
    const [oldest] = this.#gone.values()
    const isSlow = oldest !== undefined && nowMs - oldest.sinceMs > LEAVING_MAX_MS
    return isSlow || nowMs - this.#failedMs < LEFT_AGAIN_MS || this.#waiting.size + this.#gone.size >= LEAVING_MAX
  }

  /** Resolves when a file is there, or cannot be brought there now; undefined when it has not to go. */
  of(ino: Ino): Promise<unknown> | undefined {
    if (this.#waiting.has(ino)) this.#send(ino)
    return this.#gone.get(ino)?.there
  }

  /** As {@link of}, of all files. */
  allThere(): Promise<unknown> | undefined {
    this.#sendAll()
    return this.#gone.size === 0 ? undefined : Promise.all(Array.from(this.#gone.values(), ({ there }) => there))
  }

  async #sendLater(): Promise<void> {
    this.#isTimed = true
    await this.#clock.sleep(LEAVE_AFTER_MS, NEVER)
    this.#isTimed = false
    this.#sendAll()
  }

  #sendAll(): void {
    for (const ino of this.#waiting.keys()) this.#send(ino)
  }

  #send(ino: Ino): void {
    const sent = this.#waiting.get(ino)?.()
    this.#waiting.delete(ino)
    if (sent === undefined) return
    const there = sent
      .then(isErrno, () => true)
      .then(hasFailed => {
        if (hasFailed) this.#failedMs = this.#clock.monotonicMs()
        if (this.#gone.get(ino)?.there === there) this.#gone.delete(ino)
      })
    this.#gone.set(ino, { sinceMs: this.#clock.monotonicMs(), there })
  }
}

const NEVER = new AbortController().signal
