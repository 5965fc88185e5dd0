// `npm test [-- STAGE or PATH ...]`: the whole suite in stages, or the test files whose stage or path is named.
import { spawnSync } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { runStage, type Tally } from './test/stage.ts'
import { stages, testFiles } from './test/stages.ts'
import { root } from './tidy/tree.ts'

process.chdir(root)
process.exitCode = await test(process.argv.slice(2))

async function test(wanted: readonly string[]): Promise<number> {
  const option = wanted.find(each => each.startsWith('-'))
  if (option !== undefined) {
    console.error(`test: unknown option "${option}"; give stages (${stages.map(s => s.name).join(', ')}) or paths`)
    return 2
  }
  const files = testFiles(wanted)
  if (files.length === 0) {
    console.error(`test: no test file matches ${wanted.join(' ')}`)
    return 2
  }
  // Once, and not in each of the first tests at the same time.
  spawnSync(process.execPath, ['src/main/cairn.ts', 'compile'], { stdio: 'ignore' })
  const total: Tally = { passed: 0, failed: 0, skipped: [] }
  for (const stage of stages) {
    const mine = files.filter(file => file.stage === stage.name).map(file => file.path)
    if (mine.length > 0) await runStage(stage, { files: mine, cores: availableParallelism() }, total)
  }
  for (const note of total.skipped) console.log(`skipped: ${note}`)
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped.length} skipped`)
  return total.failed === 0 ? 0 : 1
}
