import type { Outcome } from './simulation.ts'
import type { RunOptions } from './options.ts'

/** What was run, as far as a replay has to be told. */
export type Replayed = Pick<RunOptions, 'operations' | 'plan' | 'canary'>

/** A violation for people: what it is, what led to it, and how to see it again. */
export function describeFailure({ seed, plan, violation, tail, traceHash }: Outcome, replayed: Replayed): string {
  return [
    `seed ${seed} (${plan}): ${violation ?? ''}`,
    ...tail.map(line => `  | ${line.slice(0, LINE_CHARS_MAX)}`),
    `  trace ${traceHash}`,
    `  replay: ${replayLine(seed, replayed)}`,
  ].join('\n')
}

/** The command that runs a seed again. */
function replayLine(seed: number, { operations, plan, canary }: Replayed): string {
  const asked = plan === undefined ? '' : ` --plan ${plan}`
  const planted = canary === undefined ? '' : ` --canary ${canary}`
  return `npm run sim -- --seed ${seed} --ops ${operations}${asked}${planted} --trace`
}

const LINE_CHARS_MAX = 200
