import { andThen, type Awaitable, type Clock } from '#base'
import { isErrno } from '../errno.ts'
import { ACCESS_TIMES_PER_CALL } from '../limits.ts'
import type { HomeLink } from '../operation.ts'
import type { Attributes, Ino } from '../vfs.ts'
import { call } from './call.ts'

/**
 * Access times by the rule of relatime (mount(8)): a read moves them only when they are not newer than the last change
 * or a day old. Moved times are gathered and told to the home together.
 */
export class AccessTimes {
  readonly #link: HomeLink
  readonly #clock: Clock
  readonly #moved = new Map<Ino, bigint>()

  constructor(link: HomeLink, clock: Clock) {
    this.#link = link
    this.#clock = clock
  }

  /** The file was read. */
  read(attributes: Attributes): void {
    if (this.#moved.has(attributes.ino)) return
    const { atimeNs, mtimeNs, ctimeNs } = attributes
    const nowNs = this.#clock.wallNs()
    if (atimeNs > mtimeNs && atimeNs > ctimeNs && nowNs - atimeNs < DAY_NS) return
    if (this.#moved.size >= ACCESS_TIMES_PER_CALL) this.flush()
    if (this.#moved.size < ACCESS_TIMES_PER_CALL) this.#moved.set(attributes.ino, nowNs)
  }

  /** Attributes as the reader sees them. */
  overlay(attributes: Attributes): Attributes {
    const atimeNs = this.#moved.get(attributes.ino)
    return atimeNs === undefined ? attributes : { ...attributes, atimeNs }
  }

  /** Forgets a moved time: the file is gone, or its times are being set. */
  drop(ino: Ino): void {
    this.#moved.delete(ino)
  }

  /** Tells the home all moved times. Those it cannot take, as on a full disk, wait for the next time. */
  flush(): Awaitable<void> {
    if (this.#moved.size === 0) return undefined
    const times = [...this.#moved].map(([ino, atimeNs]) => ({ ino, atimeNs }))
    this.#moved.clear()
    return andThen(
      call(() => this.#link.call('touchAccess', { times })),
      failed => {
        if (isErrno(failed)) for (const { ino, atimeNs } of times) this.#moved.set(ino, this.#moved.get(ino) ?? atimeNs)
      },
    )
  }
}

const DAY_NS = 86_400_000_000_000n
