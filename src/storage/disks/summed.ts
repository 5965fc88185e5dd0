import type { ChunkState, StoreStat } from '#storage/chunks'

/** The figures of several stores together. */
export function summed(stats: readonly StoreStat[]): StoreStat {
  const of = (figure: (stat: StoreStat) => number) => stats.reduce((sum, stat) => sum + figure(stat), 0)
  const state = (name: ChunkState) => ({
    chunks: of(({ states }) => states[name].chunks),
    bytes: of(({ states }) => states[name].bytes),
  })
  return {
    states: {
      held: state('held'),
      cached: state('cached'),
      condemned: state('condemned'),
      quarantined: state('quarantined'),
    },
    segments: of(stat => stat.segments),
    segmentBytes: of(stat => stat.segmentBytes),
    deadBytes: of(stat => stat.deadBytes),
    candidates: of(stat => stat.candidates),
  }
}
