import { defineFaults, forAWhile, isFault, OVER, type World } from '#base'
import {
  KERNEL_TOLD_MS,
  LEASE_MS,
  RECONNECT_MAX_MS,
  RECONNECT_MS,
  RENEW_MS,
  STAND_IN_AFTER_MS,
  STAND_IN_LOOK_MS,
  STAND_IN_MS,
  UNREACHABLE_MS,
} from '../limits.ts'
import type { RequestName } from '../home/result.ts'
import type { PlacedLock } from '../lock.ts'
import type { HomeOperations } from '../operation.ts'
import type { Ino } from '../vfs.ts'
import {
  type Access,
  type CallName,
  type Grant,
  type HomeTransport,
  isChange,
  isForStandIn,
  isLock,
  isPromised,
  type RemoteAnswer,
  type RemoteKind,
  type Stale,
} from '../shared/protocol.ts'
import { inosOf } from '../shared/told.ts'
import { type AskedChange, digestOfChange, type LeftChange, type SlotFile } from './slot-file.ts'
import { Slots } from './slots.ts'
import type { NewestAnswered, UnsyncedFile } from './unsynced-file.ts'

/** What a session is told by who believes something through it. */
export interface SessionHolder {
  /** Forgets what has changed; answers what of it is open here. */
  forget(stale: Stale): readonly Ino[]
  /** Gives back room of quotas that is not needed here. */
  givesBack(): Promise<void>
  /** Resolves when kernels here have been told, too; while they hang, not at all. Undefined when they have. */
  told(): Promise<void> | undefined
  /** Forgets everything: nobody says any more what changes. */
  forgetAll(): void
  /** Files that are open here. */
  held(): readonly Ino[]
  /** Files that may be closed before the home has all of them. */
  delegated(): readonly Ino[]
  /** What is locked from here. */
  locks(): readonly PlacedLock[]
  /** The session is over at the home: what was written and not yet there is lost. */
  lost(): void
  /** The home is heard again: what others have answered for it is to be asked anew. */
  returned(): void
  /** A session has begun, or goes on. */
  granted(grant: Grant): void
}

/** What a session works with. */
export interface HomeSessionParts {
  readonly transport: HomeTransport
  readonly world: World
  readonly filesystem: string
  /** A session of an earlier process of this machine, to go on with. */
  readonly resume: number | undefined
  readonly slotFile: SlotFile
  readonly unsynced: UnsyncedFile
  readonly holder: SessionHolder
}

interface Asking {
  readonly untilMs: number
  readonly slot: number | undefined
  /** Of a change that a kernel has asked for. */
  readonly asked?: AskedChange | undefined
  /** It asks again, and an earlier process may have had it done. */
  readonly left?: LeftChange | undefined
  /** Who waits for it; undefined: whoever asked. */
  readonly waiting?: Pick<Waiting, 'isOver'> | undefined
}

/** A question that others than the home may answer. */
interface Waiting {
  readonly sinceMs: number
  /** It is answered: nobody asks again. */
  isOver: boolean
  /** Resolves when the home has been silent for too long. */
  late: PromiseWithResolvers<undefined>
}

/** How long a call waits for a home that cannot be reached: UNREACHABLE_MS, or not at all. */
export type Patience = 'patient' | 'hasty'

/**
 * This machine's session at a home elsewhere: keeps it alive, asks again after lost connections so that no change is done
 * twice, and hears what others have changed. Disposing ends it at the home.
 */
export class HomeSession implements AsyncDisposable {
  readonly #parts: HomeSessionParts
  readonly #slots: Slots
  /** What an earlier process of this machine may have had done. */
  #left: readonly LeftChange[]
  readonly #closing = new AbortController()
  readonly #background: Promise<unknown>
  #grant: Grant | undefined
  #opening: Promise<Grant> | undefined
  #resume: number | undefined
  #sequence = 0
  /** The newest revision in which a change was answered, and by the home of which epoch. */
  #answered: NewestAnswered
  #leaseEndMs = 0
  #heardMs = Number.NEGATIVE_INFINITY
  #isStoodInFor = false
  #standIns = 0
  #lost = 0
  readonly #waiting = new Set<Waiting>()
  #isLooking = false

  constructor(parts: HomeSessionParts) {
    this.#parts = parts
    this.#left = parts.slotFile.read()
    this.#slots = new Slots(new Set(this.#left.map(({ slot }) => slot)))
    this.#resume = parts.resume
    const { answered, epoch } = parts.unsynced.left ?? NOTHING_ANSWERED
    this.#answered = { answered, epoch }
    this.#background = Promise.all([this.#watch(), this.#renew()])
  }

