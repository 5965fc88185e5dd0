import { type ChildProcess, fork } from 'node:child_process'
import { canaryOf } from './canaries.ts'
import type { RunOptions } from './options.ts'
import { type Outcome, simulate } from './simulation.ts'

/** What a process of the fleet is told: the seed to run next. */
interface Order {
  readonly seed: number
}

/** Runs seeds in processes of their own, each one after another, and tells every outcome as it comes. */
export async function runFleet(options: RunOptions, hear: (outcome: Outcome) => 'go on' | 'stop'): Promise<void> {
  const seeds = { next: options.from, end: options.from + options.count }
  const processes = Math.min(options.jobs, options.count)
  await Promise.all(Array.from({ length: processes }, () => runMember(options, seeds, hear)))
}

interface Seeds {
  next: number
  end: number
}

async function runMember(
  options: RunOptions,
  seeds: Seeds,
  hear: (outcome: Outcome) => 'go on' | 'stop',
): Promise<void> {
  const child = fork(import.meta.filename, [JSON.stringify(options)])
  try {
    while (seeds.next < seeds.end) {
      const seed = seeds.next++
      if (hear(await ask(child, { seed })) === 'stop') seeds.end = 0
    }
  } finally {
    child.disconnect()
  }
}

function ask(child: ChildProcess, order: Order): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null): void => reject(new Error(`seed ${order.seed} ended its process with ${code}`))
    child.once('exit', died)
    child.once('message', outcome => {
      child.off('exit', died)
      resolve(outcome as Outcome)
    })
    child.send(order)
  })
}

/** Serves orders until the fleet is done. */
function serve(options: RunOptions): void {
  process.on('message', ({ seed }: Order) => {
    const { operations, plan } = options
    const canary = canaryOf(options.canary)
    simulate({ seed, operations, plan, canary }).then(
      outcome => process.send?.(outcome),
      (error: unknown) => {
        console.error(`seed ${seed}: the simulator itself failed`, error)
        process.exitCode = 1
        process.disconnect()
      },
    )
  })
}

if (process.send !== undefined && process.argv[1] === import.meta.filename) serve(JSON.parse(process.argv[2] ?? '{}'))
