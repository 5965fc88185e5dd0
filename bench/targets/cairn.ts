import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { descendants } from './processes.ts'
import { isMounted, type Program, run, startProgram, unmount, untilReady } from './program.ts'
import type { CairnTarget, Place, TargetKind } from './target.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const PROGRAM = join(ROOT, 'src', 'main', 'cairn.ts')

/** `cairn up` of this checkout, on a data folder of its own. */
export const cairn: TargetKind = {
  name: 'cairn',
  whyNot: () => undefined,
  open: openCairn,
}

async function openCairn({ folder, signal }: Place): Promise<CairnTarget> {
  const [data, mount] = [join(folder, 'data'), join(folder, 'mount')]
  mkdirSync(mount)
  let program: Program | undefined
  const start = async (signal: AbortSignal): Promise<number> => {
    const startMs = performance.now()
    program = startProgram([process.execPath, PROGRAM, 'up', '--data', data, '--mount', mount, '--listen', 'none'])
    const { said } = program
    await untilReady(program, () => said().includes(' is running.') && isMounted(mount), signal)
    await stat(mount)
    return performance.now() - startMs
  }
  const stop = async (): Promise<void> => {
    await program?.end('SIGTERM')
    await unmount(mount)
  }
  try {
    await start(signal)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    name: 'cairn',
    title: `Cairn ${version()}`,
    folder: mount,
    pids: () => (program === undefined ? [] : descendants(program.pid)),
    async restart(signal) {
      await stop()
      return start(signal)
    },
    async crash(signal) {
      for (const pid of program === undefined ? [] : descendants(program.pid)) process.kill(pid, 'SIGKILL')
      await program?.end('SIGKILL')
      return start(signal)
    },
    async command(words, signal) {
      await run([process.execPath, PROGRAM, '--data', data, ...words], { signal })
    },
    [Symbol.asyncDispose]: stop,
  }
}

/** Ends a Cairn that a killed run left in the folder of its target. */
export async function endLeftCairn(folder: string): Promise<void> {
  const data = join(folder, 'data')
  // A failure says that none runs.
  if (existsSync(data)) await run([process.execPath, PROGRAM, '--data', data, 'down']).catch(() => undefined)
}

function version(): string {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }
  return version
}