  /** What the home lets this machine do. */
  get access(): Access | undefined {
    return this.#grant?.access
  }

  /** How long the home still tells of changes before it lets them be done: 0 when that is over. */
  get leaseMs(): number {
    return this.#grant === undefined ? 0 : Math.max(0, this.#leaseEndMs - this.#nowMs)
  }

  /** How long ago the home was asked last what it has answered. */
  get silentMs(): number {
    return this.#nowMs - this.#heardMs
  }

  /** True from when another machine has answered for the home until that is heard again. */
  get isStoodInFor(): boolean {
    return this.#isStoodInFor
  }

  /** How often another machine has answered for the home. */
  get standIns(): number {
    return this.#standIns
  }

  /** How often the session was over at the home. */
  get lost(): number {
    return this.#lost
  }

  /** The session, once the home is reached. Faults: Unreachable. */
  granted(untilMs: number = this.#nowMs + UNREACHABLE_MS): Promise<Grant> {
    return this.#grant === undefined ? this.#before(untilMs, this.#open()) : Promise.resolve(this.#grant)
  }

  /**
   * Asks the home. A change whose outcome is unknown when the session is over is not done again. Faults: Unreachable,
   * SessionLost, those of the transport.
   */
  async call<Kind extends RemoteKind>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    patience: Patience = 'patient',
    request?: RequestName,
  ): Promise<RemoteAnswer<Kind>> {
    const untilMs = this.#nowMs + (patience === 'patient' ? UNREACHABLE_MS : 0)
    if (!isChange(kind) && !isLock(kind)) {
      const isAnswered = patience === 'patient' && isForStandIn(kind) && this.#parts.transport.standIn !== undefined
      return isAnswered ? this.#askAny(kind, input, untilMs) : this.#ask(kind, input, { untilMs, slot: undefined })
    }
    const asked = request && { request: request.sequence, digest: digestOfChange({ kind, input }) }
    const left = asked !== undefined && request?.isResent === true ? this.#leftOf(asked) : undefined
    const slot = await this.#slots.take(left?.slot)
    try {
      return await this.#ask(kind, input, { untilMs, slot, asked, left })
    } catch (error) {
      // It may have been done, or will be: the home says then what it has changed.
      this.#parts.holder.forget({ ...NOTHING_TOLD, inos: inosOf({ kind, input, name: undefined }) })
      throw error
    } finally {
      this.#slots.give(slot)
    }
  }

  /** Leaves the session at the home: the next process of this machine goes on with it. */
  async abandon(): Promise<void> {
    this.#closing.abort()
    await this.#background
    this.#parts.slotFile.close()
    this.#parts.unsynced.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.abandon()
    const grant = this.#grant
    if (grant === undefined) return
    const { transport, world } = this.#parts
    const over = new AbortController()
    const closed = transport.close(grant.session, over.signal).catch(() => undefined)
    await Promise.race([closed, world.clock.sleep(CLOSE_MS, over.signal).catch(() => undefined)])
    over.abort(OVER)
    await closed
  }

  #leftOf({ request, digest }: AskedChange): LeftChange | undefined {
    const left = this.#left.find(each => each.request === request && each.digest === digest)
    this.#left = this.#left.filter(each => each !== left)
    return left
  }

  // Under its old name, when the session goes on: what was done is not done again.
  #nameOf(session: number, slot: number, { asked, left }: Pick<Asking, 'asked' | 'left'>): CallName {
    const isOld = left !== undefined && left.session === session && left.slot === slot
    const name = { slot, sequence: isOld ? left.sequence : ++this.#sequence }
    if (asked !== undefined) this.#parts.slotFile.write({ ...name, ...asked, session })
    return name
  }

  async #ask<Kind extends RemoteKind>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    { untilMs, slot, waiting, ...named }: Asking,
  ): Promise<RemoteAnswer<Kind>> {
    let name: CallName | undefined
    let namedIn: number | undefined
    let unknown: Error | undefined
    for (let waitMs = RECONNECT_MS; ; waitMs = Math.min(waitMs * 2, RECONNECT_MAX_MS)) {
      const { session, epoch } = await this.granted(untilMs)
      if (waiting?.isOver === true) throw unreachable(this.#parts.filesystem)
      // In another session nobody knows what became of it.
      if (unknown !== undefined && namedIn !== session) throw unknown
      if (slot !== undefined && namedIn !== session) name = this.#nameOf(session, slot, named)
      namedIn = session
      const sentMs = this.#nowMs
      try {
        const answer = await this.#parts.transport.call(session, { kind, input, name }, this.#closing.signal)
        this.#heard(session, sentMs)
        if (isPromised(kind)) this.#noteAnswered(answer.revision, epoch)
        return answer
      } catch (error) {
        if (this.#isRefused(session, error) && !(isData(kind) && isFault(error, 'SessionLost'))) continue
        if (this.#closing.signal.aborted) throw unreachable(this.#parts.filesystem)
        if (!isFault(error) || error.retry !== 'later') throw error
        if (slot !== undefined) unknown = error
        if (this.#nowMs >= untilMs) throw error
        await this.#parts.world.clock.sleep(waitMs, this.#closing.signal).catch(() => undefined)
      }
    }
  }

  // Of the home, and of those who have its log while it is silent.
  async #askAny<Kind extends RemoteKind>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    untilMs: number,
  ): Promise<RemoteAnswer<Kind>> {
    const waiting: Waiting = { sinceMs: this.#nowMs, isOver: false, late: Promise.withResolvers() }
    const asked = this.#ask(kind, input, { untilMs, slot: undefined, waiting })
    this.#waiting.add(waiting)
    // Another has answered since the home was heard last.
    if (this.#isStoodInFor) waiting.late.resolve(undefined)
    if (!this.#isLooking) void this.#lookForLate()
    try {
      for (;;) {
        const answer = await Promise.race([asked, waiting.late.promise])
        if (answer !== undefined) return answer
        const other = await Promise.race([asked, this.#askStandIn(kind, input)])
        if (other !== undefined) return other
        waiting.late = Promise.withResolvers()
      }
    } finally {
      waiting.isOver = true
      this.#waiting.delete(waiting)
    }
  }

  // One clock for all that wait: most are answered long before it strikes.
  async #lookForLate(): Promise<void> {
    const { signal } = this.#closing
    this.#isLooking = true
    while (this.#waiting.size > 0 && !signal.aborted) {
      await this.#parts.world.clock.sleep(STAND_IN_LOOK_MS, signal).catch(() => undefined)
      if (this.silentMs < STAND_IN_AFTER_MS) continue
      const before = this.#nowMs - STAND_IN_AFTER_MS
      for (const { sinceMs, late } of this.#waiting) if (sinceMs <= before) late.resolve(undefined)
    }
    this.#isLooking = false
  }

  async #askStandIn<Kind extends RemoteKind>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
  ): Promise<RemoteAnswer<Kind> | undefined> {
    const { transport, world } = this.#parts
    const over = new AbortController()
    const signal = AbortSignal.any([over.signal, this.#closing.signal])
    const late = world.clock.sleep(STAND_IN_MS, signal).then(nothing, nothing)
    const asked = transport.standIn?.({ kind, input, newest: this.#answered }, signal).catch(nothing)
    const answer = await Promise.race([asked, late])
    over.abort(OVER)
    if (answer === undefined) return undefined
    this.#isStoodInFor = true
    this.#standIns += 1
    return { ...answer, isFromStandIn: true }
  }

  #noteAnswered(revision: number, epoch: number | undefined): void {
    const before = this.#answered
    const isOther = epoch !== before.epoch
    if (isOther && (epoch ?? 0) < (before.epoch ?? 0)) return
    this.#answers({ answered: isOther ? revision : Math.max(before.answered, revision), epoch })
  }

  #answers(newest: NewestAnswered): void {
    if (newest.answered === this.#answered.answered && newest.epoch === this.#answered.epoch) return
    this.#answered = newest
    this.#parts.unsynced.answered(newest)
  }

  /** True when the home refused the session, so that another one is needed. */
  #isRefused(session: number, error: unknown): boolean {
    const isLost = isFault(error, 'SessionLost')
    if (!isLost && !isFault(error, 'SessionAsleep')) return false
    if (this.#grant?.session !== session) return true
    this.#grant = undefined
    this.#resume = isLost ? undefined : session
    const { holder, world, filesystem } = this.#parts
    holder.forgetAll()
    if (!isLost) return true
    this.#lost += 1
    world.log.warn('a session of this machine is over', { filesystem, why: error.message })
    holder.lost()
    return true
  }

  #heard(session: number, sentMs: number): void {
    if (this.#grant?.session !== session) return
    this.#heardMs = Math.max(this.#heardMs, sentMs)
    this.#leaseEndMs = Math.max(this.#leaseEndMs, sentMs + LEASE_MS)
    if (!this.#isStoodInFor) return
    this.#isStoodInFor = false
    this.#parts.holder.returned()
  }

  #open(): Promise<Grant> {
    this.#opening ??= this.#openUntil().finally(() => {
      this.#opening = undefined
    })
    this.#opening.catch(() => undefined)
    return this.#opening
  }

  async #openUntil(): Promise<Grant> {
    const { transport, world, holder } = this.#parts
    for (let waitMs = RECONNECT_MS; ; waitMs = Math.min(waitMs * 2, RECONNECT_MAX_MS)) {
      const sentMs = this.#nowMs
      const resume =
        this.#resume === undefined
          ? undefined
          : {
              session: this.#resume,
              held: holder.held(),
              locks: holder.locks(),
              delegated: holder.delegated(),
              ...this.#answered,
            }
      try {
        const grant = await transport.open(resume, this.#closing.signal)
        holder.forgetAll()
        const isOver = resume !== undefined && !grant.isResumed
        if (isOver) this.#lost += 1
        if (isOver) holder.lost()
        if (!grant.isResumed) this.#answers(NOTHING_ANSWERED)
        this.#resume = undefined
        this.#sequence = Math.max(this.#sequence, grant.lastSequence)
        this.#grant = grant
        this.#leaseEndMs = 0
        this.#heard(grant.session, sentMs)
        holder.granted(grant)
        return grant
      } catch (error) {
        if (this.#closing.signal.aborted) throw unreachable(this.#parts.filesystem)
        if (!isFault(error) || error.retry !== 'later') throw error
        await world.clock.sleep(waitMs, this.#closing.signal).catch(() => undefined)
      }
    }
  }

  async #before<Value>(untilMs: number, value: Promise<Value>): Promise<Value> {
    const over = new AbortController()
    const { clock } = this.#parts.world
    const late = clock.sleep(Math.max(0, untilMs - this.#nowMs), over.signal).then(
      () => 'late' as const,
      () => 'late' as const,
    )
    try {
      const first = await Promise.race([value, late])
      if (first === 'late') throw unreachable(this.#parts.filesystem)
      return first
    } finally {
      over.abort(OVER)
    }
  }

  // What others have changed, as long as this process lives.
  async #watch(): Promise<void> {
    const { transport, world, holder } = this.#parts
    const { signal } = this.#closing
    for (let waitMs = RECONNECT_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, RECONNECT_MAX_MS)) {
      let session: number | undefined
      try {
        session = (await this.#current()).session
        for await (const stale of transport.watch(session, signal)) {
          const held = holder.forget(stale)
          if (stale.limits === true) await holder.givesBack()
          await this.#kernelsTold()
          const sentMs = this.#nowMs
          await transport.acknowledge(session, { number: stale.number, held }, signal)
          this.#heard(session, sentMs)
          waitMs = RECONNECT_MS
        }
      } catch (error) {
        if (signal.aborted) return
        if (session !== undefined && this.#isRefused(session, error)) continue
      }
      await world.clock.sleep(waitMs, signal).catch(() => undefined)
    }
  }

  // A kernel may have to wait for a change that is under way here, and that change for us: then it is told a moment later.
  async #kernelsTold(): Promise<void> {
    if (this.#slots.isBusy) return
    await forAWhile(this.#parts.holder.told(), this.#parts.world.clock, KERNEL_TOLD_MS)
  }

  async #renew(): Promise<void> {
    const { transport, world } = this.#parts
    const { signal } = this.#closing
    while (!signal.aborted) {
      await world.clock.sleep(RENEW_MS, signal).catch(() => undefined)
      const grant = this.#grant
      if (grant === undefined || signal.aborted) continue
      const sentMs = this.#nowMs
      if (sentMs - this.#heardMs < RENEW_MS / 2) continue
      try {
        await transport.renew(grant.session, signal)
        this.#heard(grant.session, sentMs)
      } catch (error) {
        this.#isRefused(grant.session, error)
      }
    }
  }

  #current(): Promise<Grant> {
    return this.#grant === undefined ? this.#open() : Promise.resolve(this.#grant)
  }

  get #nowMs(): number {
    return this.#parts.world.clock.monotonicMs()
  }
}

// What was written in a session ends with it: others may have written since.
function isData(kind: RemoteKind): boolean {
  return kind === 'write' || kind === 'append'
}

const unreachableFault = defineFaults({ Unreachable: { status: 503, retry: 'later' } })

function unreachable(filesystem: string): Error {
  return unreachableFault('Unreachable', `the home of the filesystem ${filesystem} cannot be reached`, {
    hint: 'Look at `cairn node ls`: the machine it lives on is off, or no way leads there.',
  })
}

function nothing(): undefined {}

const NOTHING_TOLD = { number: 0, revision: 0, inos: [], kept: [], moved: [], entries: [], granted: [] }
const CLOSE_MS = 1_000
const NOTHING_ANSWERED = { answered: 0, epoch: undefined }
