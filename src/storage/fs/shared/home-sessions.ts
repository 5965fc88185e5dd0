import { andThen, type Awaitable, type ByteString, forAWhile, isLater } from '#base'
import { call as safely } from '../client/call.ts'
import { isErrno } from '../errno.ts'
import { LOCAL_SESSION } from '../home/locks.ts'
import { isMaking } from '../home/make.ts'
import type { RequestName } from '../home/result.ts'
import {
  HELD_MAX,
  INTERESTS_MAX,
  KERNEL_TOLD_MS,
  LEASE_MS,
  SESSIONS_MAX,
  STAGED_WRITES_MS,
  STAGING_BYTES_MAX,
} from '../limits.ts'
import type { HomeOperations } from '../operation.ts'
import type { Ino, Reply } from '../vfs.ts'
import type { Delegations } from './delegations.ts'
import { closes, lost, sessionFault } from './faults.ts'
import { Member, type SlotRow } from './member.ts'
import { Members } from './members.ts'
import { permitted, type Session } from './permitted.ts'
import {
  type Access,
  type Acknowledgement,
  type Grant,
  isChange,
  isLock,
  type RemoteAnswer,
  type RemoteCall,
  type Resumption,
  type Stale,
} from './protocol.ts'
import { answerAgain } from './again.ts'
import { isInLog } from './answered.ts'
import type { Asker, Asleep, HomeSessionsParts } from './session-parts.ts'
import { requestOf, SessionTable } from './session-table.ts'
import { readSealed, withSealed } from './small-files.ts'
import { contentWithin, inosOf, inosShown, orphansIn, shown } from './told.ts'
import { Unlanded } from './unlanded.ts'

/**
 * The sessions of machines that use a filesystem whose home is here. A session lives while it is heard of at least every
 * LEASE_MS; each of its changes is done once, however often it is asked for; what it believes it is told to forget before
 * a change by anybody else is answered.
 */
export class HomeSessions {
  readonly #parts: HomeSessionsParts
  readonly #members: Members
  readonly #table: SessionTable
  /** What was written and is not at the home yet. */
  readonly unlanded: Unlanded
  readonly #byNumber = new Map<number, Member>()
  /** Sessions of before this process began: until when they may be resumed. */
  readonly #asleep = new Map<number, Asleep>()
  /** Unlinked files that this process's own client may hold. */
  readonly #localHolds = new Set<Ino>()
  /** Until when sessions of before this process began may write what they had written then. */
  readonly #staged = new WeakMap<Member, number>()
  /** Resolves when no session waits to be resumed. */
  #allAwake = Promise.withResolvers<void>()
  /** Changes of this process that wait for other machines. */
  #localChanges = 0
  #isServing = false
  #isClosing = false
  #durable = 0
  #mustReap: boolean

