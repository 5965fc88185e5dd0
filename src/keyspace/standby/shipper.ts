import { isFault, type World, whyOf } from '#base'
import { revisionOf } from '../change.ts'
import { keyspaceFault } from '../faults.ts'
import type { LocalKeyspace, Revision } from '../keyspace.ts'
import {
  MEMBER_FIRST_MS,
  MEMBER_SILENT_MS,
  SHIP_LEAVING_MS_MAX,
  SHIP_LOOK_MS,
  SHIP_MS_MAX,
  SPARE_LOGS,
} from '../limits.ts'
import { sleepUntilWoken, TaskScope } from '../waiting.ts'
import type { SentCheckpoint } from './checkpoint-file.ts'
import { Follower, type StandbyLine } from './follower.ts'

/** Which machines a log is to be on. */
export interface WantedLogs {
  /** Machines that log can be brought to, the best first; this one is not among them. */
  readonly others: readonly string[]
  /** As many as shall have it, and as many without which nothing is called durable; this machine is one of them. */
  readonly copies: number
  readonly least: number
}

/** What a log is shipped with. */
export interface ShipperParts {
  readonly world: Pick<World, 'clock' | 'log'>
  readonly own: string
  readonly epoch: number
  /** It has been told in its log that this epoch has begun. */
  readonly keyspace: LocalKeyspace
  readonly checkpoint: () => SentCheckpoint | undefined
  line(machine: string): StandbyLine
  wanted(): WantedLogs
  /** Machines that have everything that was called durable, as it is agreed, this one first. */
  inSync(): readonly string[]
  /** Agrees on others. Faults: OldEpoch (there is a later home), those to be tried again later. */
  agree(inSync: readonly string[], signal: AbortSignal): Promise<void>
  /** Hears once that there is a later home. */
  readonly deposed: (error: Error) => void
}

/** The home's side of its log on other machines: nothing is durable before all that are in sync have it. */
export class LogShipper implements AsyncDisposable {
  readonly #parts: ShipperParts
  readonly #tasks: TaskScope
  readonly #followers = new Map<string, { readonly follower: Follower; readonly ending: AbortController }>()
  /** Waited for although not agreed on yet: they are being taken in. */
  readonly #coming = new Set<string>()
  /** Those of them that may have been agreed on: nobody has answered. */
  readonly #unsure = new Set<string>()
  /** Followed only to be there at once when one that is in sync is lost. */
  #spares: ReadonlySet<string> = new Set()
  readonly #waiting = new Set<() => void>()
  readonly #beganMs: number
  /** What may be made durable elsewhere, and what is durable everywhere. */
  #target: Revision
  #safe: Revision
  /** Since when somebody waits. */
  #waitingMs: number | undefined
  #agreeing: Promise<unknown> = Promise.resolve()
  #deposed: Error | undefined
  /** When this machine began to go down. */
  #hurriedMs: number | undefined
  /** Why a machine could not be left out, as it was told last. */
  #told = ''

  constructor(parts: ShipperParts) {
    this.#parts = parts
    this.#beganMs = parts.world.clock.monotonicMs()
    this.#target = parts.keyspace.revision
    // What was called durable before this process began is unknown: all of it may have been.
    this.#safe = parts.keyspace.revision
    this.#tasks = new TaskScope(error => parts.world.log.warn('a log is not shipped', { why: whyOf(error) }))
    this.#look()
    this.#tasks.run(signal => this.#lookOn(signal))
  }

