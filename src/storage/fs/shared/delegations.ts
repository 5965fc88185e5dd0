import { type Clock, OVER } from '#base'
import { isErrno } from '../errno.ts'
import { DELEGATIONS_MAX, RECALL_MAX_MS, RECALLED_MAX } from '../limits.ts'
import type { Ino } from '../vfs.ts'
import type { Member } from './member.ts'
import type { RemoteAnswer, RemoteCall } from './protocol.ts'
import { inosShown } from './told.ts'

interface Delegation {
  readonly holder: Member
  /** Somebody wants to see the file: resolves when all of it is at the home. */
  recalled?: PromiseWithResolvers<void>
}

/**
 * Files that a session has made and nobody else has looked at since: its machine may close such a file before what was
 * written to it is at the home. Whoever else asks for one waits until the session has brought all of it, and returned it.
 * NFSv4 calls it a write delegation (RFC 8881, section 10.4); here it is given once, with the name, and ends with the first close.
 */
export class Delegations {
  readonly #clock: Clock
  readonly #recall: (holder: Member, inos: readonly Ino[]) => void
  readonly #held = new Map<Ino, Delegation>()
  readonly #counts = new Map<Member, number>()

  /** `recall` tells a session that these are wanted. */
  constructor(clock: Clock, recall: (holder: Member, inos: readonly Ino[]) => void) {
    this.#clock = clock
    this.#recall = recall
  }

  get size(): number {
    return this.#held.size
  }

  /** Lends a file to a session; false when that has too many. */
  grant(holder: Member, ino: Ino): boolean {
    const count = this.#counts.get(holder) ?? 0
    if (holder.isLost || count >= DELEGATIONS_MAX || this.#held.has(ino)) return false
    this.#held.set(ino, { holder })
    this.#counts.set(holder, count + 1)
    return true
  }

  /** To be called in the step in which an operation was done: true when it has made a file that is lent to its session. */
  after(author: Member, { kind, input }: RemoteCall, answer: RemoteAnswer['answer']): true | undefined {
    if (isErrno(answer)) return undefined
    if ('returnsDelegation' in input && input.returnsDelegation === true) this.returned(author, [input.ino])
    if (kind === 'returnDelegations' && 'inos' in input) this.returned(author, input.inos)
    const [made] = kind === 'make' && 'isDelegated' in input && input.isDelegated === true ? inosShown(answer) : []
    return made !== undefined && this.grant(author, made) ? true : undefined
  }

  /** The answer to a change that is asked for again: perhaps by another process of the machine, which was lent nothing. */
  still(author: Member, told: RemoteAnswer): RemoteAnswer {
    if (told.isDelegated !== true) return told
    const isHeld = inosShown(told.answer).every(ino => this.isHeldBy(author, ino))
    return isHeld ? told : { ...told, isDelegated: undefined }
  }

  isHeldBy(holder: Member | undefined, ino: Ino): boolean {
    return holder !== undefined && this.#held.get(ino)?.holder === holder
  }

  /** All of these is at the home. */
  returned(holder: Member, inos: Iterable<Ino>): void {
    for (const ino of inos) {
      const delegation = this.#held.get(ino)
      if (delegation?.holder !== holder) continue
      this.#held.delete(ino)
      this.#counts.set(holder, (this.#counts.get(holder) ?? 1) - 1)
      delegation.recalled?.resolve()
    }
  }

  /** The session goes on, perhaps by another process of its machine: of all but these everything is at the home. */
  resumed(holder: Member, inos: readonly Ino[]): void {
    const kept = new Set(inos)
    this.returned(
      holder,
      [...this.#of(holder)].filter(ino => !kept.has(ino)),
    )
    for (const ino of inos) this.grant(holder, ino)
    // Of what it was told before it has heard nothing.
    const wanted = inos.filter(ino => this.#held.get(ino)?.recalled !== undefined)
    this.#tell(holder, wanted)
  }

  /** The session is over: what it had not brought never comes. */
  drop(holder: Member): void {
    const count = this.#counts.get(holder) ?? 0
    if (count > 0) this.returned(holder, this.#of(holder))
    this.#counts.delete(holder)
  }

  /** Wants back what others than `asker` hold of these: resolves when it is here, undefined when it is. */
  recall(inos: Iterable<Ino>, asker: Member | undefined): Promise<void> | undefined {
    if (this.#held.size === 0) return undefined
    const waits: Promise<void>[] = []
    const wanted = new Map<Member, Ino[]>()
    for (const ino of inos) {
      const delegation = this.#held.get(ino)
      if (delegation === undefined || delegation.holder === asker) continue
      const { holder } = delegation
      if (delegation.recalled === undefined) {
        delegation.recalled = Promise.withResolvers()
        const others = wanted.get(holder)
        if (others === undefined) wanted.set(holder, [ino])
        else others.push(ino)
      }
      waits.push(delegation.recalled.promise)
    }
    for (const [holder, own] of wanted) void this.#recallOf(holder, own)
    return waits.length === 0 ? undefined : Promise.all(waits).then(() => undefined)
  }

  /** Wants back everything. */
  recallAll(): Promise<void> | undefined {
    return this.recall([...this.#held.keys()], undefined)
  }

  // A machine that lives and does not bring it must not keep a file from everybody: what comes later is a change like any other.
  async #recallOf(holder: Member, inos: readonly Ino[]): Promise<void> {
    const over = new AbortController()
    const all = Promise.all(inos.map(async ino => this.#held.get(ino)?.recalled?.promise))
    this.#tell(holder, inos)
    const late = this.#clock.sleep(RECALL_MAX_MS, over.signal).then(() => this.returned(holder, inos))
    await Promise.race([all, late.catch(() => undefined)])
    over.abort(OVER)
  }

  #tell(holder: Member, inos: readonly Ino[]): void {
    for (let at = 0; at < inos.length; at += RECALLED_MAX) this.#recall(holder, inos.slice(at, at + RECALLED_MAX))
  }

  *#of(holder: Member): Iterable<Ino> {
    for (const [ino, delegation] of this.#held) if (delegation.holder === holder) yield ino
  }
}
