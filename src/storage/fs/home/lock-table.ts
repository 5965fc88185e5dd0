import { ERRNO, type Errno } from '../errno.ts'
import { LOCKS_MAX, LOCKS_PER_SESSION_MAX, LOCK_WAITS_PER_SESSION_MAX } from '../limits.ts'
import { excludes, type HeldLock, isOf, type LockHolder, type LockRequest, type PlacedLock, withLock } from '../lock.ts'
import type { Ino } from '../vfs.ts'

interface Held {
  readonly session: number
  readonly lock: HeldLock
}

interface Waiting {
  readonly session: number
  /** The number by which the session knows it. */
  readonly wait: number
  readonly ino: Ino
  readonly lock: LockRequest
}

/** How a lock is asked for: `wait` names the request that waits when it cannot be had now. */
export interface LockAsking {
  readonly session: number
  readonly lock: LockRequest
  readonly wait?: number | undefined
}

/**
 * Who has locked what, in memory: locks of fcntl(2) and flock(2) on every file of one filesystem, by sessions and their owners.
 * Who waits gets a lock in the order of asking, as soon as nobody holds one that excludes it.
 */
export class LockTable {
  /** Told of each lock that somebody has waited for and holds from now on. */
  onGranted: (session: number, wait: number) => void = () => {}
  readonly #held = new Map<Ino, readonly Held[]>()
  readonly #waiting = new Map<Ino, readonly Waiting[]>()
  /** How many locks, and how many waiting requests, a session has. */
  readonly #counts = new Map<number, number>()
  readonly #waits = new Map<number, number>()
  #count = 0

  /** The first lock that keeps this one from being had. */
  conflict(ino: Ino, { session, lock }: LockAsking): (HeldLock & { readonly session: number }) | undefined {
    const found = this.#conflicts(ino, session, lock)[0]
    return found === undefined ? undefined : { ...found.lock, session: found.session }
  }

