import { andThen, type Awaitable, isLater } from '#base'
import { LockTable } from '../home/lock-table.ts'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import type { HeldLock, LockHolder, LockRequest, PlacedLock } from '../lock.ts'
import type { HomeLink, HomeOperations, LockOperations } from '../operation.ts'
import type { Answer, Ino, Reply } from '../vfs.ts'
import type { LockFile } from './lock-file.ts'
import { call } from './call.ts'

/** What locks of a client half work with. */
export interface ClientLocksParts {
  readonly link: HomeLink
  readonly file: LockFile
  /** Brings what was written to a file to its home. */
  settle(ino: Ino): Reply<void>
  /** Resolves when kernels here know of what others have changed, or after a moment. */
  fresh(): Awaitable<void>
}

interface Wait {
  readonly ino: Ino
  readonly lock: LockRequest
  readonly end: (outcome: Outcome) => void
}

type Outcome = 'held' | 'interrupted' | Errno
type Asked = LockOperations['setLock']['input']

/**
 * Locks of programs on this machine: asked for at the home, known here too, so that giving up what nobody has locked asks nobody,
 * and a home that has begun anew can be told. What was written under a lock is at the home before others can have it.
 */
export class ClientLocks {
  readonly #parts: ClientLocksParts
  readonly #own = new LockTable()
  readonly #waits = new Map<number, Wait>()
  /** Calls under way, by file: what they answer is not known here yet. */
  readonly #calls = new Map<Ino, Set<PromiseLike<unknown>>>()
  #lastWait = 0

  constructor(parts: ClientLocksParts, held: readonly PlacedLock[]) {
    this.#parts = parts
    this.#own.reclaim(OWN, held)
    parts.file.write(this.held)
  }

  /** All that is locked from here. */
  get held(): readonly PlacedLock[] {
    return this.#own.of(OWN)
  }

  /** True while something of a file is locked from here. */
  has(ino: Ino): boolean {
    return this.#own.size > 0 && this.#own.has(ino, OWN)
  }

  get(ino: Ino, lock: LockRequest): Reply<HeldLock | undefined> {
    return andThen(this.#ask(ino, 'getLock', { ino, lock }), answer => (isErrno(answer) ? answer : answer.conflict))
  }

  set(ino: Ino, lock: LockRequest, wait?: AbortSignal): Reply<void> {
    if (lock.type === 'none') return this.#giveUp(ino, lock)
    if (wait !== undefined) return this.#wait(ino, lock, wait)
    return andThen(this.#ask(ino, 'setLock', { ino, lock }), answer => {
      if (!isErrno(answer)) return this.#take(ino, lock)
      if (answer === ERRNO.EAGAIN) this.#exchange(ino, lock)
      return answer
    })
  }

