import { andThen, type Awaitable, type Digest, digestHex, isFault, whyOf, type World } from '#base'
import type { ChunkStore } from '#storage/chunks'
import { Bell } from './bell.ts'
import { Cached } from './cached.ts'
import { CloudSpace } from './cloud-space.ts'
import { Greeting } from './greeting.ts'
import { HeldGroups } from './held-groups.ts'
import { Holders } from './holders.ts'
import { DIGESTS_MAX, TICK_MS } from './limits.ts'
import type { Report } from './methods.ts'
import { type OnlyAt, onlyAt } from './only-at.ts'
import { Losses } from './losses.ts'
import { OwnCopies } from './own-copies.ts'
import type { PoolMachines, PoolParts } from './parts.ts'
import { Reads } from './reads.ts'
import { Repair } from './repair.ts'
import type { ServedPool } from './served-pool.ts'
import { type PoolStatus, poolStatus } from './status.ts'
import { Traffic } from './traffic.ts'
import type { PoolView } from './view.ts'
import { Views } from './views.ts'
import { wholeChunk } from './whole-chunk.ts'
import { Writes } from './writes.ts'

/** What a pool is opened with. */
export interface PoolOptions {
  /** The pool's name in the map. */
  readonly id: string
  readonly world: World
  /** This machine's own disk; it stays open when the pool closes. */
  readonly store: ChunkStore
  readonly machines: PoolMachines
  /** Bytes of chunks kept only because they were read. Default: a tenth of the disk, at most 16 GiB. */
  readonly cachedBytesMax?: number | undefined
}

/** Opens a pool on this machine. It works in the background until it is disposed: repair, and sending what was put. */
export function openPool(options: PoolOptions): Pool {
  return new Pool(options)
}

/**
 * The chunks of one pool on all its machines, as a filesystem's `ChunkSource`. While no other machine has part in it, it
 * passes everything through to the own store.
 */
export class Pool implements ServedPool, AsyncDisposable {
  readonly store: ChunkStore
  readonly copies: OwnCopies
  readonly held: HeldGroups
  readonly boot: string
  readonly #parts: PoolParts
  readonly #views: Views
  readonly #holders: Holders
  readonly #writes: Writes
  readonly #reads: Reads
  readonly #losses: Losses
  readonly #repair: Repair
  readonly #bell: Bell
  readonly #space: CloudSpace
  readonly #closing = new AbortController()
  readonly #hearing: Disposable
  readonly #background: Promise<unknown>
  readonly #boots = new Map<string, string>()
  readonly #greeting: Greeting
  readonly #healing = new Map<Digest, Promise<void>>()
  #unheld: Pick<Report, 'lostChunks' | 'awayChunks'> = { lostChunks: 0, awayChunks: 0 }

