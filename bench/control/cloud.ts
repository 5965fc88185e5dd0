import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { descendants } from '../targets/processes.ts'
import { startProgram, untilReady } from '../targets/program.ts'
import { ApiClient } from './client.ts'

const PROGRAM = join(import.meta.dirname, '..', '..', 'src', 'main', 'cairn.ts')

/** A Cairn with an API, without a mount. */
export interface ControlCloud extends AsyncDisposable {
  readonly kubeconfig: string
  /** From the start of the program until the API was ready, in milliseconds. */
  readonly startMs: number
  pids(): readonly number[]
}

/** Starts Cairn on a folder, which keeps what it holds; `more` is added to its environment. */
export async function startCloud(
  folder: string,
  signal: AbortSignal,
  more: NodeJS.ProcessEnv = {},
): Promise<ControlCloud> {
  const [data, kubeconfig] = [join(folder, 'data'), join(folder, 'data', 'kubeconfig')]
  const env = { ...process.env, ...more, CAIRN_MASTER_KEY: join(folder, 'master.key') }
  const beganMs = performance.now()
  const command = [process.execPath, PROGRAM, 'up', '--data', data, '--no-mount', '--listen', '127.0.0.1:0']
  const program = startProgram(command, env)
  try {
    await untilReady(program, () => program.said().includes(' is running.') && existsSync(kubeconfig), signal)
    using client = new ApiClient(kubeconfig)
    await client.call('GET', '/readyz')
  } catch (error) {
    await program.end('SIGKILL')
    throw error
  }
  return {
    kubeconfig,
    startMs: performance.now() - beganMs,
    pids: () => descendants(program.pid),
    [Symbol.asyncDispose]: () => program.end('SIGTERM'),
  }
}

/** Bytes that processes have had written to disks, by proc(5) io. */
export function writtenBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const written = /^write_bytes: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1]
    return sum + Number(written ?? 0)
  }, 0)
}
