import { type Awaitable, isLater } from '#base'
import { call } from '../client/call.ts'
import type { Home } from '../home/home.ts'
import type { HomeOperations } from '../operation.ts'
import type { Ino } from '../vfs.ts'
import type { Delegations } from './delegations.ts'
import type { Member } from './member.ts'
import type { RemoteCall } from './protocol.ts'
import type { LocalSide } from './session-parts.ts'
import { inosOf, inosShown } from './told.ts'

/** Where what the home lacks may be. */
export interface UnlandedParts {
  readonly home: Home
  readonly local: Pick<LocalSide, 'isDirty' | 'settle'>
  readonly delegations: Delegations
  /** Resolves when no session waits to be resumed; undefined when none does. */
  awake(): Promise<void> | undefined
}

type Asked = Pick<RemoteCall, 'kind' | 'input'>

/**
 * What was written and is not at the home yet: in this process, or by a session to a file that it has made. It is brought
 * there before anybody else sees the file.
 */
export class Unlanded {
  readonly #parts: UnlandedParts

  constructor(parts: UnlandedParts) {
    this.#parts = parts
  }

  /** To be awaited before a session is answered. */
  before(asked: Asked, asker: Member): Awaitable<void> {
    const { local, delegations, awake } = this.#parts
    if (local.isDirty || delegations.size > 0 || awake() !== undefined) return this.#before(asked, asker)
  }

  /** To be awaited before this process's own client is answered; undefined when nothing is elsewhere. */
  beforeLocal<Kind extends keyof HomeOperations>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
  ): Promise<void> | undefined {
    const { delegations, awake } = this.#parts
    if (delegations.size === 0 && awake() === undefined) return undefined
    return this.#elsewhere(this.#concerned({ kind, input } as Asked), undefined)
  }

  /** Brings what others hold of a file. */
  of(ino: Ino): Awaitable<void> {
    return this.#elsewhere([ino], undefined)
  }

  /** Brings all that others hold. */
  all(): Awaitable<void> {
    const { delegations, awake } = this.#parts
    return awake()?.then(() => this.all()) ?? delegations.recallAll()
  }

  async #before(asked: Asked, asker: Member): Promise<void> {
    const { local } = this.#parts
    for (;;) {
      const inos = this.#concerned(asked)
      if (local.isDirty) for (const ino of inos) await local.settle(ino)
      const elsewhere = this.#elsewhere(inos, asker)
      if (elsewhere === undefined) return
      await elsewhere
    }
  }

  // The inodes that an operation names, and those that are found by their names.
  #concerned({ kind, input }: Asked): Ino[] {
    const inos = inosOf({ kind, input, name: undefined } as RemoteCall)
    if (kind !== 'lookup' && kind !== 'list') return inos
    const seen = call(() => this.#parts.home.run(kind, input as never, undefined))
    return isLater(seen) ? inos : [...inos, ...inosShown(seen)]
  }

  // A session that waits to be resumed may have written to any file that it was lent.
  #elsewhere(inos: readonly Ino[], asker: Member | undefined): Promise<void> | undefined {
    const { home, delegations, awake } = this.#parts
    const others = inos.filter(ino => !delegations.isHeldBy(asker, ino))
    const { tables } = home.context
    const all = awake()
    if (all !== undefined && others.some(ino => tables.inode(ino)?.isDelegated === true)) return all
    return delegations.recall(others, asker)
  }
}
