import { INTERESTS_MAX, LEASE_MS, STALE_BATCH_MAX, STALE_MAX, WRITERS_MAX } from '../limits.ts'
import type { DirectoryPlace, Ino } from '../vfs.ts'
import type { Access, RemoteAnswer, Stale } from './protocol.ts'

/** A change in one slot of a session: the last it has had. */
export interface SlotRow {
  readonly sequence: number
  readonly answer: Promise<RemoteAnswer>
  /** It could not be answered: whoever asks again is answered anew. */
  hasFailed: boolean
}

/** Who a session belongs to. */
export interface MemberStart {
  readonly session: number
  readonly machine: string
  readonly access: Access
}

/** One session of another machine, as the home keeps it in memory. */
export class Member {
  readonly session: number
  readonly machine: string
  access: Access
  /** Until when it lives, by the monotonic clock, unless it is heard of. */
  leaseEndMs = 0
  isLost = false
  /** What it was told and may believe, the oldest first. */
  readonly interests = new Set<Ino>()
  /** Files that it has open, and that may have no name. */
  readonly holds = new Set<Ino>()
  readonly slots = new Map<number, SlotRow>()
  /** Files that it may write to, as somebody there could open or make them. */
  readonly #written = new Set<Ino>()
  /** Told, or about to be, and not yet acknowledged. */
  #unacknowledged: Stale[] = []
  #number = 0
  #sentNumber = 0
  #watcher: (() => void) | undefined
  #watches = 0
  readonly #waiting: { readonly number: number; readonly resolve: () => void }[] = []

  constructor({ session, machine, access }: MemberStart) {
    this.session = session
    this.machine = machine
    this.access = access
  }

  /** True when it was let write to a file before. */
  mayWrite(ino: Ino): boolean {
    return this.#written.has(ino)
  }

  /** It may write to a file from now on. */
  wrote(ino: Ino): void {
    this.#written.add(ino)
    const [oldest] = this.#written
    if (this.#written.size > WRITERS_MAX && oldest !== undefined) this.#written.delete(oldest)
  }

  /** It was heard of. */
  renew(nowMs: number): void {
    this.leaseEndMs = nowMs + LEASE_MS
  }

  /** It was told of an inode; answers one that it has to forget because it knows too many. */
  learn(ino: Ino): Ino | undefined {
    if (this.interests.has(ino)) return undefined
    this.interests.add(ino)
    if (this.interests.size <= INTERESTS_MAX) return undefined
    const [oldest] = this.interests
    return oldest
  }

  /** It may believe this no longer. False when it has so much to forget that it must be given up. */
  tell(stale: Omit<Stale, 'number'>): boolean {
    if (this.#unacknowledged.length >= STALE_MAX) return false
    this.#number += 1
    this.#unacknowledged.push({ ...stale, number: this.#number })
    this.#watcher?.()
    return true
  }

  /** Resolves when it has acknowledged everything it was told until now, or is lost; undefined when it has. */
  get quiet(): Promise<void> | undefined {
    if (this.#unacknowledged.length === 0 || this.isLost) return undefined
    return new Promise(resolve => this.#waiting.push({ number: this.#number, resolve }))
  }

  acknowledge(number: number): void {
    this.#unacknowledged = this.#unacknowledged.filter(stale => stale.number > number)
    this.#wake(number)
  }

  lose(): void {
    this.isLost = true
    this.#unacknowledged = []
    this.#wake(Number.POSITIVE_INFINITY)
    this.#watcher?.()
  }

  /** What it has to forget, from the first that is not acknowledged on; ends when another watch begins, or it is lost. */
  async *watch(signal: AbortSignal): AsyncGenerator<Stale, void, undefined> {
    const mine = ++this.#watches
    this.#watcher?.()
    this.#sentNumber = 0
    const wake = () => this.#watcher?.()
    signal.addEventListener('abort', wake, { once: true })
    try {
      while (!this.isLost && !signal.aborted && mine === this.#watches) {
        const batch = this.#unacknowledged.filter(stale => stale.number > this.#sentNumber).slice(0, STALE_BATCH_MAX)
        const last = batch.at(-1)
        if (last === undefined) {
          await new Promise<void>(resolve => {
            this.#watcher = resolve
          })
          continue
        }
        this.#sentNumber = last.number
        yield together(batch, last)
      }
    } finally {
      signal.removeEventListener('abort', wake)
    }
  }

  #wake(number: number): void {
    for (const waiting of this.#waiting.splice(0)) {
      if (waiting.number <= number) waiting.resolve()
      else this.#waiting.push(waiting)
    }
  }
}

function together(batch: readonly Stale[], last: Stale): Stale {
  const inos = new Set(batch.flatMap(stale => stale.inos))
  const moved = new Set(batch.flatMap(stale => stale.moved).filter(ino => !inos.has(ino)))
  const entries = new Map<string, DirectoryPlace>()
  for (const stale of batch) for (const entry of stale.entries) entries.set(`${entry.parent}/${entry.name}`, entry)
  // What was to be forgotten as a whole once is not kept.
  const whole = new Set(
    batch.flatMap(stale => [...stale.inos, ...stale.moved].filter(ino => !stale.kept.includes(ino))),
  )
  const kept = [...inos, ...moved].filter(ino => !whole.has(ino))
  const granted = batch.flatMap(stale => stale.granted)
  const recalled = batch.flatMap(stale => stale.recalled ?? [])
  const limits = batch.some(stale => stale.limits === true)
  return {
    ...last,
    inos: [...inos],
    kept,
    moved: [...moved],
    entries: [...entries.values()],
    granted,
    recalled,
    limits,
  }
}
