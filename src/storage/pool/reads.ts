import { type Awaitable, type Digest, digestHex, isFault, isLater, OVER, whyOf } from '#base'
import type { Cached } from './cached.ts'
import { poolFault } from './faults.ts'
import type { Holders } from './holders.ts'
import { Latency } from './latency.ts'
import { HEDGES_MAX, READ_ROUND_MS, READ_WAIT_MS } from './limits.ts'
import type { PoolParts } from './parts.ts'
import { Recent } from './recent.ts'

/** Reads chunks: from the own disk, else from the machines that should hold them, else from everybody. */
export class Reads {
  readonly #parts: PoolParts
  readonly #holders: Holders
  readonly #cached: Cached
  readonly #searching = new Map<Digest, Search>()
  readonly #keeping = new Set<Promise<void>>()
  readonly #latency = new Latency()
  readonly #recent: Recent
  #healing = 0

  constructor(parts: PoolParts, holders: Holders, cached: Cached) {
    this.#parts = parts
    this.#holders = holders
    this.#cached = cached
    this.#recent = new Recent(parts.world.clock)
  }

  /** How many damaged chunks of the own disk have right bytes again that are perhaps not durable yet. */
  get healing(): number {
    return this.#healing
  }

  /** See `ChunkSource.read`. At once when the own disk has it, or it came a moment ago. */
  read(digest: Digest, into: Uint8Array, offset: number, isStream = false): Awaitable<void> {
    const recent = this.#recent.get(digest)
    const range = { digest, into, offset, isStream }
    if (recent !== undefined) return fill(range, recent)
    this.#cached.touch(digest)
    try {
      const answer = this.#parts.store.read(digest, into, offset)
      if (!isLater(answer)) return
      return answer.then(undefined, (error: unknown) => this.#elsewhere(error, range))
    } catch (error) {
      return this.#elsewhere(error, range)
    }
  }

  /** Gives the memory back that is needed only while a chunk is read. */
  forgetOld(): void {
    this.#recent.forgetOld()
  }

  /** All bytes of a chunk from another machine. Faults: ChunkMissing, ChunkUnreachable; the signal's reason. */
  search(digest: Digest): Promise<Uint8Array> {
    return this.#search(digest).bytes
  }

  /** Puts right bytes in the place of damaged ones of the own disk. */
  async heal(digest: Digest): Promise<void> {
    await this.#putRight(digest, await this.search(digest))
    this.#parts.world.log.info('a damaged chunk was put right from another machine', { digest: digestHex(digest) })
  }

  /** Resolves when what was read is kept, as far as it will be. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#keeping)
  }

  #search(digest: Digest): Search {
    const running = this.#searching.get(digest)
    if (running !== undefined) {
      running.users++
      return running
    }
    const bytes = this.#gather(digest).finally(() => this.#searching.delete(digest))
    const search = { bytes, users: 1 }
    this.#searching.set(digest, search)
    return search
  }

  async #elsewhere(error: unknown, range: Range): Promise<void> {
    const { digest } = range
    const isAway = isFault(error, 'DiskAway')
    const isMissing = isAway || isFault(error, 'ChunkMissing')
    const mayBeElsewhere = isMissing || isFault(error, 'ChunkDamaged') || isFault(error, 'Io')
    if (!mayBeElsewhere || this.#parts.view().isAlone) throw error
    const search = this.#search(digest)
    const bytes = await search.bytes.catch((failed: unknown) => {
      // Damage that nobody can put right now is still damage, and what is on a disk that is away comes back with it.
      throw (isMissing && !isAway) || !isFault(failed) ? failed : error
    })
    try {
      fill(range, bytes)
    } finally {
      search.users--
    }
    // Of those that waited together the first sees to it.
    if (this.#recent.get(digest) !== undefined) return
    let isKept = false
    this.#recent.put(digest, bytes, () => isKept && search.users === 0)
    void this.#keep(range, bytes, !isMissing).then(() => {
      isKept = true
    })
  }

  // What belongs here, or was here, is a copy from now on.
  #keep({ digest, isStream }: Range, bytes: Uint8Array, wasHere: boolean): Promise<void> {
    const { world, signal } = this.#parts
    const view = this.#parts.view()
    const isWanted = view.isWanted(view.own, view.groupOf(digest))
    const keep = () => (isWanted ? this.#hold(digest, bytes) : this.#cached.keep(digest, bytes, isStream))
    const keeping = (wasHere ? this.#putRight(digest, bytes) : keep())
      .catch((error: unknown) => {
        if (!signal.aborted) world.log.info('a chunk that was read is not kept', { error: whyOf(error) })
      })
      .finally(() => this.#keeping.delete(keeping))
    this.#keeping.add(keeping)
    return keeping
  }

  // The store takes it for whole as soon as it is written.
  async #putRight(digest: Digest, bytes: Uint8Array): Promise<void> {
    this.#healing += 1
    try {
      await this.#hold(digest, bytes)
    } finally {
      this.#healing -= 1
    }
  }

  // A copy counts when it is durable; one that belongs elsewhere is brought there.
  async #hold(digest: Digest, bytes: Uint8Array): Promise<void> {
    const { copies, store } = this.#parts
    await copies.hold(bytes)
    await store.sync()
    const view = this.#parts.view()
    const group = view.groupOf(digest)
    if (!view.isWanted(view.own, group) && !view.isAway(group)) this.#parts.owe(group)
  }

  // A chunk that is being moved may be missed at both of its places: only the second time it is missing.
  async #gather(digest: Digest): Promise<Uint8Array> {
    const { world, signal } = this.#parts
    const startMs = world.clock.monotonicMs()
    for (let misses = 0; ; ) {
      const round = new Round(
        { digest, names: this.#namesFor(digest), latency: this.#latency },
        this.#parts,
        this.#holders,
      )
      const bytes = await round.run(signal)
      if (bytes !== undefined) return bytes
      misses = round.isSure ? misses + 1 : 0
      if (misses === 2) throw poolFault('ChunkMissing', `no machine has chunk ${digestHex(digest)}`)
      if (world.clock.monotonicMs() - startMs > READ_WAIT_MS) throw unreachable(digest, round)
      await world.clock.sleep(READ_ROUND_MS, signal)
    }
  }

  // The wanted holders by the time their answers take, then who may have it instead, then everybody else.
  #namesFor(digest: Digest): readonly string[] {
    const { machines } = this.#parts
    const view = this.#parts.view()
    const group = view.groupOf(digest)
    const states = new Map(machines.states().map(state => [state.name, state]))
    const farMs = (name: string): number => {
      const state = states.get(name)
      return state?.isConnected === true ? (state.rttMs ?? RTT_UNKNOWN_MS) : Number.MAX_SAFE_INTEGER
    }
    const wanted = view.wanted(group).toSorted((a, b) => farMs(a) - farMs(b))
    const names = new Set([...wanted, ...view.order(group), ...view.others])
    names.delete(view.own)
    return [...names]
  }
}

/** A chunk on its way from another machine, and how many have asked for it and may still look at it. */
interface Search {
  readonly bytes: Promise<Uint8Array>
  users: number
}

interface Range {
  readonly digest: Digest
  readonly into: Uint8Array
  readonly offset: number
  readonly isStream: boolean
}

function fill({ digest, into, offset }: Range, bytes: Uint8Array): void {
  if (offset < 0 || offset + into.byteLength > bytes.byteLength) {
    throw poolFault('OutOfRange', `chunk ${digestHex(digest)} has only ${bytes.byteLength} bytes`)
  }
  into.set(bytes.subarray(offset, offset + into.byteLength))
}

const RTT_UNKNOWN_MS = 1_000

function unreachable(digest: Digest, round: Round): Error {
  return poolFault('ChunkUnreachable', `chunk ${digestHex(digest)} is on no machine that answers`, {
    hint: 'Start the machines that `cairn node ls` shows as Offline.',
    cause: round.lastError,
  })
}

interface Wanted {
  readonly digest: Digest
  readonly names: readonly string[]
  readonly latency: Latency
}

/** Everybody is asked once, one after another; the next one at once when one fails, and after a while when one is slow. */
class Round {
  readonly #digest: Digest
  readonly #names: readonly string[]
  readonly #latency: Latency
  readonly #parts: PoolParts
  readonly #holders: Holders
  readonly #over = new AbortController()
  readonly #found = Promise.withResolvers<Uint8Array | undefined>()
  #next = 0
  #running = 0
  #unsure = 0
  lastError: unknown

  constructor({ digest, names, latency }: Wanted, parts: PoolParts, holders: Holders) {
    this.#digest = digest
    this.#names = names
    this.#latency = latency
    this.#parts = parts
    this.#holders = holders
  }

  /** True when everybody has said that they do not have it. */
  get isSure(): boolean {
    return this.#unsure === 0
  }

  async run(signal: AbortSignal): Promise<Uint8Array | undefined> {
    const both = AbortSignal.any([signal, this.#over.signal])
    this.#ask(both)
    void this.#hedge(both)
    const stop = () => this.#found.reject(signal.reason)
    signal.addEventListener('abort', stop, { once: true })
    try {
      signal.throwIfAborted()
      return await this.#found.promise
    } finally {
      signal.removeEventListener('abort', stop)
      this.#over.abort(OVER)
    }
  }

  #ask(signal: AbortSignal): void {
    const name = this.#names[this.#next++]
    if (name === undefined) {
      if (this.#running === 0) this.#found.resolve(undefined)
      return
    }
    this.#running++
    const { clock } = this.#parts.world
    const startMs = clock.monotonicMs()
    this.#holders
      .get(name)
      .read(this.#digest, signal)
      .then(
        bytes => {
          this.#latency.note(clock.monotonicMs() - startMs)
          this.#found.resolve(bytes)
        },
        (error: unknown) => {
          if (this.#over.signal.aborted) this.#latency.note(clock.monotonicMs() - startMs)
          this.#running--
          this.#note(name, error)
          this.#ask(signal)
        },
      )
  }

  #note(name: string, error: unknown): void {
    if (this.#over.signal.aborted || this.#parts.signal.aborted) return
    this.lastError = error
    if (!isFault(error, 'ChunkMissing') && !isFault(error, 'ChunkDamaged')) this.#unsure++
    if (!isFault(error, 'WrongBytes')) return
    this.#parts.world.log.warn('a machine sent wrong bytes', { machine: name, digest: digestHex(this.#digest) })
    this.#holders
      .get(name)
      .doubt(this.#digest, this.#parts.signal)
      .catch(() => undefined) // its own scrub finds it too
  }

  async #hedge(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.world
    while (this.#next < this.#names.length) {
      if (!(await isAfter(clock.sleep(this.#latency.hedgeMs, signal)))) return
      if (this.#running < HEDGES_MAX) this.#ask(signal)
    }
  }
}

function isAfter(sleep: Promise<void>): Promise<boolean> {
  return sleep.then(
    () => true,
    () => false,
  )
}
