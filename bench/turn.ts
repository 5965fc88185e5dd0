import { execFile } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { JobName } from './jobs/index.ts'
import type { Figures, JobInput } from './jobs/job.ts'
import type { Turn } from './scenario.ts'
import type { Seed } from './seed.ts'
import type { Sizes } from './sizes.ts'
import type { Target } from './targets/target.ts'
import { run } from './targets/program.ts'

const WORKER = join(import.meta.dirname, 'worker.ts')
const JOB_MS_MAX = 60 * 60_000
const COMMAND_MS_MAX = 20 * 60_000
/** Files that a restarted target serves before it is measured: its connections stand, its code has run. */
const WARM_FILES = 300
const WARM_BYTES = 4096

/** What all turns of a run share. */
export interface Surroundings {
  readonly sizes: Sizes
  readonly seed: Seed
  readonly signal: AbortSignal
}

/** Prepares a turn in a new folder of the target; the folder goes when it is disposed. */
export function openTurn(
  target: Target,
  { sizes, seed, signal }: Surroundings,
  record: Turn['record'],
  leavesFiles = false,
): Turn & AsyncDisposable {
  const folder = join(target.folder, 'turn')
  mkdirSync(folder)
  return {
    target,
    folder,
    sizes,
    seed,
    signal,
    record,
    job: (name, input) => runJob(name, input, signal),
    command: (words, cwd) => timeCommand(words, cwd, signal),
    chill: () => chill(target, signal),
    [Symbol.asyncDispose]: async () => {
      if (!leavesFiles) await rm(folder, { recursive: true, force: true })
    },
  }
}

/** Makes the files that warm a restarted target. */
export async function prepareWarmth(target: Target, signal: AbortSignal): Promise<void> {
  await runJob('createFiles', { path: join(target.folder, 'warm'), count: WARM_FILES, bytes: WARM_BYTES }, signal)
}

/** Writes everything back, so that no target pays for the one before it. */
export async function settle(signal: AbortSignal): Promise<void> {
  await run(['sync'], { signal })
}

async function chill(target: Target, signal: AbortSignal): Promise<void> {
  if (process.geteuid?.() !== 0) throw new Error('cold rows need root, who alone can drop the caches of the kernel')
  await settle(signal)
  await target.restart(signal)
  const warm = { path: join(target.folder, 'warm'), count: WARM_FILES, bytes: WARM_BYTES }
  await runJob('scanFiles', warm, signal)
  await runJob('readFiles', warm, signal)
  await settle(signal)
  writeFileSync('/proc/sys/vm/drop_caches', '3')
}

async function runJob(name: JobName, input: JobInput, signal: AbortSignal): Promise<Figures> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(JOB_MS_MAX)])
  const said = await run([process.execPath, '--no-warnings', WORKER, name, JSON.stringify(input)], { signal: limit })
  return JSON.parse(said) as Figures
}

async function timeCommand(words: readonly string[], cwd: string | undefined, signal: AbortSignal): Promise<number> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(COMMAND_MS_MAX)])
  const [file = '', ...args] = words
  const startMs = performance.now()
  await promisify(execFile)(file, args, { signal: limit, maxBuffer: 64 << 20, ...(cwd !== undefined && { cwd }) })
  return (performance.now() - startMs) / 1000
}
