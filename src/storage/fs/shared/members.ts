import type { ByteString, Clock } from '#base'
import type { Revision } from '#keyspace'
import type { Tables, Touched } from '../home/tables.ts'
import { ROOT_INO } from '../inode.ts'
import { STALE_NAMES_MAX } from '../limits.ts'
import { SNAPSHOTS_INO } from '../snapshot/view.ts'
import type { DirectoryPlace, Ino, Invalidation } from '../vfs.ts'
import { Delegations } from './delegations.ts'
import type { Member } from './member.ts'
import { isChange, type RemoteAnswer, type RemoteCall, type Stale } from './protocol.ts'
import { inosOf } from './told.ts'

/** The client half in the home's own process. */
export interface LocalHalf {
  /** A kernel here may have to be told. */
  invalidate(change: Invalidation): void
  /** True when a kernel here may hold the inode; the root it always holds. */
  mayHold(ino: Ino): boolean
}

/**
 * Who believes what: which sessions were told of an inode, and may answer from memory until they are told that it has
 * changed. A change is answered only when all of them have forgotten it, or are lost. It costs nothing while there is no session.
 */
export class Members {
  readonly delegations: Delegations
  readonly #tables: Tables
  readonly #local: LocalHalf
  readonly #members = new Set<Member>()
  readonly #interested = new Map<Ino, Set<Member>>()
  /** The newest revision that each session has made; of this process and its background work under undefined. */
  readonly #newest = new Map<Member | undefined, Revision>()
  #author: Member | undefined
  #touched: Set<Ino> | undefined

