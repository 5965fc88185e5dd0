import type { Awaitable, Digest } from '#base'
import { chunkFault } from './faults.ts'
import { COLLECT_BATCH } from './limits.ts'
import type { StoreParts } from './parts.ts'
import type { ChunkState } from './record.ts'
import { changeStates } from './states.ts'

/** Answers which chunks it still needs. Every user of a store provides one; without its answer nothing is deleted. */
export interface RootProvider {
  readonly name: string
  /** Which of these chunks are referenced, in the same order. Throwing means "unknown" and stops collection. */
  references(digests: readonly Digest[]): Awaitable<readonly boolean[]>
}

/** How patient collection is. */
export interface CollectOptions {
  /** Monotonic milliseconds between the two rounds that must agree; longer than from a put to its reference. */
  readonly graceMs: number
}

/** What one round did. */
export interface CollectRound {
  readonly asked: number
  /** Chunks found unreferenced that wait for another round. */
  readonly candidates: number
  readonly deleted: number
}

/** One round of collection; see {@link ChunkStore.collect}. */
export async function collectRound(
  parts: StoreParts,
  providers: readonly RootProvider[],
  options: CollectOptions,
  signal: AbortSignal,
): Promise<CollectRound> {
  if (providers.length === 0) throw stopped('nobody answers for the chunks of this store')
  const round: Round = { parts, providers, graceMs: options.graceMs, asked: 0, deleted: 0 }
  for (let from = ''; ; ) {
    await parts.world.clock.sleep(1, signal)
    const page = parts.table.page({ from }, COLLECT_BATCH)
    const last = page.at(-1)
    if (last === undefined) break
    from = `${last.digest}\0`
    await collectBatch(
      round,
      page.map(({ digest }) => digest),
    )
  }
  return { asked: round.asked, candidates: parts.candidates.count, deleted: round.deleted }
}

interface Round {
  readonly parts: StoreParts
  readonly providers: readonly RootProvider[]
  readonly graceMs: number
  asked: number
  deleted: number
}

async function collectBatch(round: Round, batch: readonly Digest[]): Promise<void> {
  const { candidates, world } = round.parts
  candidates.ask(batch)
  const wanted = await referenced(round, batch)
  const nowMs = world.clock.monotonicMs()
  const ripe: Digest[] = []
  for (const digest of batch) {
    const sinceMs = candidates.sinceMs(digest)
    if (wanted.has(digest) || !candidates.isAsked(digest)) candidates.renew(digest)
    else if (sinceMs === undefined) candidates.add(digest, nowMs)
    else if (nowMs - sinceMs >= round.graceMs) ripe.push(digest)
  }
  round.asked += batch.length
  if (ripe.length > 0) await bury(round, ripe)
}

async function referenced({ providers, parts }: Round, batch: readonly Digest[]): Promise<ReadonlySet<Digest>> {
  const wanted = new Set<Digest>()
  for (const provider of providers) {
    try {
      const answers = await provider.references(batch)
      if (answers.length !== batch.length) throw stopped(`${provider.name} gave too few answers`)
      for (const [number, digest] of batch.entries()) if (answers[number] !== false) wanted.add(digest)
    } catch (cause) {
      parts.candidates.clear()
      throw stopped(`${provider.name} does not say what it references`, cause)
    }
  }
  return wanted
}

// Condemned first and durably: from here on the chunk is no copy, and until the deletion a put brings it back. One that
// is quarantined is no copy already, and must not be condemned: a put would bring back its damage.
async function bury(round: Round, ripe: readonly Digest[]): Promise<void> {
  const { candidates, syncs, table } = round.parts
  changeStates(round.parts, ripe, 'condemned')
  await syncs.sync()
  const dead = ripe.filter(digest => candidates.isAsked(digest) && isNoCopy(table.get(digest)?.state))
  changeStates(round.parts, dead, 'deleted')
  for (const digest of dead) candidates.renew(digest)
  round.deleted += dead.length
}

function isNoCopy(state: ChunkState | undefined): boolean {
  return state === 'condemned' || state === 'quarantined'
}

function stopped(reason: string, cause?: unknown): Error {
  const hint = 'Make every filesystem of this store available, then collect again.'
  return chunkFault('CollectionStopped', `collection stopped: ${reason}`, { hint, cause })
}
