// `npm run sim [-- --seed N | --seeds COUNT --from N] [--ops M] [--plan KIND] [--canary NAME] [--trace]`
import { parseArgs } from 'node:util'
import { CANARIES } from './canaries.ts'
import type { PlanKind } from './plan.ts'
import { type Outcome, simulate, type SimulationOptions } from './simulation.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '1' },
    ops: { type: 'string', default: '400' },
    plan: { type: 'string' },
    canary: { type: 'string' },
    trace: { type: 'boolean', default: false },
  },
})

process.exitCode = await main()

async function main(): Promise<number> {
  const canary = CANARIES.find(each => each.name === values.canary)
  if (values.canary !== undefined && canary === undefined) {
    console.error(`sim: no canary "${values.canary}"; there are ${CANARIES.map(each => each.name).join(', ')}`)
    return 2
  }
  const first = Number(values.seed ?? values.from)
  const count = values.seed === undefined ? Number(values.seeds) : 1
  const rest = {
    operations: Number(values.ops),
    plan: values.plan as PlanKind | undefined,
    canary,
    print: values.trace,
  }
  let failures = 0
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await simulate({ seed, ...rest })
    if (outcome.violation !== undefined) {
      failures += 1
      report(outcome, rest)
      if (canary !== undefined) break
    } else if (count === 1) {
      console.log(`seed ${seed} passed: ${outcome.plan.kind}, ${outcome.lives} lives, trace ${outcome.traceHash}`)
    }
  }
  if (count > 1) console.log(`${count} seeds from ${first}, ${failures} failed`)
  return failures > 0 === (canary !== undefined) ? 0 : 1
}

function report(outcome: Outcome, { operations, canary, plan }: Omit<SimulationOptions, 'seed'>): void {
  const more = `${canary === undefined ? '' : ` --canary ${canary.name}`}${plan === undefined ? '' : ` --plan ${plan}`}`
  console.error(`seed ${outcome.seed} (${outcome.plan.kind}): ${outcome.violation?.stack ?? ''}`)
  console.error(
    `  trace ${outcome.traceHash}; replay: npm run sim -- --seed ${outcome.seed} --ops ${operations}${more}`,
  )
}