  /**
   * Sets a lock, or gives it up; `waits`: it will be held later. EAGAIN when it cannot be had, EDEADLK when whoever holds it
   * waits for this owner, ENOLCK when there are too many.
   */
  set(ino: Ino, asking: LockAsking): 'held' | 'waits' | Errno {
    const { session, lock, wait } = asking
    if (lock.type !== 'none' && this.#conflicts(ino, session, lock).length > 0) {
      // flock(2): whoever asks for another type gives up what it holds before it waits.
      if (lock.way === 'whole') this.#change(ino, { session, lock: { ...lock, type: 'none' } })
      if (wait === undefined) return ERRNO.EAGAIN
      if (lock.way === 'range' && this.#wouldDeadlock(ino, asking)) return ERRNO.EDEADLK
      return this.#wait({ session, wait, ino, lock })
    }
    if (lock.type !== 'none' && this.#isFull(session)) return ERRNO.ENOLCK
    this.#change(ino, asking)
    return 'held'
  }

  /** Gives up what a holder has locked of a file. */
  release(ino: Ino, session: number, holder: LockHolder): void {
    this.#keep(ino, held => held.session !== session || !isOf(held.lock, holder))
  }

  /** Ends a wait: true when it was one, false when the lock is held already or was never asked for. */
  cancel(session: number, wait: number): boolean {
    return this.#dropWaiting(each => each.session === session && each.wait === wait)
  }

  /** A session is over, with all it had locked. */
  drop(session: number): void {
    this.dropWaits(session)
    for (const ino of this.#held.keys()) this.#keep(ino, held => held.session !== session)
  }

  /** Nobody in the session waits any more. */
  dropWaits(session: number): void {
    this.#dropWaiting(each => each.session === session)
  }

  /** A session says what it holds, and holds just that from now on; nothing, and false, when others exclude it. */
  reclaim(session: number, locks: readonly PlacedLock[]): boolean {
    this.dropWaits(session)
    const before = [...this.#held.keys()].filter(ino => this.has(ino, session))
    for (const ino of before)
      this.#put(
        ino,
        (this.#held.get(ino) ?? NONE).filter(held => held.session !== session),
      )
    const isFree = ({ ino, ...lock }: PlacedLock) => this.#conflicts(ino, session, lock).length === 0
    const isRight = locks.length <= LOCKS_PER_SESSION_MAX && locks.every(isFree)
    if (isRight) for (const { ino, ...lock } of locks) this.#change(ino, { session, lock })
    for (const ino of before) this.#grant(ino)
    return isRight
  }

  /** What a session holds. */
  of(session: number): readonly PlacedLock[] {
    return [...this.#held].flatMap(([ino, all]) =>
      all.flatMap(held => (held.session === session ? [{ ...held.lock, ino }] : [])),
    )
  }

  /** True when a session has locked something of a file; with a holder, when that one has. */
  has(ino: Ino, session: number, holder?: LockHolder): boolean {
    const all = this.#held.get(ino) ?? NONE
    return all.some(held => held.session === session && (holder === undefined || isOf(held.lock, holder)))
  }

  /** True when an owner holds all that a lock stands for. */
  covers(ino: Ino, { session, lock }: LockAsking): boolean {
    const own = (this.#held.get(ino) ?? NONE).filter(held => isSame(held, { session, lock }))
    return own.some(({ lock: { type, from, to } }) => type === lock.type && from <= lock.from && lock.to <= to)
  }

  /** How many locks are held. */
  get size(): number {
    return this.#count
  }

  #conflicts(ino: Ino, session: number, lock: LockRequest): Held[] {
    const all = this.#held.get(ino) ?? NONE
    return all.filter(held => !isSame(held, { session, lock }) && excludes(held.lock, lock))
  }

  #change(ino: Ino, { session, lock }: LockAsking): void {
    const all = this.#held.get(ino) ?? NONE
    const [own, others] = [[] as HeldLock[], [] as Held[]]
    for (const held of all) {
      if (isSame(held, { session, lock })) own.push(held.lock)
      else others.push(held)
    }
    const next = withLock(own, lock).map(each => ({ session, lock: each }))
    this.#put(ino, [...others, ...next])
    this.#grant(ino)
  }

  #keep(ino: Ino, isKept: (held: Held) => boolean): void {
    const all = this.#held.get(ino) ?? NONE
    const kept = all.filter(isKept)
    if (kept.length === all.length) return
    this.#put(ino, kept)
    this.#grant(ino)
  }

  #put(ino: Ino, next: readonly Held[]): void {
    for (const { session } of this.#held.get(ino) ?? NONE) this.#tally(session, -1)
    for (const { session } of next) this.#tally(session, 1)
    if (next.length === 0) this.#held.delete(ino)
    else this.#held.set(ino, next)
  }

  #tally(session: number, more: 1 | -1): void {
    this.#count += more
    count(this.#counts, session, more)
  }

  #isFull(session: number): boolean {
    return this.#count >= LOCKS_MAX || (this.#counts.get(session) ?? 0) >= LOCKS_PER_SESSION_MAX
  }

  #wait(waiting: Waiting): 'waits' | Errno {
    const { session, ino } = waiting
    // Asked again by a session that goes on.
    this.cancel(session, waiting.wait)
    if ((this.#waits.get(session) ?? 0) >= LOCK_WAITS_PER_SESSION_MAX) return ERRNO.ENOLCK
    this.#waiting.set(ino, [...(this.#waiting.get(ino) ?? []), waiting])
    count(this.#waits, session, 1)
    return 'waits'
  }

  #grant(ino: Ino): void {
    for (const waiting of this.#waiting.get(ino) ?? []) {
      const { session, lock, wait } = waiting
      if (this.#conflicts(ino, session, lock).length > 0) continue
      this.#dropWaiting(each => each === waiting)
      this.#change(ino, { session, lock })
      this.onGranted(session, wait)
      // What is held now may keep others waiting, or, as a lesser lock than before, let them go on.
      return this.#grant(ino)
    }
  }

  #dropWaiting(isGone: (waiting: Waiting) => boolean): boolean {
    let dropped = false
    for (const [ino, all] of this.#waiting) {
      const left = all.filter(waiting => !isGone(waiting))
      if (left.length === all.length) continue
      for (const waiting of all) if (isGone(waiting)) count(this.#waits, waiting.session, -1)
      dropped = true
      if (left.length === 0) this.#waiting.delete(ino)
      else this.#waiting.set(ino, left)
    }
    return dropped
  }

  // Whom would it wait for, and for whom do they wait, and so on: is one of them who asks?
  #wouldDeadlock(ino: Ino, asking: LockAsking): boolean {
    const seen = new Set<string>()
    const next: (readonly [Ino, number, LockRequest])[] = [[ino, asking.session, asking.lock]]
    for (let at = next.pop(); at !== undefined; at = next.pop()) {
      for (const holder of this.#conflicts(...at)) {
        if (isSame(holder, asking)) return true
        const name = `${holder.session}/${holder.lock.owner}`
        if (seen.has(name)) continue
        seen.add(name)
        for (const all of this.#waiting.values()) {
          for (const each of all) {
            if (each.lock.way === 'range' && isSame(each, holder)) next.push([each.ino, each.session, each.lock])
          }
        }
      }
    }
    return false
  }
}

function isSame(
  one: { readonly session: number; readonly lock: LockRequest },
  other: { readonly session: number; readonly lock: LockRequest },
): boolean {
  return one.session === other.session && one.lock.owner === other.lock.owner && one.lock.way === other.lock.way
}

function count(counts: Map<number, number>, session: number, more: 1 | -1): void {
  const next = (counts.get(session) ?? 0) + more
  if (next === 0) counts.delete(session)
  else counts.set(session, next)
}

const NONE: readonly Held[] = []
