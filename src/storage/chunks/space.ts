import type { World } from '#base'
import { chunkFault, isFull } from './faults.ts'
import {
  BALLAST_BYTES_MIN,
  BALLAST_FILE_BYTES_MAX,
  BALLAST_SHARE,
  SHARED_BYTES_MIN,
  SHARED_SHARE,
  SPACE_FRESH_BYTES,
  SPACE_FRESH_MS,
} from './limits.ts'
import { type Claim, Reservations, type SpaceReservation } from './reservations.ts'

/** How much of its disk a store may take. */
export interface SpaceOptions {
  /** The share offered: segments never grow beyond it, except while compaction rewrites. Default: the whole disk. */
  readonly bytesMax?: number | undefined
  /** Kept for deletion and compaction on a full disk. Default: max(1 %, 256 MiB) of the disk. */
  readonly ballastBytes?: number | undefined
  /** True on a system disk that others use too: max(5 %, 2 GiB) stay free. */
  readonly shared?: boolean | undefined
}

/** Accounts for the space of one store: what is free, what is promised, what is kept for emergencies. */
export class Space {
  readonly #world: World
  readonly #folder: string
  readonly #options: SpaceOptions
  readonly #usedBytes: () => number
  readonly #ballastPath: string
  #ballastBytes: number
  readonly #reservations = new Reservations()
  #disk = { totalBytes: 0, freeBytes: 0 }
  #asOfMs = Number.NEGATIVE_INFINITY
  #writtenSince = 0

  constructor(world: World, folder: string, options: SpaceOptions, usedBytes: () => number) {
    this.#world = world
    this.#folder = folder
    this.#options = options
    this.#usedBytes = usedBytes
    this.#ballastPath = `${folder}/ballast`
    this.#ballastBytes = world.disk.stat(this.#ballastPath)?.bytes ?? 0
  }

  /** Bytes kept free for deletion and compaction: a part of them is there as a file, the rest is only not used. */
  get ballastBytesWanted(): number {
    return this.#options.ballastBytes ?? share(this.#fresh().totalBytes, BALLAST_SHARE, BALLAST_BYTES_MIN)
  }

  /** What is offered and what of it new chunks may still take. */
  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    const disk = this.#fresh()
    const freeBytes = Math.max(this.#free(), 0)
    const usable = Math.max(disk.totalBytes - this.#kept(), 0)
    // What others keep on a disk that is theirs too is not offered.
    const offered = this.#options.shared === true ? Math.min(usable, this.#usedBytes() + freeBytes) : usable
    return { totalBytes: Math.min(offered, this.#options.bytesMax ?? offered), freeBytes }
  }

  reserve(bytes: number): SpaceReservation | undefined {
    return this.#reservations.reserve(bytes, this.#free()) ?? this.#reservations.reserve(bytes, this.#freeNow())
  }

  /** Takes over what was handed to the put of a chunk; the promise ends when the answer is disposed. */
  claim(bytes: number): Claim {
    return this.#reservations.claim(bytes)
  }

  /** Says that a record is about to be written. Faults: NoSpace. */
  take(bytes: number, claim: Claim): void {
    const free = (bytes > this.#free() + claim.bytes ? this.#freeNow() : this.#free()) + claim.bytes
    if (bytes > free) {
      const hint = 'Delete files or snapshots, add a disk, or offer a larger share of this one.'
      throw chunkFault('NoSpace', `no space for ${bytes} bytes; ${Math.max(free, 0)} are free`, { hint })
    }
    this.#writtenSince += bytes
  }

  /** Runs a step that deleting depends on; on a full disk it gives up the ballast and tries again. */
  withBallast<Value>(step: () => Value): Value {
    try {
      return step()
    } catch (error) {
      if (!isFull(error) && !isFullIndex(error)) throw error
      this.releaseBallast()
      return step()
    }
  }

  /** Gives the ballast to the disk. */
  releaseBallast(): void {
    if (this.#ballastBytes === 0) return
    this.#world.log.warn('the disk is full: ballast released', { folder: this.#folder, bytes: this.#ballastBytes })
    this.#world.disk.remove(this.#ballastPath)
    this.#ballastBytes = 0
    this.#asOfMs = Number.NEGATIVE_INFINITY
  }

  /** Adds a step to the ballast file; false when there is enough or the disk has too little room. */
  growBallast(stepBytes: number): boolean {
    const missing = Math.min(this.ballastBytesWanted, BALLAST_FILE_BYTES_MAX) - this.#ballastBytes
    const step = Math.min(stepBytes, missing)
    if (step <= 0 || this.#fresh().freeBytes < 2 * missing) return false
    using file = this.#world.disk.open(this.#ballastPath, 'create')
    try {
      file.write([this.#world.entropy.bytes(step)], this.#ballastBytes)
    } catch (error) {
      if (isFull(error)) return false
      throw error
    }
    this.#ballastBytes += step
    return true
  }

  // Nobody is refused for what the disk was a moment ago.
  #freeNow(): number {
    this.#asOfMs = Number.NEGATIVE_INFINITY
    return this.#free()
  }

  #free(): number {
    const used = this.#options.bytesMax === undefined ? undefined : this.#options.bytesMax - this.#usedBytes()
    const disk = this.#fresh().freeBytes - this.#writtenSince - this.#kept() + this.#ballastBytes
    return Math.floor(Math.min(disk, used ?? disk) - this.#reservations.bytes)
  }

  // Ballast on disk is already missing from the free bytes; the caller adds it back.
  #kept(): number {
    const shared = this.#options.shared === true ? share(this.#disk.totalBytes, SHARED_SHARE, SHARED_BYTES_MIN) : 0
    return shared + Math.max(this.ballastBytesWanted, this.#ballastBytes)
  }

  #fresh(): { readonly totalBytes: number; readonly freeBytes: number } {
    const nowMs = this.#world.clock.monotonicMs()
    if (nowMs - this.#asOfMs > SPACE_FRESH_MS || this.#writtenSince > SPACE_FRESH_BYTES) {
      this.#disk = this.#world.disk.space(this.#folder)
      this.#asOfMs = nowMs
      this.#writtenSince = 0
    }
    return this.#disk
  }
}

function share(totalBytes: number, part: number, min: number): number {
  return Math.max(Math.floor(totalBytes * part), min)
}

// SQLITE_FULL, https://sqlite.org/rescode.html#full
function isFullIndex(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 13
}