  constructor(parts: HomeSessionsParts) {
    this.#parts = parts
    const { tables } = parts.home.context
    this.#members = new Members(tables, parts.local, parts.world.clock)
    this.unlanded = new Unlanded({
      home: parts.home,
      local: parts.local,
      delegations: this.#delegations,
      awake: () => (this.#asleep.size === 0 ? undefined : this.#allAwake.promise),
    })
    this.#table = new SessionTable(tables.keyspace)
    parts.home.context.locks.onGranted = (session, wait) => this.#granted(session, wait)
    parts.home.context.rooms.onRecall = () => this.#recall()
    const untilMs = parts.world.clock.monotonicMs() + LEASE_MS
    for (const [session, { machine, bootId }, revision] of this.#table.all()) {
      const { since } = parts
      const endsBefore = since !== undefined && revision < since.first ? since.first : undefined
      // This machine's own goes on with nobody: what it had is this process's now.
      const isOwn = machine === since?.own
      const isOther = endsBefore !== undefined && !isOwn
      if (isOther || (bootId === parts.bootId && !isOwn)) this.#asleep.set(session, { machine, untilMs, endsBefore })
      else this.#table.delete(session)
    }
    this.#mustReap = !parts.isMounted
    if (parts.isMounted) for (const ino of parts.home.orphans()) this.#localHolds.add(ino)
    this.tick()
  }

  /** From now on the client in this process answers for what other machines believe, too. */
  serve(): void {
    this.#isServing = true
    this.#share()
  }

  /** Begins a session, or goes on with one. Faults: TooManySessions. */
  open({ machine, access }: Asker, resume: Resumption | undefined): Grant {
    if (this.#isClosing) throw closes(undefined)
    const known = resume === undefined ? undefined : this.#resume(machine, resume)
    const member = known ?? this.#begin(machine, access)
    member.access = access
    member.renew(this.#nowMs)
    const { home, superblock, bootId: boot } = this.#parts
    const kept = home.lastSequence(requestOf(member.session, { slot: 0, sequence: 0 }).session)
    const lastSequence = Math.max(kept, ...Array.from(member.slots.values(), ({ sequence }) => sequence))
    const orphans = [...member.holds].filter(ino => home.context.tables.inode(ino)?.nlink === 0).slice(0, HELD_MAX)
    const isResumed = known !== undefined
    const epoch = this.#parts.epochs?.at(-1)?.epoch
    return { session: member.session, isResumed, lastSequence, access, boot, epoch, orphans, superblock }
  }

  /** Does one operation, once. Faults: SessionLost, SessionAsleep, Superseded. */
  async call(session: number, asker: Asker, call: RemoteCall): Promise<RemoteAnswer> {
    try {
      return await this.#callOnce(session, asker, call)
    } catch (error) {
      if (this.#isClosing) throw closes(error)
      throw error
    }
  }

  async #callOnce(session: number, asker: Asker, call: RemoteCall): Promise<RemoteAnswer> {
    const member = this.#member(session, asker)
    const { name } = call
    if (name === undefined) return this.#run(member, call, undefined)
    const row = member.slots.get(name.slot)
    if (row?.sequence === name.sequence && !row.hasFailed) return this.#delegations.still(member, await row.answer)
    if (row !== undefined && row.sequence > name.sequence) throw sessionFault('Superseded', 'a later change is there')
    const request = requestOf(session, name)
    const done = this.#parts.home.resultOf(request)
    const answer = done === undefined ? this.#run(member, call, request) : this.#again(member, call, done.ino)
    const slot: SlotRow = { sequence: name.sequence, answer, hasFailed: false }
    answer.catch(() => {
      slot.hasFailed = true
    })
    member.slots.set(name.slot, slot)
    return answer
  }

  /** What the session has to forget. Faults: SessionLost, SessionAsleep. */
  async *watch(session: number, asker: Asker, signal: AbortSignal): AsyncGenerator<Stale, void, undefined> {
    const member = this.#member(session, asker)
    yield* member.watch(signal)
    if (member.isLost) throw lost(session)
  }

  /** The session has forgotten what it was told to, and holds some of it open. Faults: SessionLost, SessionAsleep. */
  acknowledge(session: number, asker: Asker, { number, held }: Acknowledgement): void {
    const member = this.#member(session, asker)
    this.#hold(member, held)
    member.acknowledge(number)
  }

  /** The session is still there. Faults: SessionLost, SessionAsleep. */
  renew(session: number, asker: Asker): void {
    this.#member(session, asker)
  }

  /** Ends a session. */
  close(session: number, asker: Asker): void {
    const member = this.#byNumber.get(session)
    if (member?.machine === asker.machine) this.#end(member, 'it was closed')
  }

  /** Ends sessions that were not heard of for too long. */
  tick(): void {
    const nowMs = this.#nowMs
    for (const member of this.#byNumber.values()) {
      if (member.isLost || member.leaseEndMs <= nowMs) this.#end(member, 'it was not heard of')
    }
    for (const [session, { untilMs }] of this.#asleep) if (untilMs <= nowMs) this.#giveUp(session)
    // What was unlinked and held open before this process began is held by nobody who has not come back by now.
    if (this.#mustReap && this.#asleep.size === 0) {
      this.#mustReap = false
      this.#reap(this.#parts.home.orphans())
    }
    this.#share()
  }

  /** An operation of the client in this process, while there are sessions. */
  local<Kind extends keyof HomeOperations>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    request: RequestName | undefined,
  ): Reply<HomeOperations[Kind]['answer']> {
    const { home } = this.#parts
    if (kind === 'forget' && 'inos' in input) {
      for (const ino of input.inos) this.#localHolds.delete(ino)
      this.#reap(input.inos)
      return home.run(kind, { ...input, inos: [] }, request)
    }
    if (isLock(kind)) return this.#locked(kind, input)
    const elsewhere = this.unlanded.beforeLocal(kind, input)
    if (elsewhere !== undefined) return elsewhere.then(() => this.local(kind, input, request))
    const answer = home.run(kind, input, request)
    if (kind === 'setQuota' || kind === 'removeQuota') this.#members.limitsChanged()
    else if (!isChange(kind)) return answer
    return andThen(answer, given => {
      for (const ino of orphansIn(kind, given)) this.#localHolds.add(ino)
      const quiet = this.#quiet
      return isLater(quiet) ? this.#when(quiet, given) : given
    })
  }

  // Who had locked something before this process began says so first.
  #locked<Kind extends keyof HomeOperations>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
  ): Reply<HomeOperations[Kind]['answer']> {
    const isTaken = 'lock' in input && input.lock.type !== 'none' && kind === 'setLock'
    if (!isTaken || this.#asleep.size === 0) return this.#parts.home.run(kind, input, undefined)
    return this.#allAwake.promise.then(() => this.#locked(kind, input))
  }

  #recall(): Promise<void> | undefined {
    if (this.#members.size === 0) return undefined
    this.#parts.local.giveBack()
    this.#members.limitsChanged()
    return this.#members.quiet
  }

  #granted(session: number, wait: number): void {
    if (session === LOCAL_SESSION) return this.#parts.local.granted(wait)
    const member = this.#byNumber.get(session)
    if (member !== undefined) this.#members.granted(member, wait)
  }

  async #when<Value>(quiet: PromiseLike<void>, given: Value): Promise<Value> {
    this.#localChanges += 1
    await quiet
    this.#localChanges -= 1
    return given
  }

  /** Something was written in this process that is not at the home yet: who knows the file has to ask for it again. */
  written(ino: Ino): Awaitable<void> {
    this.#members.stale(ino)
    return this.#quiet
  }

  /** There is another snapshot, or one less: resolves when all machines know. */
  async snapshotsChanged(name: ByteString): Promise<void> {
    this.#members.snapshotsChanged(name)
    await this.#quiet
  }

  /** Does nothing for other machines any more: their sessions wait to be resumed. */
  stop(): void {
    this.#isClosing = true
  }

  /** How many machines use the filesystem. */
  get size(): number {
    return this.#members.size
  }

  get #delegations(): Delegations {
    return this.#members.delegations
  }

