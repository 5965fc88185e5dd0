import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { GROUPS } from './groups.ts'

/** Which rules judge: POSIX and Linux alone, or also Cairn's own stricter ones. */
export type Rules = 'posix' | 'cairn'

/** What became of one case. */
export interface CaseResult {
  readonly group: string
  readonly name: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly reason?: string
  readonly tookMs?: number
}

/** What to run; a group whose process says nothing for `silenceMsMax` is killed and its case counts as failed. */
export interface RunOptions {
  readonly dir: string
  readonly groups?: readonly string[]
  readonly rules?: Rules
  readonly match?: string
  readonly parallel?: number
  readonly silenceMsMax?: number
  readonly onResult?: (result: CaseResult) => void
}

const SILENCE_MS_MAX = 60_000
const STDERR_CHARS_MAX = 2000

/** Runs groups of cases below a folder, each group in a process of its own; nothing is left behind. */
export async function runSuite(options: RunOptions): Promise<CaseResult[]> {
  const top = await realpath(await mkdtemp(join(options.dir, 'posix-')))
  await chmod(top, 0o755)
  const waiting = [...(options.groups ?? Object.keys(GROUPS))]
  const results: CaseResult[] = []
  const worker = async () => {
    for (let group = waiting.shift(); group !== undefined; group = waiting.shift()) {
      results.push(...(await runGroup(group, top, options)))
    }
  }
  await Promise.all(Array.from({ length: options.parallel ?? 2 }, worker))
  await rm(top, { recursive: true, force: true })
  return results
}

async function runGroup(group: string, top: string, options: RunOptions): Promise<CaseResult[]> {
  const program = new URL('./group.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [program, top, group, options.rules ?? 'posix', options.match ?? ''])
  const results: CaseResult[] = []
  let current = ''
  let complaint = ''
  let hung = false
  const giveUp = () => {
    hung = true
    child.kill('SIGKILL')
  }
  let watchdog = setTimeout(giveUp, options.silenceMsMax ?? SILENCE_MS_MAX)
  const ended = new Promise<string>(resolve =>
    child.once('exit', (code, signal) =>
      resolve(hung ? 'never came back' : code === 0 ? '' : `process ended: ${signal ?? code}`),
    ),
  )
  const add = (result: CaseResult) => {
    results.push(result)
    options.onResult?.(result)
  }
  child.stderr.on('data', chunk => {
    complaint = (complaint + String(chunk)).slice(-STDERR_CHARS_MAX)
  })
  const lines = createInterface(child.stdout)
  lines.on('line', line => {
    clearTimeout(watchdog)
    watchdog = setTimeout(giveUp, options.silenceMsMax ?? SILENCE_MS_MAX)
    const told: CaseResult | { readonly started: string } = JSON.parse(line)
    if ('started' in told) current = told.started
    else add(told)
  })
  const [trouble] = await Promise.all([ended, once(lines, 'close')])
  clearTimeout(watchdog)
  if (trouble) add({ group, name: current || 'starts', outcome: 'failed', reason: `${trouble} ${complaint}`.trim() })
  return results
}
