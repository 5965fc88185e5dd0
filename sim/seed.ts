import { mustHold, Violation } from './model/violation.ts'
import { Scheduler, turn } from './scheduler.ts'
import { Trace } from './trace.ts'

/** How a run from a seed went. */
export interface SeedOutcome {
  readonly seed: number
  readonly violation: string | undefined
  /** What led to it. */
  readonly tail: readonly string[]
  readonly traceHash: string
}

/** What a run works with. */
export interface SeedParts {
  readonly trace: Trace
  /** It ends with the run: nothing that still waits then holds what the run has made. */
  readonly scheduler: Scheduler
}

/** A run that was made from a seed; what it finds wrong it throws as a Violation. */
export interface SeedRun {
  run(): Promise<void>
}

/** Runs what a seed makes to its end, or to what it finds wrong; with `print` all that happens is printed. */
export async function runSeed<Run extends SeedRun>(
  { seed, print = false }: { readonly seed: number; readonly print?: boolean | undefined },
  make: (parts: SeedParts) => Run,
): Promise<{ readonly outcome: SeedOutcome; readonly run: Run }> {
  const trace = new Trace(print)
  const scheduler = new Scheduler()
  const run = make({ trace, scheduler })
  let violation: string | undefined
  try {
    await run.run()
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    violation = error.message
    trace.line(`violation ${violation}`)
  } finally {
    scheduler.end()
  }
  return { outcome: { seed, violation, tail: trace.tail, traceHash: trace.digest() }, run }
}

/** A violation for people: what it is, what led to it, and how to see it again. */
export function describeSeed(what: string, { seed, violation, tail }: SeedOutcome): string {
  const replay = `  replay: npm run sim -- --cloud --seed ${seed} --trace`
  return [`${what} ${seed}: ${violation ?? ''}`, ...tail.map(line => `  | ${line}`), replay].join('\n')
}

/** Lets virtual time go on until a body of work has ended; what it throws, or what is told to `failing`, ends it. */
export async function untilOver(scheduler: Scheduler, body: Promise<void>, failing: Promise<never>): Promise<void> {
  let isOver = false
  const ended = Promise.race([body, failing]).finally(() => {
    isOver = true
  })
  ended.catch(() => undefined)
  for (let idle = 0; !isOver; ) {
    idle = (await scheduler.step()) ? 0 : idle + 1
    if (idle > 0) await turn()
    mustHold(idle < IDLE_MAX, () => 'nothing can go on')
    mustHold(scheduler.nowMs < RUN_MS_MAX, () => 'the run does not end')
  }
  await ended
}

const IDLE_MAX = 100
const RUN_MS_MAX = 24 * 3600_000