  constructor(tables: Tables, local: LocalHalf, clock: Clock) {
    this.delegations = new Delegations(clock, (holder, recalled) => this.#tell(holder, { ...NOTHING, recalled }))
    this.#tables = tables
    this.#local = local
  }

  [Symbol.iterator](): Iterator<Member> {
    return this.#members.values()
  }

  get size(): number {
    return this.#members.size
  }

  add(member: Member): void {
    this.#members.add(member)
    this.#tables.onChanged = touched => this.#changed(touched)
    this.#newest.set(undefined, this.#tables.revision)
  }

  remove(member: Member): void {
    this.#members.delete(member)
    if (this.#newest.delete(member)) this.#newest.set(undefined, this.#tables.revision)
    for (const ino of member.interests) this.#forget(member, ino)
    this.delegations.drop(member)
    member.lose()
    if (this.#members.size === 0) this.#tables.onChanged = undefined
  }

  /** Runs a step on behalf of a session; answers what the step has changed, too. */
  as<Value>(author: Member, step: () => Value): { readonly value: Value; readonly touched: ReadonlySet<Ino> } {
    const touched = new Set<Ino>()
    const before = [this.#author, this.#touched] as const
    this.#author = author
    this.#touched = touched
    try {
      return { value: step(), touched }
    } finally {
      ;[this.#author, this.#touched] = before
    }
  }

  /** The session was told of these inodes as they are now. */
  told(member: Member, inos: Iterable<Ino>): void {
    if (member.isLost) return
    for (const ino of inos) {
      const tooMany = member.learn(ino)
      const interested = this.#interested.get(ino)
      if (interested === undefined) this.#interested.set(ino, new Set([member]))
      else interested.add(member)
      if (tooMany !== undefined) this.#tell(member, { ...NOTHING, inos: [tooMany] })
    }
  }

  /** Those who know the inode have to forget it. */
  stale(ino: Ino): void {
    for (const member of this.#interested.get(ino) ?? NOBODY) this.#tell(member, { ...NOTHING, inos: [ino] })
  }

  /** A session may never hear what a call of it has changed: it has to forget that as others do. */
  unheard(member: Member, call: RemoteCall, { changed }: RemoteAnswer): void {
    // Of a file that was read nothing that matters has changed.
    if (member.isLost || !isChange(call.kind) || call.kind === 'touchAccess') return
    const inos = new Set([...inosOf(call), ...changed.map(({ ino }) => ino)])
    this.#tell(member, { ...NOTHING, inos: [...inos] })
  }

  /** Nobody may go by the limits it was told, or keep room that it does not need. */
  limitsChanged(): void {
    for (const member of this.#members) this.#tell(member, { ...NOTHING, limits: true })
  }

  /** There is another snapshot, or one less. */
  snapshotsChanged(name: ByteString): void {
    const entries = [{ parent: SNAPSHOTS_INO, name }]
    for (const member of this.#members) this.#tell(member, { ...NOTHING, inos: [SNAPSHOTS_INO], entries })
  }

  /** A session has waited for a lock, and holds it now. */
  granted(member: Member, wait: number): void {
    this.#tell(member, { ...NOTHING, granted: [wait] })
  }

  /** Resolves when every session has forgotten what has changed until now; undefined when they have. */
  get quiet(): Promise<void> | undefined {
    let waits: Promise<void>[] | undefined
    for (const member of this.#members) {
      const wait = member.quiet
      if (wait !== undefined) (waits ??= []).push(wait)
    }
    return waits === undefined ? undefined : Promise.all(waits).then(() => undefined)
  }

  /** The newest revision that others than this session have made: it must be durable before the session sees it. */
  newestOfOthers(member: Member): Revision | undefined {
    let newest: Revision | undefined
    for (const [author, revision] of this.#newest) {
      if (author !== member && (newest === undefined || revision > newest)) newest = revision
    }
    return newest
  }

  /** A session has changed these after its own step: the kernel here does not know yet. */
  changedLater(inos: readonly Ino[]): void {
    for (const ino of inos) this.#tellLocal(ino, [])
  }

  #changed({ inos, names, unmarked, asBefore }: Touched): void {
    const author = this.#author
    // Content that only lies elsewhere now looks as it did: whoever sees it need not wait until that is durable.
    const all = [...inos]
    if (!all.every(ino => unmarked.has(ino) && asBefore.has(ino))) this.#newest.set(author, this.#tables.revision)
    for (const ino of all) {
      this.#touched?.add(ino)
      const entries = names.filter(({ parent }) => parent === ino)
      if (author !== undefined && !unmarked.has(ino)) this.#tellLocal(ino, entries)
      // A kernel goes on believing the names of a directory that have not changed, so its machine is told of them on.
      const isDirectory = this.#tables.inode(ino)?.kind === 'directory'
      for (const member of this.#interested.get(ino) ?? NOBODY) {
        if (member === author) continue
        const kept = isDirectory || asBefore.has(ino) ? [ino] : []
        if (unmarked.has(ino)) this.#tell(member, { ...NOTHING, kept, moved: [ino] })
        else this.#tell(member, { ...NOTHING, inos: [ino], kept, entries })
      }
    }
  }

  // A kernel that does not hold a directory knows none of its names.
  #tellLocal(ino: Ino, entries: readonly DirectoryPlace[]): void {
    if (ino !== ROOT_INO && !this.#local.mayHold(ino)) return
    this.#local.invalidate({ kind: 'inode', ino })
    for (const entry of entries) this.#local.invalidate({ kind: 'entry', ...entry })
  }

  #tell(member: Member, what: Omit<Stale, 'number' | 'revision'>): void {
    for (const ino of [...what.inos, ...what.moved]) if (!what.kept.includes(ino)) this.#forget(member, ino)
    const { revision } = this.#tables
    for (let at = 0; at === 0 || at < what.entries.length; at += STALE_NAMES_MAX) {
      const entries = what.entries.slice(at, at + STALE_NAMES_MAX)
      // Who does not listen at all is given up: its lease is over at once.
      if (!member.tell({ ...what, entries, revision })) return this.remove(member)
    }
  }

  #forget(member: Member, ino: Ino): void {
    member.interests.delete(ino)
    const interested = this.#interested.get(ino)
    interested?.delete(member)
    if (interested?.size === 0) this.#interested.delete(ino)
  }
}

const NOTHING: Omit<Stale, 'number' | 'revision'> = { inos: [], kept: [], moved: [], entries: [], granted: [] }
const NOBODY: ReadonlySet<Member> = new Set()
