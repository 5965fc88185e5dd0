import type { SpaceReservation } from '../chunk-source.ts'
import type { Errno } from '../errno.ts'
import { EXTENTS_PER_WRITE } from '../limits.ts'
import type { AlsoChanged, WriteMessage } from '../operation.ts'
import { later } from '../time.ts'
import type { Attributes, Ino } from '../vfs.ts'
import type { BlockMemory } from './block-memory.ts'
import { Block } from './block.ts'
import { stagedChange, withTimes } from './held-times.ts'
import type { StagedWrite, StagingMark } from './staging.ts'

/** A block on its way to the home; nobody writes to it any more. */
export interface Flight {
  readonly block: Block
  /** What an older flight of the same block could not land: it lies below. */
  under?: Block
  /** False when a change of attributes goes with it: what is refused may be that. */
  readonly isAlone: boolean
  /** The change that was held back for it. */
  readonly heldBack?: AlsoChanged | undefined
  /** Everything staged for the block up to here travels with it. */
  readonly mark: StagingMark
  /** Resolves when it has landed, or with why it has not; never rejects. */
  done: Promise<Errno | undefined>
}

/** What goes in one message with what was written to a small file. */
export type SentWith = Pick<WriteMessage, 'also' | 'returnsDelegation'>

/** How a block is sent: behind an older flight of it, and with what. */
export interface Sending {
  readonly before: Flight | undefined
  readonly what: SentWith
}

/** Bytes over a part of a file that the home does not have yet. */
export interface Patch {
  readonly offset: number
  readonly bytes: Uint8Array
}

/** A file as the first write finds it. */
export interface DirtyFileStart {
  readonly ino: Ino
  readonly blockBytes: number
  readonly memory: BlockMemory
  readonly size: number
  readonly mtimeNs: bigint
  readonly nowMs: number
}

/** What was written to one file and has not landed at the home. */
export class DirtyFile {
  readonly ino: Ino
  readonly blockBytes: number
  /** When the oldest unlanded write came, on the monotonic clock. */
  readonly sinceMs: number
  size: number
  mtimeNs: bigint
  /** Quotas with a limit that it counts against, as far as they were known when it was written to. */
  quotas: readonly number[] = []
  /** It is closed, and lent no longer when all of it is at the home. */
  isLeaving = false
  /** A change that was answered and goes with the next that is sent. */
  heldBack: AlsoChanged | undefined
  /** True while a write is adding to it. */
  isWriting = false
  readonly blocks = new Map<number, Block>()
  readonly #memory: BlockMemory
  readonly #flights = new Map<number, Flight[]>()
  readonly #reserved = new Map<Block, SpaceReservation[]>()

  constructor(start: DirtyFileStart) {
    this.#memory = start.memory
    this.ino = start.ino
    this.blockBytes = start.blockBytes
    this.size = start.size
    this.mtimeNs = start.mtimeNs
    this.sinceMs = start.nowMs
  }

  get isClean(): boolean {
    return this.blocks.size === 0 && this.#flights.size === 0 && !this.isWriting
  }

