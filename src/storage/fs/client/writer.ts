import { andThen, type Awaitable, type Clock, isLater } from '#base'
import type { ChunkSource, SpaceReservation } from '../chunk-source.ts'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import type { Extent } from '../extent.ts'
import {
  DIRTY_AGE_MAX_MS,
  DIRTY_BYTES_MAX,
  EXTENTS_PER_WRITE,
  FILE_BYTES_MAX,
  FLIGHTS_MAX,
  INLINE_BYTES_MAX,
} from '../limits.ts'
import type { AlsoChanged, HomeLink } from '../operation.ts'
import { later } from '../time.ts'
import type { Answer, Attributes, Ino, Reply } from '../vfs.ts'
import { BlockMemory } from './block-memory.ts'
import { Block, isInline, type Span } from './block.ts'
import { DirtyFile, type Flight, type Patch, type Sending, type SentWith } from './dirty-file.ts'
import { call, errnoOf, REFUSALS } from './call.ts'
import { Gate } from './gate.ts'
import { Leaving } from './leaving.ts'
import { isDense, QuotaRoom } from './quota-room.ts'
import { changeIn } from './held-times.ts'
import type { StagedWrite, Staging } from './staging.ts'
import { Storing } from './storing.ts'

/** What the writer works with. */
export interface WriterParts {
  readonly link: HomeLink
  readonly chunks: ChunkSource
  readonly chunkBytes: number
  readonly staging: Staging
  readonly clock: Clock
}

/**
 * Gathers writes into chunk-sized blocks and brings them to the home: full blocks at once, the rest when the file is
 * synced, released or old enough. A write is staged before it is answered, so it survives the end of this process.
 */
export class Writer {
  readonly #parts: WriterParts
  readonly #files = new Map<Ino, DirtyFile>()
  readonly #memory = new BlockMemory()
  /** Oldest first. */
  readonly #flights = new Set<Flight>()
  /** Files that were closed and are on their way. */
  readonly leaving: Leaving
  readonly storing: Storing
  readonly gate = new Gate()
  #bytes = 0
  readonly #room: QuotaRoom

  constructor(parts: WriterParts) {
    this.#parts = parts
    this.#room = new QuotaRoom(parts.link, this.#files)
    this.leaving = new Leaving(parts.clock)
    this.storing = new Storing(parts)
  }

  /** Attributes as the writer of the file sees them. */
  overlay(attributes: Attributes): Attributes {
    return this.#files.get(attributes.ino)?.shown(attributes) ?? attributes
  }

  /** Size and unlanded bytes of a file; undefined when the home has everything. */
  dirty(ino: Ino): { readonly size: number; patches(from: number, to: number): Patch[] } | undefined {
    return this.#files.get(ino)
  }

  /** Takes all of `bytes`, whose memory the caller may reuse once this has answered. */
  write(attributes: Attributes, offset: number, bytes: Uint8Array): Reply<void> {
    if (offset + bytes.byteLength > FILE_BYTES_MAX) return ERRNO.EFBIG
    if (bytes.byteLength === 0) return undefined
    const isHeldBack = this.#files.get(attributes.ino)?.heldBack !== undefined
    if (this.#isFull || isHeldBack) return this.#writeLater(attributes.ino, offset, bytes)
    const hasRoom = this.#room.has(attributes.ino, this.#growthMax(attributes, offset, bytes.byteLength))
    if (isLater(hasRoom)) return this.#writeAsked(hasRoom, attributes.ino, offset, bytes)
    if (hasRoom === true) return this.#take(attributes, offset, bytes)
    return isErrno(hasRoom) ? hasRoom : this.#writeWithout(attributes, offset, bytes)
  }

  // Others may have taken what was asked for meanwhile.
  async #writeAsked(asked: PromiseLike<Answer<boolean>>, ino: Ino, offset: number, bytes: Uint8Array) {
    const hasRoom = await asked
    if (isErrno(hasRoom)) return hasRoom
    const attributes = await this.#parts.link.call('attributes', { ino })
    if (isErrno(attributes)) return attributes
    return hasRoom ? this.write(attributes, offset, bytes) : this.#writeWithout(attributes, offset, bytes)
  }

