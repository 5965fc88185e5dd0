import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'
import { CANARIES } from './canaries.ts'
import { PLAN_KINDS, type PlanKind } from './plan.ts'

/** What `npm run sim` was asked for. */
export interface RunOptions {
  readonly from: number
  readonly count: number
  readonly operations: number
  readonly plan: PlanKind | undefined
  readonly canary: string | undefined
  readonly jobs: number
  /** Print every line of the trace. */
  readonly trace: boolean
  /** Clouds of several machines instead of one machine. */
  readonly cloud: boolean
}

/** What a run can be asked, for people. */
export const USAGE = `npm run sim -- [--seeds COUNT] [--from SEED] [--seed SEED [--trace]]
  --seeds COUNT   how many seeds to run (200)
  --from SEED     the first of them (1)
  --seed SEED     one seed only, in this process; --trace prints all it does
  --ops COUNT     operations of each seed (400)
  --plan KIND     only this trouble: ${PLAN_KINDS.join(', ')}
  --canary NAME   plant a bug that must be found: ${CANARIES.map(each => each.name).join(', ')}
  --cloud         clouds of machines that keep each other's chunks, and one filesystem with a home that changes
  --jobs COUNT    processes at once (as many as there are cores)`

/** Reads the command line; answers what is wrong with it as text. */
export function readOptions(args: readonly string[]): RunOptions | string {
  try {
    return checked(args)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function checked(args: readonly string[]): RunOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string', default: '200' },
      from: { type: 'string', default: '1' },
      ops: { type: 'string', default: '400' },
      plan: { type: 'string' },
      canary: { type: 'string' },
      jobs: { type: 'string', default: String(availableParallelism()) },
      trace: { type: 'boolean', default: false },
      cloud: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) throw new Error('what can be asked:')
  const plan = PLAN_KINDS.find(kind => kind === values.plan)
  if (plan !== values.plan) throw new Error(`--plan: there is no "${values.plan}"; use ${PLAN_KINDS.join(', ')}`)
  const names = CANARIES.map(each => each.name)
  const { canary } = values
  if (canary !== undefined && !names.includes(canary)) {
    throw new Error(`--canary: there is no "${canary}"; use ${names.join(', ')}`)
  }
  return {
    from: wholeNumber('seed', values.seed ?? values.from),
    count: values.seed === undefined ? wholeNumber('seeds', values.seeds) : 1,
    operations: wholeNumber('ops', values.ops),
    plan,
    canary,
    jobs: wholeNumber('jobs', values.jobs),
    trace: values.trace,
    cloud: values.cloud,
  }
}

function wholeNumber(option: string, text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 1) throw new Error(`--${option}: "${text}" is not a whole number above 0`)
  return value
}