  /** Use {@link openPool}. */
  constructor({ id, world, store, machines, cachedBytesMax }: PoolOptions) {
    this.store = store
    this.copies = new OwnCopies(store, digest => this.#writes.isLeaving(digest))
    this.boot = Buffer.from(world.entropy.bytes(16)).toString('hex')
    this.#views = new Views({ id, machines, world })
    const { signal } = this.#closing
    const view = () => this.#views.view
    const cached = new Cached(store, cachedBytesMax)
    this.held = new HeldGroups({ store, clock: world.clock, cached, groups: () => view().groups })
    const traffic = new Traffic(world.clock)
    const own = { store, copies: this.copies, held: this.held, boot: this.boot, signal, traffic }
    this.#parts = { id, world, machines, view, owe: group => this.#repair.owe(group), ...own }
    this.#holders = new Holders(this.#parts)
    this.#writes = new Writes(this.#parts, this.#holders)
    this.#reads = new Reads(this.#parts, this.#holders, cached)
    this.#losses = new Losses(this.#parts, this.#holders)
    this.#repair = new Repair(this.#parts, this.#holders, cached, digest => this.#heal(digest))
    this.#space = new CloudSpace(this.#parts, this.#holders)
    this.#greeting = new Greeting(this.#parts, this.#holders)
    this.#bell = new Bell(world.clock)
    this.#hearing = machines.onMap(() => {
      this.#refresh()
      this.#bell.ring()
    })
    this.#background = Promise.all([this.#look(signal), this.#repair.run(signal), this.#greeting.run()])
  }

  /** See `ChunkSource.put`: resolves when the own disk has it. It is on its way to its holders then. */
  put(bytes: Uint8Array): Promise<Digest> {
    this.#parts.traffic.note()
    return this.view().isAlone ? this.store.put(bytes) : this.#writes.put(bytes)
  }

  /**
   * See `ChunkSource.read`. Who asks for no bytes opens a log that names the chunk: unless it is lost it is here from then on, and has
   * its copies by the next sync. Faults: ChunkMissing, ChunkUnreachable, ChunkDamaged, Io, DiskAway.
   */
  read(digest: Digest, into: Uint8Array, offset: number, isStream?: boolean): Awaitable<void> {
    this.#parts.traffic.note()
    if (into.byteLength === 0 && !this.view().isAlone) return this.#save(digest, into)
    return this.#reads.read(digest, into, offset, isStream)
  }

  /** See `ChunkSource.readHere`. */
  async readHere(digest: Digest, into: Uint8Array): Promise<boolean> {
    try {
      await this.store.read(digest, into, 0)
      return true
    } catch (error) {
      if (isFault(error, 'ChunkDamaged')) this.#healSoon(digest)
      return false
    }
  }

  /** This machine goes down: nobody waits long for copies any more. What lacks them is found when it is back. */
  hurry(): void {
    const { shortfall } = this
    if (shortfall !== undefined) this.#parts.world.log.warn(shortfall)
    this.#writes.hurry()
  }

  /** Why nothing is acknowledged now, for people; undefined while enough machines are Online. */
  get shortfall(): string | undefined {
    const { shortfall } = this.view()
    return shortfall && `${shortfall}: what was written last is on this machine alone until others are back`
  }

  /** True while people read or write here: other work holds back. */
  get isBusy(): boolean {
    return this.#parts.traffic.isBusy
  }

  /** True when this machine or a wanted holder that answers has a copy. */
  has(digest: Digest): Awaitable<boolean> {
    return andThen(this.store.has(digest), isHere => isHere || (this.view().isAlone ? false : this.#isThere(digest)))
  }

  /**
   * Resolves when every chunk whose `put` resolved before has as many durable copies as the pool wants, or as there are
   * machines Online, and never fewer than its least. Faults: NoCopies, those of the own store.
   */
  sync(): Promise<void> {
    return this.#writes.sync()
  }

  reserve(bytes: number): ReturnType<ChunkStore['reserve']> {
    return this.store.reserve(bytes)
  }

  /** What the pool has room for on all machines. */
  space(): ReturnType<ChunkStore['space']> {
    return this.#space.space()
  }

  /** What all machines together know of the pool's copies. */
  status(signal: AbortSignal): Promise<PoolStatus> {
    return poolStatus(this.#parts, this.report(), this.#holders, signal)
  }

  /** Of these chunks, those that are lost when a machine is, as far as the others answer. */
  onlyAt(machine: string, digests: readonly Digest[], signal: AbortSignal): Promise<OnlyAt> {
    return onlyAt(this.#parts, this.#holders, { machine, digests }, AbortSignal.any([signal, this.#closing.signal]))
  }

  /** Of these chunks, those that no machine holds that answers. */
  unheld(digests: readonly Digest[], signal: AbortSignal): Promise<OnlyAt> {
    return onlyAt(this.#parts, this.#holders, { digests }, AbortSignal.any([signal, this.#closing.signal]))
  }

  /** Who has these chunks, which are needed, because they were read there, holds them from now on. */
  async rescue(digests: readonly Digest[], signal: AbortSignal): Promise<void> {
    const own = await this.copies.renew(digests)
    this.received(digests.filter((_, i) => own[i]))
    for (const name of this.view().others) {
      for (let at = 0; at < digests.length; at += DIGESTS_MAX) {
        const part = digests.slice(at, at + DIGESTS_MAX)
        const asked = this.#holders.get(name).renewAll(part, AbortSignal.any([signal, this.#closing.signal]))
        await asked.catch(() => signal.throwIfAborted()) // who does not answer is asked when it is back
      }
    }
  }

  /** What the filesystems at home here need and nobody holds, for {@link report}. */
  tellUnheld(unheld: Pick<Report, 'lostChunks' | 'awayChunks'>): void {
    this.#unheld = unheld
  }

  /** Another text for each reason to look for copies, such as a machine that came back empty; empty until that was done. */
  get compared(): string {
    return this.#repair.compared
  }

  view(): PoolView {
    return this.#views.view
  }

  report(): Report {
    const report = this.#repair.report()
    // What was damaged is no copy before it is durable.
    return { ...report, ...this.#unheld, damagedChunks: Math.max(report.damagedChunks, this.#reads.healing) }
  }

  /** Compares all copies with the other machines now, rather than within the hour. */
  compare(): void {
    this.#repair.restart()
  }

  heard(machine: string, boot: string): void {
    if (this.#boots.get(machine) === boot) return
    this.#boots.set(machine, boot)
    this.compare()
  }

  received(digests: readonly Digest[]): void {
    const view = this.view()
    for (const digest of digests) {
      const group = view.groupOf(digest)
      if (!view.isWanted(view.own, group) && !view.isAway(group)) this.#parts.owe(group)
    }
  }

  async readOwn(digest: Digest): Promise<Uint8Array> {
    try {
      return await wholeChunk(this.store, digest)
    } catch (error) {
      if (isFault(error, 'ChunkDamaged')) this.#healSoon(digest)
      throw error
    }
  }

  doubt(digest: Digest): void {
    const verified = this.store.verify(digest)
    const checked = verified.then(isRight => (isRight ? undefined : this.#healSoon(digest)))
    checked.catch((error: unknown) =>
      this.#parts.world.log.warn('a doubted chunk was not verified', { error: whyOf(error) }),
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#hearing[Symbol.dispose]()
    this.#closing.abort()
    await this.#background
    await Promise.allSettled(this.#healing.values())
    await this.#reads.settled()
  }

  async #save(digest: Digest, nothing: Uint8Array): Promise<void> {
    try {
      await this.store.read(digest, nothing, 0)
      await this.copies.renew([digest]) // one that was only cached counts as a copy from now on
    } catch (error) {
      if (!isFault(error, 'ChunkMissing')) throw error
      await this.#losses.find(digest)
      await this.copies.hold(await this.#reads.search(digest))
    }
    this.#writes.bring(digest)
  }

  async #isThere(digest: Digest): Promise<boolean> {
    const view = this.view()
    for (const name of view.wanted(view.groupOf(digest))) {
      if (name === view.own) continue
      const flags = await this.#holders
        .get(name)
        .has([digest], this.#closing.signal)
        .catch(() => [false])
      if (flags[0] === true) return true
    }
    return false
  }

  #healSoon(digest: Digest): void {
    void this.#heal(digest).catch(error => {
      if (this.#closing.signal.aborted) return
      this.#parts.world.log.warn('a damaged chunk is not put right yet', {
        digest: digestHex(digest),
        error: whyOf(error),
      })
    })
  }

  #heal(digest: Digest): Promise<void> {
    const running = this.#healing.get(digest)
    if (running !== undefined) return running
    const isAlone = this.view().isAlone
    const healing = isAlone ? Promise.resolve() : this.#reads.heal(digest).finally(() => this.#healing.delete(digest))
    if (!isAlone) this.#healing.set(digest, healing)
    return healing
  }

  #refresh(): void {
    const hasChanged = this.#views.refresh()
    this.#writes.look()
    if (!hasChanged) return
    this.#repair.wake()
    this.#greeting.wake()
  }

  async #look(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const isWaiting = !this.view().isAlone
      await this.#bell.wait(isWaiting ? TICK_MS : undefined, signal)
      if (signal.aborted) return
      this.#reads.forgetOld()
      this.#refresh()
    }
  }
}