  #writeWithout(attributes: Attributes, offset: number, bytes: Uint8Array): Reply<void> {
    const isExact = this.#files.size === 0 && isDense(attributes)
    return isExact ? ERRNO.EDQUOT : this.#writeCounted(attributes.ino, offset, bytes)
  }

  #take(attributes: Attributes, offset: number, bytes: Uint8Array): Reply<void> {
    const isFirst = attributes.size === 0 && offset === 0 && !this.#files.has(attributes.ino)
    // What goes to another machine waits for what else there is to tell of the file.
    const isHere = this.#parts.link.remote === undefined
    if (isFirst && isHere && bytes.byteLength <= INLINE_BYTES_MAX) return this.#writeHome(attributes.ino, bytes)
    const file = this.#open(attributes)
    const mtimeNs = this.#parts.clock.wallNs()
    file.isWriting = true
    file.isLeaving = false
    if (this.#parts.link.remote !== undefined) file.quotas = this.#room.limitedBy(file.ino)
    const failed = this.#writeParts(file, offset, bytes)
    file.isWriting = false
    if (failed === undefined) {
      file.size = Math.max(file.size, offset + bytes.byteLength)
      file.mtimeNs = later(file.mtimeNs, mtimeNs)
    }
    this.#close(file)
    return failed ?? this.#pace()
  }

  // A writer may be a few blocks ahead of the disk: while these are hashed and stored, it makes the next.
  #pace(): Reply<void> {
    if (this.#flights.size <= FLIGHTS_MAX) return undefined
    const [oldest] = this.#flights
    return oldest?.done.then(() => undefined)
  }

  /** Starts bringing everything of a file to the home. */
  flush(ino: Ino): void {
    const file = this.#files.get(ino)
    if (file !== undefined) this.#sendAll(file)
  }

  /** Brings everything of a file to the home and answers when it is there, or why it is not; then it can be tried again. */
  settle(ino: Ino): Reply<void> {
    const file = this.#files.get(ino)
    if (file === undefined) return undefined
    const under = file.flights().map(flight => flight.done)
    const sent = this.#sendAll(file)
    const failed = sent.find(answer => isErrno(answer))
    const later = [...under, ...sent.filter(answer => isLater(answer))]
    if (later.length === 0) return failed
    return Promise.all(later).then(answers => failed ?? answers.find(answer => isErrno(answer)))
  }

  /** As {@link settle}, in one message with a change of attributes, for which the file must be small and none on its way; else false. */
  settleWith(ino: Ino, also: AlsoChanged): Reply<void> | false {
    const file = this.#files.get(ino)
    const block = file?.onlyBlock
    return file === undefined || block === undefined || file.heldBack !== undefined
      ? false
      : this.#send(file, block, { also })
  }

  /** Keeps a change of times until what was written to a small file is sent; false when it cannot wait for that. */
  holdBack(ino: Ino, also: AlsoChanged): boolean {
    const { staging } = this.#parts
    return this.#files.get(ino)?.holdBack(also, staged => !isErrno(call(() => void staging.write(staged)))) === true
  }

  /** Sends what is left of a small file that is closed, without waiting for the home: false when that must be waited for. */
  leave(ino: Ino): boolean {
    const file = this.#files.get(ino)
    if (file?.onlyBlock === undefined || file.quotas.length > 0 || this.leaving.isFull) return false
    file.isLeaving = true
    this.leaving.add(ino, async () => this.settle(ino))
    return true
  }

  /** As {@link settle} for all files; answers why one of them could not. */
  async settleAll(): Promise<Errno | undefined> {
    const failures = await Promise.all([...this.#files.keys()].map(async ino => this.settle(ino)))
    return failures.find(isErrno)
  }

  /** The time, as writes are stamped with. */
  get nowNs(): bigint {
    return this.#parts.clock.wallNs()
  }

  /** True while something has not landed at the home. */
  get isDirty(): boolean {
    return this.#files.size > 0
  }

  /** Drops what has not landed, but of closed files that are kept, and answers of which; what is on its way must be refused by the link. */
  dropAll(keeps: (ino: Ino) => boolean): readonly Ino[] {
    const dropped: Ino[] = []
    for (const { ino, isLeaving } of this.#files.values()) if (!isLeaving || !keeps(ino)) dropped.push(ino)
    for (const ino of dropped) this.discard(ino)
    return dropped
  }

  /** Drops what was written to a file that is gone. */
  discard(ino: Ino): void {
    const file = this.#files.get(ino)
    if (file === undefined) return
    for (const block of file.blocks.values()) this.#drop(file, block)
    file.blocks.clear()
    this.#close(file)
  }

  /** Flushes what has waited long enough, and gives back room that nothing needs. */
  tick(): void {
    const before = this.#parts.clock.monotonicMs() - DIRTY_AGE_MAX_MS
    const files = Array.from(this.#files.values())
    for (const file of files) if (file.sinceMs <= before || file.isLeaving) this.flush(file.ino)
    // What could not be given back is tried again.
    if (files.length === 0) void Promise.resolve(this.giveBack()).catch(() => undefined)
  }

  /**
   * Takes over what a killed process had staged: sorted by time, over what the home has. It was answered, so it is
   * taken even on a disk that has no room for it any more.
   */
  restore(attributes: Attributes, write: StagedWrite): void {
    const file = this.#open(attributes)
    if (write.isChange === true) {
      file.heldBack = changeIn(write.bytes)
      return this.#close(file)
    }
    const block = file.open(Math.floor(write.offset / file.blockBytes))
    const reservation = this.#reserve(block, write)
    if (reservation !== 'refused' && reservation !== undefined) file.hold(block, reservation)
    this.#fill(file, block, write)
    file.size = Math.max(file.size, write.offset + write.bytes.byteLength)
  }

  // How much a file may grow by a write at most: what replaces bytes that are there already needs no room.
  #growthMax(attributes: Attributes, offset: number, bytes: number): number {
    if (!isDense(attributes)) return bytes
    const size = this.#files.get(attributes.ino)?.size ?? attributes.size
    return Math.min(bytes, Math.max(0, offset + bytes - size))
  }

  /** Gives room in quotas that nothing here needs back to the home. */
  giveBack(): Reply<void> {
    return call(() => this.#room.giveBack())
  }

  /** What was promised before is not any more. */
  loseRoom(): void {
    this.#room.lose()
  }

  // The home counts exactly: a write that may not fit is judged when it has everything.
  async #writeCounted(ino: Ino, offset: number, bytes: Uint8Array): Promise<Awaited<Reply<void>>> {
    const failed = await this.settleAll()
    if (failed !== undefined) return failed
    const to = offset + bytes.byteLength
    const growth = await call(() => this.#parts.link.call('growth', { ino, from: offset, to }))
    if (isErrno(growth)) return growth
    await this.#parts.link.remote?.prepare(ino)
    const hasRoom = await this.#room.has(ino, growth.bytes)
    if (hasRoom !== true) return isErrno(hasRoom) ? hasRoom : ERRNO.EDQUOT
    const attributes = await this.#parts.link.call('attributes', { ino })
    return isErrno(attributes) ? attributes : this.#take(attributes, offset, bytes)
  }

  // What has landed meanwhile is in the home's attributes only.
  async #writeLater(ino: Ino, offset: number, bytes: Uint8Array): Promise<Awaited<Reply<void>>> {
    const isHeldBack = this.#files.get(ino)?.heldBack !== undefined
    const { isFull } = this.#parts.staging
    const failed = await (isHeldBack ? this.settle(ino) : isFull ? this.settleAll() : this.#settleOldest())
    if (failed !== undefined && (isHeldBack || this.#isFull)) return failed
    const attributes = await this.#parts.link.call('attributes', { ino })
    return isErrno(attributes) ? attributes : this.write(attributes, offset, bytes)
  }

  async #settleOldest(): Promise<Errno | undefined> {
    let failed: Errno | undefined
    for (const file of this.#files.values()) {
      failed = (await this.settle(file.ino)) ?? failed
      if (this.#bytes <= DIRTY_BYTES_MAX / 2) break
    }
    return failed
  }

  get #isFull(): boolean {
    return this.#bytes > DIRTY_BYTES_MAX || this.#parts.staging.isFull
  }

  // The first piece of a new file is mostly all of it: brought to the home at once it need not be staged before.
  #writeHome(ino: Ino, bytes: Uint8Array): Reply<void> {
    const refused = this.storing.checkSpace(bytes.byteLength)
    if (refused !== undefined) return refused
    const data = Buffer.from(bytes)
    const extents = [{ kind: 'inline', offset: 0, bytes: data.byteLength, data }] as const
    const mtimeNs = this.#parts.clock.wallNs()
    const written = call(() => this.#parts.link.call('write', { ino, extents, mtimeNs, killPrivileges: false }))
    return andThen(written, failed => {
      if (failed === undefined) this.#room.landed(ino, extents)
      return failed
    })
  }

  #writeParts(file: DirtyFile, offset: number, bytes: Uint8Array): Errno | undefined {
    const mtimeNs = this.#parts.clock.wallNs()
    for (let done = 0; done < bytes.byteLength; ) {
      const at = offset + done
      const room = file.blockBytes - (at % file.blockBytes)
      const part = bytes.subarray(done, done + room)
      const failed = this.#writePart(file, { ino: file.ino, offset: at, mtimeNs, bytes: part })
      if (failed !== undefined) return this.#refuse(file, failed)
      done += part.byteLength
    }
    return undefined
  }

  // Space first, then the staging file, then memory: a part that is refused leaves nothing behind.
  #writePart(file: DirtyFile, write: StagedWrite): Errno | undefined {
    const block = file.open(Math.floor(write.offset / file.blockBytes))
    const reservation = this.#reserve(block, write)
    if (reservation === 'refused') return ERRNO.ENOSPC
    const failed = call(() => void this.#parts.staging.write(write))
    if (isErrno(failed)) {
      reservation?.[Symbol.dispose]()
      return failed
    }
    if (reservation !== undefined) file.hold(block, reservation)
    this.#fill(file, block, write)
    if (block.isFull) this.#send(file, block)
    return undefined
  }

  #reserve(block: Block, { offset, bytes }: StagedWrite): SpaceReservation | undefined | 'refused' {
    const growth = block.growth((offset % this.#parts.chunkBytes) + bytes.byteLength)
    return growth === 0 ? undefined : (this.#parts.chunks.reserve(growth) ?? 'refused')
  }

  #fill(file: DirtyFile, block: Block, { offset, bytes, mtimeNs }: StagedWrite): void {
    const start = offset % file.blockBytes
    this.#bytes += block.growth(start + bytes.byteLength)
    block.write(start, bytes)
    file.mtimeNs = later(file.mtimeNs, mtimeNs)
  }

  #refuse(file: DirtyFile, failed: Errno): Errno {
    for (const block of file.blocks.values()) {
      if (block.spans.length === 0 && file.blocks.delete(block.index)) this.#drop(file, block)
    }
    return failed
  }

  #open(attributes: Attributes): DirtyFile {
    const known = this.#files.get(attributes.ino)
    if (known !== undefined) return known
    const file = new DirtyFile({
      memory: this.#memory,
      ino: attributes.ino,
      blockBytes: this.#parts.chunkBytes,
      size: attributes.size,
      mtimeNs: attributes.mtimeNs,
      nowMs: this.#parts.clock.monotonicMs(),
    })
    this.#files.set(file.ino, file)
    return file
  }

  // A block that fails comes back: only those here now are sent.
  #sendAll(file: DirtyFile): Reply<void>[] {
    return Array.from(file.blocks.values()).map(block => this.#send(file, block))
  }

  /** Sends a block to the home; answers when it has landed, or why it has not. */
  #send(file: DirtyFile, block: Block, what: Pick<SentWith, 'also'> = {}): Reply<void> {
    file.blocks.delete(block.index)
    const { heldBack, isLeaving } = file
    file.heldBack = undefined
    const also = what.also ?? heldBack
    const together = { also, ...(isLeaving ? { returnsDelegation: true } : {}) }
    const before = file.lastFlight(block.index)
    const isAlone = also === undefined
    const flight: Flight = {
      block,
      mark: this.#parts.staging.mark,
      done: Promise.resolve(undefined),
      isAlone,
      heldBack,
    }
    const spans = block.spans.filter(span => span.start < span.end)
    if (before === undefined && block.isInline) {
      const landed = this.#commit(
        file,
        spans.map(span => block.inlineExtent(span)),
        together,
      )
      if (!isLater(landed)) return this.#arrive(file, flight, landed)
      flight.done = Promise.resolve(landed).then(answer => this.#arrive(file, flight, answer))
    } else {
      flight.done = this.#fly(file, block, { before, what: together }).then(answer =>
        this.#arrive(file, flight, answer),
      )
    }
    if (!isLeaving) this.#flights.add(flight)
    file.takeOff(flight)
    return flight.done
  }

  async #fly(file: DirtyFile, block: Block, { before, what }: Sending): Promise<Errno | undefined> {
    try {
      const stored = await Promise.allSettled(
        block.spans.map(async span => (isInline(span) ? block.inlineExtent(span) : this.#store(file, block, span))),
      )
      // What is older than a block lands before it or, when that has failed, goes with it another time.
      const failedBefore = await before?.done
      return failedBefore ?? (await this.#commit(file, stored.map(valueOf), what))
    } catch (error) {
      return errnoOf(error)
    }
  }

  #store(file: DirtyFile, block: Block, span: Span): Promise<Extent> {
    file.spend(block)
    return this.storing.store(block.bytesOf(span), block.index * file.blockBytes + span.start)
  }

  #commit(file: DirtyFile, extents: readonly Extent[], what?: SentWith): Awaitable<Errno | undefined> {
    const { ino, mtimeNs } = file
    for (let at = 0; at < extents.length; at += EXTENTS_PER_WRITE) {
      const message = {
        ino,
        extents: extents.slice(at, at + EXTENTS_PER_WRITE),
        mtimeNs,
        killPrivileges: false,
        ...what,
      }
      const answer = call(() => this.#parts.link.call('write', message))
      const rest = extents.slice(at + EXTENTS_PER_WRITE)
      if (isLater(answer)) {
        return answer.then(failed => {
          if (failed === undefined) this.#room.landed(ino, message.extents)
          return failed ?? this.#commit(file, rest)
        })
      }
      if (answer !== undefined) return answer
      this.#room.landed(ino, message.extents)
    }
    return undefined
  }

  // A file that is gone takes its unlanded writes with it, and what may not be written is dropped; any other failure keeps the
  // block for another try.
  #arrive(file: DirtyFile, flight: Flight, failed: Errno | undefined): Errno | undefined {
    this.#flights.delete(flight)
    file.land(flight)
    const isRefused = flight.isAlone && (failed === ERRNO.EACCES || failed === ERRNO.EROFS)
    if (failed === undefined || failed === ERRNO.ENOENT || failed === ERRNO.ESTALE || isRefused) {
      const offset = flight.block.index * file.blockBytes
      this.#drop(file, flight.block)
      if (flight.under !== undefined) this.#drop(file, flight.under)
      this.#close(file)
      if (this.#files.size > 0) this.#parts.staging.landed({ ino: file.ino, offset }, flight.mark)
      return isRefused ? failed : undefined
    }
    this.#putBack(file, flight, failed)
    return failed
  }

  // Below what is newer: the next flight of the same block, or what was written since.
  #putBack(file: DirtyFile, { under, block, heldBack }: Flight, failed: Errno): void {
    // What was refused may be the change: then it goes without.
    if (!REFUSALS.has(failed)) file.heldBack ??= heldBack
    const next = file.firstFlight(block.index)
    const newer = next === undefined ? file.blocks.get(block.index) : undefined
    const merged = this.#merge(file, block.index, [under, block, newer])
    if (next === undefined) file.blocks.set(block.index, merged)
    else next.under = merged
  }

  /** One block of several, the newest last; their memory is given back. */
  #merge(file: DirtyFile, index: number, blocks: readonly (Block | undefined)[]): Block {
    const merged = Block.empty(index, file.blockBytes, this.#memory)
    for (const block of blocks) {
      if (block === undefined) continue
      this.#bytes -= block.capacity
      file.unhold(block)
      merged.take(block)
    }
    this.#bytes += merged.capacity
    return merged
  }

  #drop(file: DirtyFile, block: Block): void {
    file.unhold(block)
    this.#bytes -= block.capacity
    block.release()
  }

  #close(file: DirtyFile): void {
    if (!file.isClean) return
    this.#files.delete(file.ino)
    if (this.#files.size > 0) return
    this.#parts.staging.reset()
    if (this.#parts.link.remote === undefined) void this.giveBack()
  }
}

// Only when all puts have ended may the block's memory be used again, also when one has failed.
function valueOf<Value>(settled: PromiseSettledResult<Value>): Value {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}
