import { andThen, type Awaitable, type Digest, isFault, isLater, type Log, whyOf } from '#base'
import {
  CHUNK_BYTES_MAX,
  type ChunkStore,
  type ChunkWorkers,
  type Compaction,
  type CollectOptions,
  type CollectRound,
  type ListedChunk,
  type Recovery,
  Reservations,
  type RootProvider,
  type ScrubOptions,
  type ScrubProgress,
  type SpaceReservation,
  type StoreStat,
  storedCost,
} from '#storage/chunks'
import { diskAway, noSpace, worse } from './faults.ts'
import { DISK_MARGIN_BYTES } from './limits.ts'
import { named } from './named.ts'
import { DiskOrder } from './order.ts'
import { betterChunk, type DiskPart, findBest } from './part.ts'
import { collectAll, compactAll, scrubAll } from './rounds.ts'
import { summed } from './summed.ts'

/** What the disks of a machine are opened with. */
export interface DisksOptions {
  readonly workers: ChunkWorkers
  readonly log: Log
  /** The disk of the data folder, which is always there. */
  readonly first: DiskPart
  /** Another disk than the first answered wrongly: it failed to write, or to read. Told each time. */
  readonly trouble: (id: string, trouble: DiskTrouble) => void
}

/** What a disk did not do. */
export interface DiskTrouble {
  readonly kind: 'write' | 'read'
  readonly error: unknown
}

/**
 * The chunks of all disks of one machine as one store. A chunk lies on one of them: where it is already, else on the first in its
 * order that has room. With one disk, all there ever was, every call is passed through.
 * Disposing closes the stores; what the disks besides the first then fail to do is logged.
 */
export class Disks implements ChunkStore {
  readonly recovery: Recovery
  readonly #options: DisksOptions
  readonly #reservations = new Reservations()
  readonly #draining = new Set<string>()
  #parts: readonly DiskPart[]
  #order: DiskOrder<DiskPart>
  #isAnyAway = false
  /** Above all versions of groups that there were with other disks. */
  #before = 0
  /** The store of the only disk; undefined when there are several, or were. */
  #only: ChunkStore | undefined

  constructor(options: DisksOptions) {
    this.#options = options
    this.recovery = options.first.store.recovery
    this.#parts = [options.first]
    this.#order = new DiskOrder(this.#parts)
    this.#only = options.first.store
  }

  /** The disks that are there, that of the data folder first. */
  get parts(): readonly DiskPart[] {
    return this.#parts
  }

  /** A disk takes part from now on; its store belongs to these from now on. */
  add(part: DiskPart): void {
    this.#become([...this.#parts, part])
  }

  /** A disk takes part no more; its store is the caller's, who closes it. Not the first. */
  leave(id: string): DiskPart | undefined {
    const part = this.#parts.find(each => each.id === id && each !== this.#options.first)
    this.#draining.delete(id)
    if (part !== undefined) this.#become(this.#parts.filter(each => each !== part))
    return part
  }

  /** Whether nothing new goes to a disk. */
  drain(id: string, isDraining: boolean): void {
    if (isDraining) this.#draining.add(id)
    else this.#draining.delete(id)
  }

  isDraining(id: string): boolean {
    return this.#draining.has(id)
  }

