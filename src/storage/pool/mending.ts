import { type Digest, isFault, whyOf } from '#base'
import type { ListedChunk } from '#storage/chunks'
import type { Cached } from './cached.ts'
import type { Holders } from './holders.ts'
import { MEND_BATCH } from './limits.ts'
import type { PoolParts } from './parts.ts'
import type { Finding } from './survey.ts'
import type { PoolView } from './view.ts'
import { wholeChunk } from './whole-chunk.ts'

/** Makes the copies that a finding lacks, then gives up those that are too many. */
export class Mending {
  readonly #parts: PoolParts
  readonly #holders: Holders
  readonly #cached: Cached
  /** Machines that got copies, which a sync has to follow. */
  readonly #sentTo = new Set<string>()

  constructor(parts: PoolParts, holders: Holders, cached: Cached) {
    this.#parts = parts
    this.#holders = holders
    this.#cached = cached
  }

  /**
   * Sends what is lacking; then, when this machine shall not hold the group and all who shall have confirmed their copies,
   * gives up its own, as a machine that is Draining does with all it has.
   * Answers how many chunks still have to wait here because somebody has not confirmed.
   */
  async mend(view: PoolView, finding: Finding, signal: AbortSignal): Promise<number> {
    let isComplete = finding.silent.length === 0 && finding.away.length === 0
    for (const [name, chunks] of finding.lacking) {
      if (!(await this.#send(view, name, chunks, signal))) isComplete = false
    }
    if (view.isWanted(view.own, finding.group)) return 0
    if (!isComplete) return finding.chunks
    return await this.#giveUp(view, finding.group, signal)
  }

  /** Resolves when what was sent is durable; false when a machine failed or lost what it had. */
  async settle(signal: AbortSignal): Promise<boolean> {
    const names = [...this.#sentTo]
    this.#sentTo.clear()
    const synced = names.map(name => this.#holders.get(name).sync(signal))
    return (await Promise.allSettled(synced)).every(({ status }) => status === 'fulfilled')
  }

  // Several machines may send to the same one: each begins elsewhere, and asks what is there by then.
  async #send(view: PoolView, name: string, chunks: readonly ListedChunk[], signal: AbortSignal): Promise<boolean> {
    const holder = this.#holders.get(name)
    const at = Math.floor((chunks.length * rankOf(view)) / Math.max(view.map.machines.length, 1))
    const rotated = [...chunks.slice(at), ...chunks.slice(0, at)]
    this.#sentTo.add(name)
    try {
      for (let from = 0; from < rotated.length; from += MEND_BATCH) {
        if (this.#parts.view().name !== view.name) return false
        const batch = rotated.slice(from, from + MEND_BATCH)
        const { flags } = await holder.renewAll(
          batch.map(({ digest }) => digest),
          signal,
        )
        const rest = batch.filter((_, i) => flags[i] === false)
        await Promise.all(rest.map(chunk => this.#sendOne(name, chunk, signal)))
      }
      return true
    } catch (error) {
      signal.throwIfAborted()
      this.#parts.world.log.info('a machine did not take copies', { machine: name, error: whyOf(error) })
      return false
    }
  }

  async #sendOne(name: string, { digest, bytes }: ListedChunk, signal: AbortSignal): Promise<void> {
    await this.#parts.traffic.take(bytes, signal)
    try {
      // Read when its turn comes: what is on its way at once is bounded there.
      await this.#holders.get(name).put(digest, () => wholeChunk(this.#parts.store, digest), signal)
    } catch (error) {
      // Gone or found damaged meanwhile: it is no copy that could be sent.
      if (isFault(error, 'ChunkMissing') || isFault(error, 'ChunkDamaged')) return
      throw error
    }
  }

  async #giveUp(view: PoolView, group: number, signal: AbortSignal): Promise<number> {
    const { copies, held, store } = this.#parts
    const own = await held.list(view.groups, group)
    let confirmedCount = 0
    const confirm = async (digests: readonly Digest[]): Promise<readonly Digest[]> => {
      let confirmed = digests
      for (const name of view.wanted(group)) {
        const flags = await this.#holders.get(name).confirm(view.name, confirmed, signal)
        confirmed = confirmed.filter((_, i) => flags[i])
      }
      confirmedCount = confirmed.length
      return confirmed
    }
    const mayStill = () => this.#parts.view().name === view.name
    try {
      await copies.release(
        own.map(({ digest }) => digest),
        confirm,
        mayStill,
      )
    } catch (error) {
      signal.throwIfAborted()
      this.#parts.world.log.info('copies stay here until others confirm theirs', { group, error: whyOf(error) })
      return own.length
    }
    for (const { digest, bytes } of own) {
      if ((await store.find(digest))?.state === 'cached') await this.#cached.met(digest, bytes)
    }
    return own.length - confirmedCount
  }
}

function rankOf({ map, own }: PoolView): number {
  return Math.max(
    map.machines.findIndex(({ name }) => name === own),
    0,
  )
}