  get #nowMs(): number {
    return this.#parts.world.clock.monotonicMs()
  }

  // While nobody else uses the filesystem, its home answers this process directly.
  #share(): void {
    const isShared = this.#isServing && this.#members.size + this.#asleep.size > 0
    this.#parts.home.shared = isShared ? this : undefined
    if (this.#asleep.size > 0) return
    this.#allAwake.resolve()
    this.#allAwake = Promise.withResolvers()
  }

  // Also sessions that wait to be resumed believe what they were told before.
  get #quiet(): Awaitable<void> {
    return this.#asleep.size === 0 ? this.#members.quiet : this.#allAwake.promise.then(() => this.#quiet)
  }

  #begin(machine: string, access: Access): Member {
    if (this.#byNumber.size >= SESSIONS_MAX) {
      throw sessionFault('TooManySessions', `there are ${SESSIONS_MAX} sessions of ${this.#parts.superblock.name}`)
    }
    const { world, bootId, superblock, home } = this.#parts
    const session = SessionTable.newSession(world.entropy.bytes(5))
    this.#table.put(session, { version: 1, machine, bootId })
    if (this.#members.size === 0) for (const ino of home.orphans()) this.#localHolds.add(ino)
    world.log.info('a machine uses a filesystem', { filesystem: superblock.name, machine, access })
    return this.#add(new Member({ session, machine, access }))
  }

  #add(member: Member): Member {
    this.#byNumber.set(member.session, member)
    this.#members.add(member)
    this.#share()
    return member
  }

  #resume(machine: string, { session, held, locks, delegated = [], ...newest }: Resumption): Member | undefined {
    const asleep = this.#asleep.get(session)
    if (asleep?.machine === machine) {
      if (asleep.endsBefore !== undefined && !isInLog(this.#parts.epochs, asleep.endsBefore, newest)) {
        this.#giveUp(session)
        this.#share()
        return undefined
      }
      this.#asleep.delete(session)
      // From now on it is one of this home's.
      const { bootId } = this.#parts
      if (asleep.endsBefore !== undefined) this.#table.put(session, { version: 1, machine, bootId })
      const member = this.#add(new Member({ session, machine, access: 'readOnly' }))
      this.#staged.set(member, this.#nowMs + STAGED_WRITES_MS)
      this.#parts.home.context.rooms.allow(session, STAGING_BYTES_MAX)
      for (const ino of held) member.wrote(ino)
    }
    const member = this.#byNumber.get(session)
    if (member === undefined || member.machine !== machine || member.isLost) return undefined
    // It has forgotten everything.
    member.acknowledge(Number.POSITIVE_INFINITY)
    this.#hold(member, held)
    const { tables } = this.#parts.home.context
    this.#delegations.resumed(
      member,
      delegated.filter(ino => tables.inode(ino)?.isDelegated === true),
    )
    if (this.#parts.home.context.locks.reclaim(session, locks)) return member
    this.#end(member, 'others have locked what it had')
    return undefined
  }

  #member(session: number, { machine, access }: Asker): Member {
    if (this.#isClosing) throw closes(undefined)
    const member = this.#byNumber.get(session)
    if (member?.machine === machine && !member.isLost) {
      member.access = access
      member.renew(this.#nowMs)
      return member
    }
    if (this.#asleep.get(session)?.machine !== machine) throw lost(session)
    throw sessionFault('SessionAsleep', `the home has begun anew: session ${session} is to be resumed`)
  }

  async #run(member: Member, call: RemoteCall, request: RequestName | undefined): Promise<RemoteAnswer> {
    // Here rather than in its own step, in which it is known whose change it is.
    if (isMaking(call.kind)) await this.#parts.home.context.tables.inos.awaited?.catch(() => undefined)
    const sealed = call.kind === 'contents' ? await readSealed(this.#parts.home.context, inosOf(call)) : undefined
    await this.unlanded.before(call, member)
    if (member.isLost) throw lost(member.session)
    if (isLock(call.kind)) return this.#runLock(member, call)
    const { home } = this.#parts
    if (call.kind === 'forget' && 'inos' in call.input) this.#release(member, call.input.inos)
    const input = call.kind === 'forget' ? NOTHING_HELD : permitted(home.context, this.#rights(member, call), call)
    if (isErrno(input)) return this.#seen(member, this.#told(member, call, input, new Set()))
    const asked = OF_SESSION.has(call.kind) ? { ...input, session: member.session } : input
    const { value, touched } = this.#members.as(member, () => safely(() => home.run(call.kind, asked, request)))
    if (!isLater(value)) {
      const answer = sealed === undefined || isErrno(value) ? value : withSealed(value as FileContents, sealed)
      const isDelegated = this.#delegations.after(member, call, answer)
      return this.#finish(member, call, { ...this.#told(member, call, answer, touched), isDelegated })
    }
    const later = await value
    this.#delegations.after(member, call, later)
    // Whose change it was is known in its own step only.
    if (isChange(call.kind)) this.#members.changedLater(inosOf(call))
    return this.#finish(member, call, this.#told(member, call, later, touched))
  }

  // What was written before this process began comes without who wrote it.
  #rights(member: Member, { input }: RemoteCall): Session {
    const isStaged = !('opener' in input) && (this.#staged.get(member) ?? 0) > this.#nowMs
    return {
      access: member.access,
      mayWrite: ino => isStaged || member.mayWrite(ino),
      wrote: ino => member.wrote(ino),
    }
  }

  async #runLock(member: Member, { kind, input }: RemoteCall): Promise<RemoteAnswer> {
    const answer = await this.#locked(kind, { ...input, session: member.session } as typeof input)
    // What was granted while it waited for others to come back is nobody's when it is lost by now.
    if (member.isLost) this.#parts.home.context.locks.drop(member.session)
    return { answer, revision: this.#parts.home.context.tables.revision, changed: [], contentTo: 0 } as RemoteAnswer
  }

  async #again(member: Member, call: RemoteCall, number: number): Promise<RemoteAnswer> {
    const answer = answerAgain(this.#parts.home, call, number)
    if (isMaking(call.kind)) this.#delegations.returned(member, inosShown(answer))
    return this.#finish(member, call, this.#told(member, call, answer, new Set()))
  }

  // In the same step as the operation: what changes from now on, the session is told.
  #told(member: Member, call: RemoteCall, answer: RemoteAnswer['answer'], touched: ReadonlySet<Ino>): RemoteAnswer {
    const { tables } = this.#parts.home.context
    const named = inosOf(call)
    const inos = new Set(isChange(call.kind) ? [...touched, ...named] : named)
    this.#members.told(member, [...inos, ...inosShown(answer)])
    const changed = isChange(call.kind) ? [...inos].flatMap(ino => shown(tables.inode(ino))) : []
    const told = { revision: tables.revision, changed, contentTo: 0 }
    if (call.kind !== 'content' || isErrno(answer) || !('range' in call.input)) return { answer, ...told }
    const content = answer as HomeOperations['content']['answer']
    const cut = contentWithin(content, call.input.range ?? { from: 0, to: content.size })
    return { answer: cut.content, ...told, contentTo: cut.to }
  }

  async #finish(member: Member, call: RemoteCall, told: RemoteAnswer): Promise<RemoteAnswer> {
    if (isChange(call.kind)) {
      if (isMaking(call.kind)) for (const ino of inosShown(told.answer)) member.wrote(ino)
      const orphans = orphansIn(call.kind, told.answer)
      this.#hold(member, orphans)
      for (const ino of orphans) if (this.#parts.local.mayHold(ino)) this.#adopt(ino)
      await this.#quiet
      await this.#kernelsTold()
    }
    try {
      return await this.#seen(member, told)
    } catch (error) {
      this.#members.unheard(member, call, told)
      throw error
    }
  }

  /** Nobody waits any more for what a call has answered. */
  unheard(session: number, call: RemoteCall, told: RemoteAnswer): void {
    const member = this.#byNumber.get(session)
    if (member !== undefined) this.#members.unheard(member, call, told)
  }

  // A kernel may have to wait for a change that is under way here, and that change for another machine.
  async #kernelsTold(): Promise<void> {
    if (this.#localChanges > 0) return
    await forAWhile(this.#parts.local.told(), this.#parts.world.clock, KERNEL_TOLD_MS)
  }

  // What others have changed is durable before another machine sees it: a power cut here does not take it back.
  async #seen(member: Member, told: RemoteAnswer): Promise<RemoteAnswer> {
    const newest = this.#members.newestOfOthers(member)
    if (newest === undefined || newest <= this.#durable) return told
    await this.#parts.home.context.tables.keyspace.sync(newest, NEVER)
    this.#durable = Math.max(this.#durable, newest)
    return told
  }

  #hold(member: Member, inos: readonly Ino[]): void {
    const { tables } = this.#parts.home.context
    for (const ino of inos) if (tables.inode(ino) !== undefined) member.holds.add(ino)
    if (member.holds.size > INTERESTS_MAX) this.#end(member, 'it holds too many files open')
  }

  #release(member: Member, inos: readonly Ino[]): void {
    for (const ino of inos) member.holds.delete(ino)
    this.#reap(inos)
  }

  #adopt(ino: Ino): void {
    this.#localHolds.add(ino)
    this.#parts.local.adopt(ino)
  }

  // Files without a name go with their last holder.
  #reap(inos: readonly Ino[]): void {
    const { home } = this.#parts
    const isHeld = (ino: Ino) => this.#localHolds.has(ino) || [...this.#members].some(({ holds }) => holds.has(ino))
    const free = inos.filter(ino => home.context.tables.inode(ino)?.nlink === 0 && !isHeld(ino))
    if (free.length > 0) home.run('forget', { inos: free }, undefined)
  }

  #end(member: Member, why: string): void {
    const { world, superblock } = this.#parts
    world.log.info('a machine uses a filesystem no longer', {
      filesystem: superblock.name,
      machine: member.machine,
      why,
    })
    this.#byNumber.delete(member.session)
    this.#members.remove(member)
    this.#table.delete(member.session)
    this.#parts.home.context.locks.drop(member.session)
    this.#parts.home.context.rooms.drop(member.session)
    this.#reap([...member.holds])
    this.#share()
  }

  #giveUp(session: number): void {
    this.#asleep.delete(session)
    this.#table.delete(session)
  }
}

type FileContents = HomeOperations['contents']['answer']

// What room was promised for is said by the session that asks.
const OF_SESSION: ReadonlySet<keyof HomeOperations> = new Set(['write', 'append', 'reserve'])
const NOTHING_HELD: HomeOperations['forget']['input'] = { inos: [] }
const NEVER = new AbortController().signal
