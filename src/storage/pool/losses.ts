import { type Digest, digestHex, OVER } from '#base'
import { poolFault } from './faults.ts'
import type { Holders } from './holders.ts'
import { LOST_WAIT_MS, READ_ROUND_MS } from './limits.ts'
import type { PoolParts } from './parts.ts'

/**
 * Whether chunks that are not here are lost. What was acknowledged is on as many machines as the pool's least: a chunk is lost when no
 * machine has it, and fewer than that are silent.
 */
export class Losses {
  readonly #parts: PoolParts
  readonly #holders: Holders
  /** Until then machines that are silent are waited for: once, for all that is asked. */
  #waitsToMs: number | undefined

  constructor(parts: PoolParts, holders: Holders) {
    this.#parts = parts
    this.#holders = holders
  }

  /** Resolves when another machine has a copy. Faults: ChunkMissing (it is lost), ChunkUnreachable (nobody can say); the signal's reason. */
  async find(digest: Digest): Promise<void> {
    const { world, signal } = this.#parts
    // A chunk that is being moved may be missed at both of its places: only the second time it is missing.
    for (let misses = 0; ; ) {
      const answer = await this.#askAll(digest)
      if (answer === 'here') return
      misses = answer === 'lost' ? misses + 1 : 0
      if (misses === 2) throw poolFault('ChunkMissing', `no machine has chunk ${digestHex(digest)}`)
      if (answer === 'unknown' && this.#hasWaited) {
        throw poolFault('ChunkUnreachable', `chunk ${digestHex(digest)} is on no machine that answers`)
      }
      await world.clock.sleep(READ_ROUND_MS, signal)
    }
  }

  get #hasWaited(): boolean {
    const nowMs = this.#parts.world.clock.monotonicMs()
    this.#waitsToMs ??= nowMs + LOST_WAIT_MS
    return nowMs >= this.#waitsToMs
  }

  // Answers as soon as it is known, whoever has not answered by then.
  async #askAll(digest: Digest): Promise<'here' | 'lost' | 'unknown'> {
    const { others, minReplicas } = this.#parts.view()
    const over = new AbortController()
    const signal = AbortSignal.any([this.#parts.signal, over.signal])
    const known = Promise.withResolvers<'here' | 'lost'>()
    let silent = others.length
    const asked = others.map(async name => {
      const [isThere] = await this.#holders.get(name).has([digest], signal)
      if (isThere === true) known.resolve('here')
      else if (--silent < minReplicas) known.resolve('lost')
    })
    const ended = Promise.allSettled(asked).then(() => 'unknown' as const)
    try {
      return await Promise.race([known.promise, ended])
    } finally {
      over.abort(OVER)
    }
  }
}