  /** A process has closed the file, or all have closed one open of it. */
  release(ino: Ino, holder: LockHolder): Awaitable<void> {
    const calls = this.#calls.get(ino)
    if (calls !== undefined) return Promise.allSettled(calls).then(() => this.release(ino, holder))
    if (!this.#own.has(ino, OWN, holder)) return undefined
    const released = andThen(this.#settled(ino), () => this.#ask(ino, 'releaseLocks', { ino, holder }))
    return andThen(released, () => {
      this.#own.release(ino, OWN, holder)
      this.#save()
    })
  }

  /** The home has told that a wait is over. */
  granted(wait: number): void {
    this.#waits.get(wait)?.end('held')
  }

  /** The home has begun anew, or this is another session: whoever waits does so there. */
  async askAgain(): Promise<void> {
    await Promise.all(Array.from(this.#waits, ([number, wait]) => this.#askAgain(number, wait)))
  }

  /** The session is over, and with it every lock; answers the files of which something was locked. */
  lost(): readonly Ino[] {
    const inos = new Set(this.held.map(({ ino }) => ino))
    this.#own.drop(OWN)
    this.#save()
    return [...inos]
  }

  /** Leaves what is locked to the next process. */
  close(): void {
    this.#parts.file.close()
  }

  #giveUp(ino: Ino, lock: LockRequest): Reply<void> {
    const calls = this.#calls.get(ino)
    if (calls !== undefined) return Promise.allSettled(calls).then(() => this.#giveUp(ino, lock))
    if (!this.has(ino)) return undefined
    return andThen(this.#settled(ino), () =>
      andThen(this.#ask(ino, 'setLock', { ino, lock }), answer => {
        if (isErrno(answer)) return answer
        this.#know(ino, lock)
        return undefined
      }),
    )
  }

  #wait(ino: Ino, lock: LockRequest, signal: AbortSignal): Reply<void> {
    const number = ++this.#lastWait
    const over = Promise.withResolvers<Outcome>()
    const interrupted = () => over.resolve('interrupted')
    signal.addEventListener('abort', interrupted, { once: true })
    if (signal.aborted) interrupted()
    this.#waits.set(number, { ino, lock, end: over.resolve })
    const end = <Value>(value: Value): Value => {
      this.#waits.delete(number)
      signal.removeEventListener('abort', interrupted)
      return value
    }
    const asked = { ino, lock, wait: number }
    const first = this.#ask(ino, 'setLock', asked)
    if (isLater(first))
      return Promise.race([first, over.promise])
        .then(() => this.#waited(asked, first, over.promise))
        .then(end)
    if (isErrno(first)) return end(first)
    return first.isHeld ? end(this.#take(ino, lock)) : this.#waited(asked, first, over.promise).then(end)
  }

  async #waited(
    asked: Asked,
    first: Reply<{ readonly isHeld: boolean }>,
    over: Promise<Outcome>,
  ): Promise<Answer<void>> {
    const { ino, lock } = asked
    const answered = await Promise.race([first, over])
    // The home does not answer, and who asked has got a signal: what comes of it is given up when it comes.
    if (answered === 'interrupted') {
      void Promise.resolve(first).then(answer => this.#leave(asked, answer))
      return ERRNO.EINTR
    }
    const answer = await first
    if (isErrno(answer)) return answer
    if (!answer.isHeld) this.#exchange(ino, lock)
    const outcome = answer.isHeld ? 'held' : await over
    if (isErrno(outcome)) return outcome
    if (outcome === 'held') return this.#take(ino, lock)
    const cancelled = await this.#ask(ino, 'cancelLock', asked)
    // It came at the same moment as the signal.
    if (!isErrno(cancelled) && cancelled.isHeld) return this.#take(ino, lock)
    return ERRNO.EINTR
  }

  // Nobody waits for it any more.
  async #leave(asked: Asked, answer: Answer<{ readonly isHeld: boolean }>): Promise<void> {
    const { ino, lock } = asked
    if (isErrno(answer) || this.#own.covers(ino, { session: OWN, lock })) return
    const held = answer.isHeld ? answer : await this.#ask(ino, 'cancelLock', asked)
    if (!isErrno(held) && held.isHeld) await this.#ask(ino, 'setLock', { ino, lock: { ...lock, type: 'none' } })
  }

  async #askAgain(number: number, { ino, lock, end }: Wait): Promise<void> {
    const asked = { ino, lock, wait: number }
    const answer = await this.#ask(ino, 'setLock', asked)
    if (this.#waits.has(number)) {
      if (isErrno(answer)) end(answer)
      else if (answer.isHeld) end('held')
      return
    }
    await this.#leave(asked, answer)
  }

  #take(ino: Ino, lock: LockRequest): Reply<void> {
    this.#know(ino, lock)
    return this.#parts.link.isShared ? this.#parts.fresh() : undefined
  }

  // flock(2): what was held is given up before another type of lock is waited for, or refused.
  #exchange(ino: Ino, lock: LockRequest): void {
    if (lock.way === 'whole') this.#know(ino, { ...lock, type: 'none' })
  }

  #know(ino: Ino, lock: LockRequest): void {
    this.#own.set(ino, { session: OWN, lock })
    this.#save()
  }

  #save(): void {
    this.#parts.file.write(this.held)
  }

  // Others see what was written under a lock once they have it.
  #settled(ino: Ino): Reply<void> {
    return this.#parts.link.isShared ? this.#parts.settle(ino) : undefined
  }

  #ask<Kind extends keyof LockOperations>(
    ino: Ino,
    kind: Kind,
    input: HomeOperations[Kind]['input'],
  ): Reply<HomeOperations[Kind]['answer']> {
    const answer = call(() => this.#parts.link.call(kind, input))
    if (!isLater(answer)) return answer
    const calls = this.#calls.get(ino) ?? new Set()
    this.#calls.set(ino, calls.add(answer))
    const done = () => {
      calls.delete(answer)
      if (calls.size === 0) this.#calls.delete(ino)
    }
    void answer.then(done, done)
    return answer
  }
}

// In the table of what is held from here there is one session.
const OWN = 0
