import type { Digest } from '#base'
import type { Report } from './methods.ts'
import type { PoolParts } from './parts.ts'

/** An open pool as other machines meet it. */
export interface ServedPool extends Pick<PoolParts, 'store' | 'copies' | 'held' | 'boot' | 'view'> {
  /** The bytes of a chunk of the own disk. What is damaged is put right from elsewhere, later. Faults: ChunkMissing, ChunkDamaged. */
  readOwn(digest: Digest): Promise<Uint8Array>
  /** A machine's pool has begun: what it should hold is compared with it, once for each of its boots. */
  heard(machine: string, boot: string): void
  /** Somebody got wrong bytes: verifies the chunk, and puts it right if they are wrong here. */
  doubt(digest: Digest): void
  /** Copies came from another machine: those that belong elsewhere are brought there. */
  received(digests: readonly Digest[]): void
  report(): Report
}