  /** What is dirty of a small file, when nothing of it is on its way: one message tells of it. */
  get onlyBlock(): Block | undefined {
    if (this.blocks.size !== 1 || this.#flights.size > 0) return undefined
    const [block] = this.blocks.values()
    return block !== undefined && block.spans.length <= EXTENTS_PER_WRITE ? block : undefined
  }

  /** The block that takes writes at an index. */
  open(index: number): Block {
    const known = this.blocks.get(index)
    if (known !== undefined) return known
    const block = Block.empty(index, this.blockBytes, this.#memory)
    this.blocks.set(index, block)
    return block
  }

  hold(block: Block, reservation: SpaceReservation): void {
    const held = this.#reserved.get(block)
    if (held === undefined) this.#reserved.set(block, [reservation])
    else held.push(reservation)
  }

  /** Hands the space set aside for a block on to the puts of its bytes. */
  spend(block: Block): void {
    for (const reservation of this.#reserved.get(block) ?? []) reservation.spend(Number.MAX_SAFE_INTEGER)
  }

  /** Gives back the space set aside for a block. */
  unhold(block: Block): void {
    for (const reservation of this.#reserved.get(block) ?? []) reservation[Symbol.dispose]()
    this.#reserved.delete(block)
  }

  takeOff(flight: Flight): void {
    const flights = this.#flights.get(flight.block.index)
    if (flights === undefined) this.#flights.set(flight.block.index, [flight])
    else flights.push(flight)
  }

  land(flight: Flight): void {
    const left = (this.#flights.get(flight.block.index) ?? []).filter(other => other !== flight)
    if (left.length === 0) this.#flights.delete(flight.block.index)
    else this.#flights.set(flight.block.index, left)
  }

  /** The newest flight of a block, which the next one has to follow. */
  lastFlight(index: number): Flight | undefined {
    return this.#flights.get(index)?.at(-1)
  }

  /** The oldest flight of a block. */
  firstFlight(index: number): Flight | undefined {
    return this.#flights.get(index)?.[0]
  }

  flights(): Flight[] {
    return [...this.#flights.values()].flat()
  }

  /** Keeps a change of times until what was written to it is sent, and stages it; false when it cannot wait for that. */
  holdBack(also: AlsoChanged, stage: (staged: StagedWrite) => boolean): boolean {
    const block = this.onlyBlock
    if (block === undefined || also.caller.uid !== (this.heldBack ?? also).caller.uid) return false
    const heldBack = { ...also, change: { ...this.heldBack?.change, ...also.change } }
    const staged = { ino: this.ino, offset: block.index * this.blockBytes, mtimeNs: 0n, isChange: true }
    if (!stage({ ...staged, bytes: stagedChange(heldBack) })) return false
    this.heldBack = heldBack
    return true
  }

  /** Attributes as who writes to it sees them. */
  shown(attributes: Attributes): Attributes {
    const unlanded = Math.ceil(this.unlandedBytes / 4096) * 8
    const blocks = Math.min(attributes.blocks + unlanded, Math.ceil(this.size / 4096) * 8)
    const mtimeNs = later(attributes.mtimeNs, this.mtimeNs)
    const shown = { ...attributes, size: this.size, blocks, mtimeNs, ctimeNs: later(attributes.ctimeNs, mtimeNs) }
    return this.heldBack === undefined ? shown : withTimes(shown, this.heldBack)
  }

  /** Bytes of memory that are written and have not landed. */
  get unlandedBytes(): number {
    const flying = this.flights().flatMap(({ under, block }) => (under === undefined ? [block] : [under, block]))
    const blocks = [...this.blocks.values(), ...flying]
    return blocks.flatMap(block => block.spans).reduce((sum, span) => sum + span.end - span.start, 0)
  }

  /** What to lay over the home's bytes of `[from, to)`, oldest first. */
  patches(from: number, to: number): Patch[] {
    const patches: Patch[] = []
    const first = Math.floor(from / this.blockBytes)
    for (let index = first; index * this.blockBytes < to; index++) {
      for (const { under, block } of this.#flights.get(index) ?? []) {
        if (under !== undefined) this.#addPatches(patches, under, { from, to })
        this.#addPatches(patches, block, { from, to })
      }
      const block = this.blocks.get(index)
      if (block !== undefined) this.#addPatches(patches, block, { from, to })
    }
    return patches
  }

  #addPatches(patches: Patch[], block: Block, range: { from: number; to: number }): void {
    const base = block.index * this.blockBytes
    for (const span of block.spans) {
      const start = Math.max(span.start, range.from - base)
      const end = Math.min(span.end, range.to - base)
      if (start < end) patches.push({ offset: base + start, bytes: block.bytesOf({ start, end }) })
    }
  }
}
