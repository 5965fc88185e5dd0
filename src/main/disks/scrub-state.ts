import type { ScrubState } from '../storage/scrub-file.ts'

/** When everything on all of these disks was read last, and how far it is this time. */
export function scrubOfAll(states: readonly ScrubState[]): ScrubOfAll {
  const sinceMs = Math.min(...states.map(state => state.sinceMs))
  const lasts = states.map(({ last }) => last)
  const isEach = lasts.every(last => last !== undefined)
  const nows = states.map(({ now }) => now).filter(now => now !== undefined)
  return {
    sinceMs,
    ...(isEach ? { last: { ...countsOf(lasts), doneMs: Math.min(...lasts.map(({ doneMs }) => doneMs)) } } : {}),
    ...(nows.length === 0 ? {} : { now: countsOf(nows) }),
  }
}

/** See {@link ScrubState}; of several disks, what none of them falls short of. */
export interface ScrubOfAll {
  readonly sinceMs: number
  readonly last?: Counts & { readonly doneMs: number }
  readonly now?: Counts
}

interface Counts {
  readonly startedMs: number
  readonly chunks: number
  readonly bytes: number
  readonly damaged: number
}

function countsOf<One extends Counts>(looks: readonly One[]): Counts {
  const sum = (of: (look: One) => number) => looks.reduce((all, look) => all + of(look), 0)
  return {
    startedMs: Math.min(...looks.map(({ startedMs }) => startedMs)),
    chunks: sum(({ chunks }) => chunks),
    bytes: sum(({ bytes }) => bytes),
    damaged: sum(({ damaged }) => damaged),
  }
}
