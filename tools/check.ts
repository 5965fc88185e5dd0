// `npm run check`: types, lint, format and tidy side by side. `--fix` mends what can be mended first.
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { root } from './tidy/tree.ts'

interface Step {
  readonly name: string
  readonly command: readonly string[]
}

interface Outcome {
  readonly step: Step
  readonly isGood: boolean
  readonly output: string
  readonly seconds: number
}

const steps: readonly Step[] = [
  { name: 'types', command: ['tsc', '--pretty', 'false'] },
  { name: 'lint', command: ['oxlint', '--deny-warnings'] },
  { name: 'format', command: ['biome', 'format', '--reporter=summary', '--max-diagnostics=none'] },
  { name: 'tidy', command: [process.execPath, '--test', '--test-reporter=dot', 'test/tidy.test.ts'] },
]

const fixes: readonly Step[] = [
  { name: 'lint', command: ['oxlint', '--fix', '--quiet'] },
  { name: 'format', command: ['biome', 'format', '--write'] },
  { name: 'limits', command: [process.execPath, 'tools/limits.ts'] },
]

process.exitCode = await check(process.argv.slice(2))

async function check(args: readonly string[]): Promise<number> {
  const unknown = args.find(arg => arg !== '--fix')
  if (unknown !== undefined) {
    console.error(`check: unknown argument "${unknown}"; the only one is --fix`)
    return 2
  }
  if (args.includes('--fix')) for (const step of fixes) await run(step)
  const outcomes = await Promise.all(steps.map(step => run(step)))
  for (const outcome of outcomes) report(outcome)
  const failed = outcomes.filter(outcome => !outcome.isGood).map(outcome => outcome.step.name)
  console.log(failed.length === 0 ? 'check: all good' : `check: failed: ${failed.join(', ')}`)
  return failed.length === 0 ? 0 : 1
}

async function run(step: Step): Promise<Outcome> {
  const startedAt = performance.now()
  const [program = '', ...args] = step.command
  const path = program.includes('/') ? program : join(root, 'node_modules', '.bin', program)
  const child = spawn(path, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  }
  const isGood = await new Promise<boolean>((resolve, reject) => {
    child.on('error', reject)
    child.on('close', code => resolve(code === 0))
  })
  return { step, isGood, output, seconds: (performance.now() - startedAt) / 1000 }
}

function report({ step, isGood, output, seconds }: Outcome): void {
  console.log(`${isGood ? 'ok  ' : 'FAIL'} ${step.name} (${seconds.toFixed(1)} s)`)
  if (!isGood) console.log(output.trimEnd().replace(/^/gm, '     '))
}
