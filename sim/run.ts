// `npm run sim`: seed after seed on all cores, or one seed with all it does. See README.md.
import { canaryOf } from './canaries.ts'
import { runClouds } from './cloud-fleet.ts'
import { runFleet } from './fleet.ts'
import { readOptions, type RunOptions, USAGE } from './options.ts'
import { Progress } from './progress.ts'
import { describeFailure } from './replay.ts'
import { simulate } from './simulation.ts'

process.exitCode = await main(process.argv.slice(2))

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args)
  if (typeof options === 'string') {
    console.error(`sim: ${options}\n${USAGE}`)
    return 2
  }
  if (options.cloud) return (await tellClouds(options)) ? 1 : 0
  const failed = options.count === 1 ? await runOne(options) : await runMany(options)
  // A planted bug has to be found; without one nothing may be.
  return failed === (options.canary !== undefined) ? 0 : 1
}

async function runOne(options: RunOptions): Promise<boolean> {
  const { from: seed, operations, plan, trace } = options
  const outcome = await simulate({ seed, operations, plan, canary: canaryOf(options.canary), print: trace })
  if (outcome.violation !== undefined) {
    console.error(describeFailure(trace ? { ...outcome, tail: [] } : outcome, options))
    return true
  }
  const { lives, operationsDone, traceHash } = outcome
  console.log(`seed ${seed} passed: ${outcome.plan}, ${lives} lives, ${operationsDone} operations, trace ${traceHash}`)
  return false
}

async function tellClouds(options: RunOptions): Promise<boolean> {
  const failed = await runClouds(options)
  console.log(`${options.count} clouds, ${failed} failed`)
  return failed > 0
}

async function runMany(options: RunOptions): Promise<boolean> {
  const progress = new Progress(options.count)
  let failed = 0
  await runFleet(options, outcome => {
    if (outcome.violation !== undefined) {
      failed += 1
      progress.clear()
      console.error(describeFailure(outcome, options))
    }
    progress.show(outcome, failed)
    return failed > 0 && options.canary !== undefined ? 'stop' : 'go on'
  })
  progress.clear()
  console.log(`${progress.summary}, ${failed} failed`)
  return failed > 0
}