  /** Whether there are others that cannot be reached: a chunk that is on none of these may be there. */
  setAway(isAnyAway: boolean): void {
    if (isAnyAway === this.#isAnyAway) return
    this.#isAnyAway = isAnyAway
    this.#become(this.#parts)
  }

  /** The disks that take new chunks, the nearest to this one first. While all are drained, all of them do. */
  takersFor(digest: Digest): readonly DiskPart[] {
    const order = this.#order.of(digest)
    const takers = order.filter(({ id }) => !this.#draining.has(id))
    return takers.length > 0 ? takers : order
  }

  put(bytes: Uint8Array, name?: Digest): Promise<Digest> {
    return this.#only?.put(bytes, name) ?? this.#place(bytes, 'put', name)
  }

  cache(bytes: Uint8Array, name?: Digest): Promise<Digest> {
    return this.#only?.cache(bytes, name) ?? this.#place(bytes, 'cache', name)
  }

  read(digest: Digest, into: Uint8Array, offset: number): Awaitable<void> {
    if (this.#only !== undefined) return this.#only.read(digest, into, offset)
    const found = findBest(this.#order.of(digest), digest)
    return andThen(found, best => {
      const isReadable = best !== undefined && best.chunk.state !== 'quarantined'
      return isReadable
        ? this.#readAt(best.part, { digest, into, offset })
        : this.#readAnywhere({ digest, into, offset })
    })
  }

  has(digest: Digest): Awaitable<boolean> {
    if (this.#only !== undefined) return this.#only.has(digest)
    return andThen(findBest(this.#order.of(digest), digest), best => best?.chunk.state === 'held')
  }

  find(digest: Digest): Awaitable<ListedChunk | undefined> {
    if (this.#only !== undefined) return this.#only.find(digest)
    return andThen(findBest(this.#order.of(digest), digest), best => best?.chunk)
  }

  async renew(digests: readonly Digest[]): Promise<readonly boolean[]> {
    const flags = await this.#each('write', ({ store }) => store.renew(digests))
    return digests.map((_, at) => flags.some(each => each[at] === true))
  }

  isCandidate(digest: Digest): boolean {
    return this.#parts.some(({ store }) => store.isCandidate(digest))
  }

  async release(digests: readonly Digest[]): Promise<void> {
    await this.#each('write', ({ store }) => store.release(digests))
  }

  async drop(digests: readonly Digest[]): Promise<void> {
    await this.#each('write', ({ store }) => store.drop(digests))
  }

  async condemn(digests: readonly Digest[]): Promise<void> {
    await this.#each('write', ({ store }) => store.condemn(digests))
  }

  async delete(digests: readonly Digest[]): Promise<void> {
    await this.#each('write', ({ store }) => store.delete(digests))
  }

  async verify(digest: Digest): Promise<boolean> {
    return (await this.#each('read', ({ store }) => store.verify(digest))).some(isRight => isRight)
  }

  async sync(): Promise<void> {
    if (this.#only !== undefined) return await this.#only.sync()
    await this.#each('write', ({ store }) => store.sync())
  }

  reserve(bytes: number): SpaceReservation | undefined {
    if (this.#only !== undefined) return this.#only.reserve(bytes)
    return this.#reservations.reserve(bytes, this.space().freeBytes)
  }

  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    if (this.#only !== undefined) return this.#only.space()
    const takers = this.#takers
    const margin = takers.length > 1 ? DISK_MARGIN_BYTES : 0
    let [totalBytes, freeBytes] = [0, -this.#reservations.bytes]
    for (const { store } of takers) {
      const space = store.space()
      totalBytes += space.totalBytes
      freeBytes += Math.max(space.freeBytes - margin, 0)
    }
    return { totalBytes, freeBytes: Math.max(freeBytes, 0) }
  }

  stat(): StoreStat {
    return this.#only?.stat() ?? summed(this.#parts.map(({ store }) => store.stat()))
  }

  async list(group: number, groups?: number): Promise<readonly ListedChunk[]> {
    if (this.#only !== undefined) return await this.#only.list(group, groups)
    const chunks = new Map<Digest, ListedChunk>()
    for (const listed of await this.#each('read', ({ store }) => store.list(group, groups))) {
      for (const chunk of listed) chunks.set(chunk.digest, betterChunk(chunks.get(chunk.digest), chunk))
    }
    return [...chunks.values()].sort((a, b) => (a.digest < b.digest ? -1 : 1))
  }

  groupVersion(group: number, groups: number): number {
    return this.#parts.reduce((sum, { store }) => sum + store.groupVersion(group, groups), this.#before)
  }

  scrub(options: ScrubOptions, signal: AbortSignal): AsyncIterable<ScrubProgress> {
    return scrubAll(this.#parts, options, signal)
  }

  async *quarantined(signal: AbortSignal): AsyncGenerator<Digest> {
    for (const { store } of this.#parts) yield* store.quarantined(signal)
  }

  compact(signal: AbortSignal): Promise<Compaction> {
    return compactAll(this.#parts, signal)
  }

  collect(providers: readonly RootProvider[], options: CollectOptions, signal: AbortSignal): Promise<CollectRound> {
    return collectAll(this.#parts, providers, options, signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const [first, ...others] = this.#parts
    for (const { id, store } of others) {
      try {
        await store[Symbol.asyncDispose]()
      } catch (error) {
        this.#options.log.warn('a disk was not closed well', { disk: id, error: whyOf(error) })
      }
    }
    await first?.store[Symbol.asyncDispose]()
  }

  get #takers(): readonly DiskPart[] {
    const takers = this.#parts.filter(({ id }) => !this.#draining.has(id))
    return takers.length > 0 ? takers : this.#parts
  }

  #become(parts: readonly DiskPart[]): void {
    this.#before = this.groupVersion(0, 1) + 1
    this.#parts = parts
    this.#order = new DiskOrder(parts)
    this.#only = parts.length > 1 || this.#isAnyAway ? undefined : this.#options.first.store
  }

  async #place(bytes: Uint8Array, verb: 'put' | 'cache', name: Digest | undefined): Promise<Digest> {
    if (bytes.byteLength > CHUNK_BYTES_MAX) return await this.#options.first.store[verb](bytes)
    using claim = this.#reservations.claim(bytes.byteLength)
    const chunk = name === undefined ? await named(bytes, this.#options.workers) : { digest: name, bytes }
    const { digest } = chunk
    const best = await findBest(this.#order.of(digest), digest)
    const isKept = best !== undefined && this.#mayStay(best.part, best.chunk)
    const kept = isKept ? [best.part] : []
    if (!isKept && storedCost(bytes.byteLength) > this.#unpromised() + claim.bytes) throw noSpace(bytes.byteLength)
    const part = await this.#first([...kept, ...this.#withRoom(digest, bytes.byteLength)], chunk.bytes, part =>
      part.store[verb](chunk.bytes, digest),
    )
    await this.#settle(part, digest)
    return digest
  }

  // What a disk that is drained has not as a copy goes to another.
  #mayStay({ id }: DiskPart, { state }: ListedChunk): boolean {
    return state === 'held' || (state !== 'quarantined' && !this.#draining.has(id))
  }

  #withRoom(digest: Digest, bytes: number): readonly DiskPart[] {
    return this.takersFor(digest).filter(({ store }) => store.space().freeBytes >= storedCost(bytes))
  }

  #unpromised(): number {
    const free = this.#takers.reduce((sum, { store }) => sum + store.space().freeBytes, 0)
    return free - this.#reservations.bytes
  }

  async #first(
    parts: readonly DiskPart[],
    bytes: Uint8Array,
    step: (part: DiskPart) => Promise<unknown>,
  ): Promise<DiskPart> {
    for (const part of parts) {
      try {
        await this.#on(part, 'write', () => step(part))
        return part
      } catch (error) {
        const mayGoElsewhere = isFault(error, 'NoSpace') || this.#isTrouble(part, error)
        if (!mayGoElsewhere) throw error
      }
    }
    throw noSpace(bytes.byteLength)
  }

  // What is here now is no candidate anywhere, and damage of it elsewhere is no matter any more.
  async #settle(at: DiskPart, digest: Digest): Promise<void> {
    for (const part of this.#order.of(digest)) {
      if (part === at) continue
      const { store } = part
      if (store.isCandidate(digest)) await this.#on(part, 'write', () => store.renew([digest]))
      const twin = await store.find(digest)
      if (twin?.state === 'quarantined') await this.#on(part, 'write', () => store.delete([digest]))
    }
  }

  #readAt(part: DiskPart, range: Range): Awaitable<void> {
    const { digest, into, offset } = range
    try {
      const read = part.store.read(digest, into, offset)
      return isLater(read) ? read.then(undefined, error => this.#readAfter(part, error, range)) : undefined
    } catch (error) {
      return this.#readAfter(part, error, range)
    }
  }

  #readAfter(part: DiskPart, error: unknown, range: Range): Promise<void> {
    if (isFault(error, 'OutOfRange')) throw error
    this.#tell(part, 'read', error)
    return this.#readAnywhere(range)
  }

  // Each store looks closer at what it does not have: that it is missing may be its index's damage.
  async #readAnywhere({ digest, into, offset }: Range): Promise<void> {
    let worst: unknown
    for (const part of this.#order.of(digest)) {
      try {
        await this.#on(part, 'read', async () => part.store.read(digest, into, offset))
        return
      } catch (error) {
        if (!READ_FAULTS.some(code => isFault(error, code))) throw error
        worst = worse(worst, error)
      }
    }
    throw this.#isAnyAway && isFault(worst, 'ChunkMissing') ? diskAway(digest, worst) : worst
  }

  #each<Value>(kind: DiskTrouble['kind'], step: (part: DiskPart) => Promise<Value>): Promise<readonly Value[]> {
    return Promise.all(this.#parts.map(part => this.#on(part, kind, () => step(part))))
  }

  async #on<Value>(part: DiskPart, kind: DiskTrouble['kind'], step: () => Promise<Value>): Promise<Value> {
    try {
      return await step()
    } catch (error) {
      this.#tell(part, kind, error)
      throw error
    }
  }

  #tell(part: DiskPart, kind: DiskTrouble['kind'], error: unknown): void {
    if (this.#isTrouble(part, error)) this.#options.trouble(part.id, { kind, error })
  }

  #isTrouble(part: DiskPart, error: unknown): boolean {
    return part !== this.#options.first && isFault(error, 'Io')
  }
}

interface Range {
  readonly digest: Digest
  readonly into: Uint8Array
  readonly offset: number
}

/** After these another disk may have the chunk. */
const READ_FAULTS = ['ChunkMissing', 'ChunkDamaged', 'Io'] as const