  /**
   * Resolves when all machines in sync have everything up to a revision, and they are enough; one that is silent for MEMBER_SILENT_MS is
   * no longer among them first. Faults: TooFewLogs, OldEpoch.
   */
  async shipped(target: Revision): Promise<void> {
    this.#target = revisionOf(Math.max(this.#target, target))
    for (const [name, { follower }] of this.#followers) if (!this.#isSpare(name)) follower.wake()
    const { clock } = this.#parts.world
    const beganMs = clock.monotonicMs()
    this.#waitingMs = beganMs
    try {
      await this.#untilSafe(target, beganMs)
    } finally {
      this.#waitingMs = undefined
    }
  }

  async #untilSafe(target: Revision, beganMs: number): Promise<void> {
    const { clock } = this.#parts.world
    for (;;) {
      this.#checkHome()
      const missing = this.#missing(target)
      const isEnough = this.#parts.inSync().length >= this.#parts.wanted().least
      if (missing.length === 0 && isEnough) {
        // In the same step: who is taken in from now on has to have this.
        this.#safe = revisionOf(Math.max(this.#safe, target))
        return
      }
      if (clock.monotonicMs() >= this.#endMs(beganMs)) throw this.#tooFew(missing)
      const silent = missing.find(name => this.#silentMs(name, beganMs) >= this.#patienceMs(name))
      if (silent === undefined || !(await this.#leave(silent, false))) await this.#untilMoved()
    }
  }

  /** This machine goes down: nobody waits longer for other machines than a moment. */
  hurry(): void {
    this.#hurriedMs ??= this.#parts.world.clock.monotonicMs()
  }

  /** How the other machines are that it is brought to. */
  get followers(): readonly Pick<Follower, 'name' | 'durable' | 'trouble'>[] {
    return Array.from(this.#followers.values(), ({ follower }) => follower)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#deposed ??= keyspaceFault('TooFewLogs', 'the process that has the log ends')
    this.#moved()
    for (const { ending } of this.#followers.values()) ending.abort()
    await this.#tasks[Symbol.asyncDispose]()
    await this.#agreeing
  }

  #endMs(beganMs: number): number {
    const hurriedMs = this.#hurriedMs === undefined ? Number.POSITIVE_INFINITY : this.#hurriedMs + SHIP_LEAVING_MS_MAX
    return Math.min(beganMs + SHIP_MS_MAX, hurriedMs)
  }

  #missing(target: Revision): string[] {
    const others = this.#parts.inSync().filter(name => name !== this.#parts.own)
    const all = new Set([...others, ...this.#coming])
    return [...all].filter(name => (this.#follower(name)?.durable ?? 0) < target)
  }

  #follower(name: string): Follower | undefined {
    return this.#followers.get(name)?.follower
  }

  #silentMs(name: string, sinceMs: number): number {
    return this.#parts.world.clock.monotonicMs() - Math.max(sinceMs, this.#follower(name)?.heardMs ?? 0)
  }

  // A home that has just begun may be the one nobody hears: it gives others time to say that there is a later one.
  #patienceMs(name: string): number {
    const isNew = this.#follower(name)?.heardMs === undefined
    const leftMs = this.#beganMs + MEMBER_FIRST_MS - this.#parts.world.clock.monotonicMs()
    return isNew ? Math.max(MEMBER_SILENT_MS, leftMs) : MEMBER_SILENT_MS
  }

  /** Goes on without a machine; false when too few would be left, or nobody can be asked. */
  async #leave(name: string, isForced: boolean): Promise<boolean> {
    const isUnsure = this.#unsure.has(name)
    if (!isUnsure && this.#coming.delete(name)) return true
    const { world } = this.#parts
    try {
      const isLeft = await this.#agreeOn(inSync => {
        const left = inSync.filter(each => each !== name)
        return isForced || left.length >= this.#parts.wanted().least ? left : undefined
      }, isUnsure)
      if (!isLeft) return false
      this.#settle(name)
      this.#told = ''
      world.log.info('a log is on fewer machines', { inSync: this.#parts.inSync() })
      return true
    } catch (error) {
      if (isFault(error, 'OldEpoch')) this.#depose(error)
      else this.#tellStaying(name, whyOf(error))
      return false
    }
  }

  // It is tried again and again: once is enough.
  #tellStaying(machine: string, why: string): void {
    const told = `${machine}: ${why}`
    if (told === this.#told) return
    this.#told = told
    this.#parts.world.log.info('a machine without the log cannot be left out', { machine, why })
  }

  // One at a time, each from what was agreed before; false when it is not to be changed.
  #agreeOn(change: (inSync: readonly string[]) => readonly string[] | undefined, isAsked = false): Promise<boolean> {
    const agreed = this.#agreeing.then(async () => {
      this.#checkHome()
      const now = this.#parts.inSync()
      const next = change(now)
      if (next === undefined) return false
      const isSame = next.length === now.length && next.every(name => now.includes(name))
      if (isSame && !isAsked) return true
      await this.#parts.agree(next, this.#tasks.signal)
      this.#moved()
      return true
    })
    this.#agreeing = agreed.catch(() => undefined)
    return agreed
  }

  async #lookOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#look()
      this.#moved()
      const ready = Array.from(this.#followers.keys()).find(name => this.#isReady(name))
      const extra = this.#extra()
      if (ready !== undefined) await this.#takeIn(ready)
      else if (extra === undefined || !(await this.#leave(extra, false)))
        await sleepUntilWoken(this.#parts.world.clock, SHIP_LOOK_MS, signal)
    }
  }

  // All in sync are followed, and of the others as many as are missing, and one more: a long log takes long to get there.
  #look(): void {
    const { own, wanted, inSync } = this.#parts
    const members = inSync().filter(name => name !== own)
    const { others, copies } = wanted()
    const well = members.filter(name => this.#isWell(name))
    const missing = Math.max(0, copies - 1 - well.length)
    const more = others.filter(name => !members.includes(name)).slice(0, missing + SPARE_LOGS)
    const all = new Set([...members, ...this.#coming, ...more])
    this.#setSpares(new Set(more.slice(missing)))
    for (const [name, { ending }] of this.#followers) {
      if (all.has(name)) continue
      ending.abort()
      this.#followers.delete(name)
    }
    for (const name of all) if (!this.#followers.has(name)) this.#follow(name)
  }

  #setSpares(spares: ReadonlySet<string>): void {
    const before = this.#spares
    this.#spares = spares
    for (const name of before) if (!spares.has(name)) this.#follower(name)?.wake()
  }

  #counts(name: string): boolean {
    return this.#parts.inSync().includes(name) || this.#coming.has(name) || this.#unsure.has(name)
  }

  #isSpare(name: string): boolean {
    return this.#spares.has(name) && !this.#coming.has(name)
  }

  // Never more than all have of whom one may be the next home: it would have to be filled anew then.
  #spareLimit(): Revision {
    const { own, inSync } = this.#parts
    const there = inSync().flatMap(name => (name === own ? [] : [this.#follower(name)?.durable ?? 0]))
    return revisionOf(Math.min(this.#safe, ...there))
  }

  #isWell(name: string): boolean {
    const follower = this.#follower(name)
    if (follower === undefined || follower.heardMs === undefined) return !this.#isOld
    const isLate = follower.durable < this.#target && this.#waitingMs !== undefined
    return follower.trouble === undefined && !(isLate && this.#silentMs(name, this.#waitingMs ?? 0) >= MEMBER_SILENT_MS)
  }

  get #isOld(): boolean {
    return this.#parts.world.clock.monotonicMs() - this.#beganMs >= MEMBER_SILENT_MS
  }

  // One was away and has come back after another was taken in for it.
  #extra(): string | undefined {
    const { own, wanted, inSync } = this.#parts
    const members = inSync().filter(name => name !== own)
    const isMore = members.length >= wanted().copies && members.every(name => this.#isFollowing(name))
    return isMore && this.#deposed === undefined ? members.at(-1) : undefined
  }

  #isFollowing(name: string): boolean {
    return this.#isWell(name) && (this.#follower(name)?.durable ?? 0) >= this.#safe
  }

  #isReady(name: string): boolean {
    const { inSync, wanted } = this.#parts
    // Whoever may have been agreed on is asked for again.
    if ((inSync().includes(name) && !this.#unsure.has(name)) || this.#deposed !== undefined) return false
    const well = inSync().filter(each => each === this.#parts.own || this.#isWell(each))
    if (well.length >= wanted().copies && !this.#coming.has(name)) return false
    const follower = this.#follower(name)
    return follower?.trouble === undefined && (follower?.durable ?? 0) >= this.#safe
  }

  // From now on it is waited for, and only then agreed on: nothing that is called durable meanwhile is missing there.
  async #takeIn(name: string): Promise<void> {
    const { world, inSync, wanted } = this.#parts
    this.#coming.add(name)
    if ((this.#follower(name)?.durable ?? 0) < this.#safe) return this.#settle(name)
    try {
      // Until somebody has answered it is waited for: it may be in sync by what others know.
      this.#unsure.add(name)
      await this.#agreeOn(now => [...now.filter(each => each !== name), name], true)
      this.#settle(name)
      world.log.info('a log is on one more machine', { inSync: inSync(), wanted: wanted().copies })
    } catch (error) {
      if (isFault(error, 'OldEpoch')) this.#depose(error)
      await sleepUntilWoken(world.clock, SHIP_LOOK_MS, this.#tasks.signal)
    }
  }

  #settle(name: string): void {
    this.#coming.delete(name)
    this.#unsure.delete(name)
    this.#moved()
  }

  #follow(name: string): void {
    const ending = new AbortController()
    const { world, epoch, keyspace, checkpoint, line } = this.#parts
    const follower = new Follower({
      world,
      name,
      epoch,
      keyspace,
      checkpoint,
      line: line(name),
      target: () => (this.#isSpare(name) ? this.#spareLimit() : this.#target),
      limit: () => (this.#isSpare(name) ? this.#spareLimit() : keyspace.revision),
      isSpare: () => this.#isSpare(name),
      empties: async () => {
        if (!this.#counts(name) || (await this.#leave(name, true))) return
        throw keyspaceFault('TooFewLogs', `${name} cannot be filled anew now`)
      },
      moved: () => this.#moved(),
      deposed: error => this.#depose(error),
    })
    this.#followers.set(name, { follower, ending })
    this.#tasks.run(signal => follower.run(AbortSignal.any([signal, ending.signal])))
  }

  #depose(error: Error): void {
    if (this.#deposed !== undefined) return
    this.#deposed = error
    this.#moved()
    this.#parts.deposed(error)
  }

  #checkHome(): void {
    if (this.#deposed !== undefined) throw this.#deposed
  }

  #tooFew(missing: readonly string[]): Error {
    const { copies, least } = this.#parts.wanted()
    const why = missing.length === 0 ? `on ${this.#parts.inSync().length} machines` : `not on ${missing.join(', ')}`
    return keyspaceFault('TooFewLogs', `the log is ${why}: ${least} must have it, ${copies} shall`, {
      hint: 'Look at `cairn node ls`: machines are off, or no way leads there.',
    })
  }

  #moved(): void {
    for (const wake of this.#waiting) wake()
    this.#waiting.clear()
  }

  // Somebody has moved, or time has.
  async #untilMoved(): Promise<void> {
    await new Promise<void>(resolve => this.#waiting.add(resolve))
  }
}
