import { ROOM_BYTES_MAX } from '../limits.ts'
import type { Room, RoomAsked } from '../operation.ts'
import type { Quota } from '../quota.ts'

/**
 * Room in quotas that the home has promised to sessions for what they have written and not brought to it yet. What is used
 * and what is promised never come to more than a limit, whoever writes where. In memory only: see {@link allow}.
 */
export class Rooms {
  /** By quota, then by session: bytes. */
  readonly #promised = new Map<number, Map<number, number>>()
  /** Bytes that a session may still bring although nothing is promised. */
  readonly #allowed = new Map<number, number>()
  /** Asks all sessions for the room they do not need; resolves when they have answered. Undefined: there are none. */
  onRecall: () => Promise<void> | undefined = () => undefined

  /** True when anything is promised. */
  get isAny(): boolean {
    return this.#promised.size > 0
  }

  /** Bytes of a quota that are promised to all sessions together. */
  promised(quota: number): number {
    let sum = 0
    for (const bytes of this.#promised.get(quota)?.values() ?? []) sum += bytes
    return sum
  }

  /** Bytes of a quota that are promised to one session. */
  of(quota: number, session: number): number {
    return this.#promised.get(quota)?.get(session) ?? 0
  }

  /**
   * Gives a session at least `least` bytes, and up to `most` of a quarter of what is left then; gives it nothing more when
   * that does not fit. What is more than `most` is taken back. Answers what it has now.
   */
  reserve(quota: Quota, session: number, { least, most }: Omit<RoomAsked, 'id'>): Room {
    const { id, bytesMax } = quota
    const has = this.of(id, session)
    const left = (bytesMax ?? Number.MAX_SAFE_INTEGER) - quota.bytesUsed - this.promised(id)
    const rest = left - Math.max(0, least - has)
    if (most <= has) this.#set(id, session, most)
    else if (rest >= 0 && least <= ROOM_BYTES_MAX) {
      const ahead = Math.min(most, ROOM_BYTES_MAX) - Math.max(least, has)
      this.#set(id, session, Math.max(least, has) + Math.max(0, Math.min(ahead, Math.floor(rest / 4))))
    }
    return { id, bytes: this.of(id, session) }
  }

  /** What a session has written takes these bytes more of a quota; false when there is no room for them. */
  mayTake(quota: Quota, session: number, bytes: number): boolean {
    const more = bytes - this.of(quota.id, session)
    if (more <= 0 || quota.bytesMax === undefined) return true
    return quota.bytesUsed + this.promised(quota.id) + more <= quota.bytesMax || more <= this.#allowance(session)
  }

  /** They are used from now on, and promised no longer. */
  take({ id, bytesMax }: Quota, session: number, bytes: number): void {
    if (bytes <= 0 || bytesMax === undefined) return
    const has = this.of(id, session)
    this.#set(id, session, Math.max(0, has - bytes))
    const allowance = this.#allowance(session)
    if (allowance > 0 && bytes > has) this.allow(session, Math.max(0, allowance - bytes + has))
  }

  /** What was promised to a session before this process began is not known: so much it may bring all the same. */
  allow(session: number, bytes: number): void {
    if (bytes === 0) this.#allowed.delete(session)
    else this.#allowed.set(session, bytes)
  }

  /** A session is over. */
  drop(session: number): void {
    this.#allowed.delete(session)
    for (const quota of this.#promised.keys()) this.#set(quota, session, 0)
  }

  #allowance(session: number): number {
    return this.#allowed.get(session) ?? 0
  }

  #set(quota: number, session: number, bytes: number): void {
    const sessions = this.#promised.get(quota) ?? new Map<number, number>()
    if (bytes > 0) this.#promised.set(quota, sessions.set(session, bytes))
    else if (sessions.delete(session) && sessions.size === 0) this.#promised.delete(quota)
  }
}
