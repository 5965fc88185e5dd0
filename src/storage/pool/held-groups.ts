import { type Clock, DIGEST_BYTES, type Digest, digestBytes, digestOf } from '#base'
import type { ChunkStore, ListedChunk } from '#storage/chunks'
import type { Cached } from './cached.ts'
import { digestOfAll } from './group-chunks.ts'
import { LISTED_PER_TURN } from './limits.ts'

/** What this machine holds of a group. */
export interface HeldGroup {
  readonly chunks: number
  /** SHA-256 over their digests in byte order: equal on machines that hold the same. */
  readonly digest: Digest
}

/** What held groups are found with. */
export interface HeldGroupsParts {
  readonly store: ChunkStore
  readonly clock: Clock
  readonly cached: Cached
  /** How many groups there are now. */
  readonly groups: () => number
}

/**
 * What this machine holds of each group: a group is listed when it is first asked for, and again only when it has changed. It takes 44
 * bytes of memory for each, of which there are 65,536 at most.
 */
export class HeldGroups {
  readonly #parts: HeldGroupsParts
  #known = new KnownGroups(0)
  /** Chunks listed since others had a turn, and what lists cost besides. */
  #listed = 0

  constructor(parts: HeldGroupsParts) {
    this.#parts = parts
  }

  /** What is held of a group. Long work is interrupted for others. Faults: Io; the signal's reason. */
  async of(groups: number, group: number, signal: AbortSignal): Promise<HeldGroup> {
    const { store } = this.#parts
    const known = this.#knownOf(groups)
    const version = store.groupVersion(group, groups)
    const before = known?.get(group, version)
    if (before !== undefined) return before
    await this.#pause(signal)
    const chunks = await this.list(groups, group)
    const held = { chunks: chunks.length, digest: digestOfAll(chunks) }
    // Of what has changed meanwhile this is not known.
    known?.set(group, version, held)
    return held
  }

  /** The chunks that are held of a group, in byte order. Faults: Io. */
  async list(groups: number, group: number): Promise<readonly ListedChunk[]> {
    const { store, cached } = this.#parts
    const chunks = await store.list(group, groups)
    this.#listed += LIST_COST + chunks.length
    for (const { digest, bytes, state } of chunks) if (state === 'cached') await cached.met(digest, bytes)
    return chunks.filter(({ state }) => state === 'held')
  }

  // Who counts other groups, by another map, is answered and nothing is kept of it.
  #knownOf(groups: number): KnownGroups | undefined {
    if (groups !== this.#parts.groups()) return undefined
    if (this.#known.count !== groups) this.#known = new KnownGroups(groups)
    return this.#known
  }

  async #pause(signal: AbortSignal): Promise<void> {
    if (this.#listed < LISTED_PER_TURN) return
    this.#listed = 0
    await this.#parts.clock.sleep(1, signal)
  }
}

/** What was found of each group, and of which version of it. */
class KnownGroups {
  readonly count: number
  readonly #versions: Float64Array
  readonly #chunks: Uint32Array
  readonly #digests: Buffer

  constructor(count: number) {
    this.count = count
    this.#versions = new Float64Array(count).fill(NEVER_LISTED)
    this.#chunks = new Uint32Array(count)
    this.#digests = Buffer.alloc(count * DIGEST_BYTES)
  }

  get(group: number, version: number): HeldGroup | undefined {
    if (this.#versions[group] !== version) return undefined
    const at = group * DIGEST_BYTES
    return { chunks: this.#chunks[group] ?? 0, digest: digestOf(this.#digests.subarray(at, at + DIGEST_BYTES)) }
  }

  set(group: number, version: number, { chunks, digest }: HeldGroup): void {
    this.#versions[group] = version
    this.#chunks[group] = chunks
    this.#digests.set(digestBytes(digest), group * DIGEST_BYTES)
  }
}

const NEVER_LISTED = -1
// A list of nothing takes as long as some chunks do.
const LIST_COST = 4
