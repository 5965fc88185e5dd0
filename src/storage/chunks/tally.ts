import type { ChunkRow } from './chunk-index.ts'
import { type ChunkState, recordBytes } from './record.ts'

/** Chunks and their plain bytes in one state. */
export interface Count {
  chunks: number
  bytes: number
}

/** Running totals over rows: bytes of live records per segment, chunks per state. */
export class Tally {
  readonly live = new Map<number, number>()
  readonly states: Record<ChunkState, Count> = {
    held: { chunks: 0, bytes: 0 },
    cached: { chunks: 0, bytes: 0 },
    condemned: { chunks: 0, bytes: 0 },
    quarantined: { chunks: 0, bytes: 0 },
  }

  /** Chunks in every state together. */
  get chunks(): number {
    return STATES.reduce((sum, state) => sum + this.states[state].chunks, 0)
  }

  /** Takes one row's change into account. */
  change(before: ChunkRow | undefined, after: ChunkRow | undefined): void {
    if (before !== undefined) this.#add(before, -1)
    if (after !== undefined) this.#add(after, 1)
  }

  toJSON(): TallyNote {
    return { live: [...this.live], states: this.states }
  }

  /** Brings back what {@link toJSON} made. */
  restore(note: TallyNote): void {
    this.live.clear()
    for (const [segment, bytes] of note.live) this.live.set(segment, bytes)
    for (const state of STATES) this.states[state] = { ...note.states[state] }
  }

  #add(row: ChunkRow, sign: 1 | -1): void {
    const bytes = (this.live.get(row.segment) ?? 0) + sign * recordBytes(row.storedBytes)
    if (bytes === 0) this.live.delete(row.segment)
    else this.live.set(row.segment, bytes)
    const count = this.states[row.state]
    count.chunks += sign
    count.bytes += sign * row.plainBytes
  }
}

/** The stored form of a tally. */
export interface TallyNote {
  readonly live: readonly (readonly [number, number])[]
  readonly states: Readonly<Record<ChunkState, Readonly<Count>>>
}

const STATES: readonly ChunkState[] = ['held', 'cached', 'condemned', 'quarantined']
