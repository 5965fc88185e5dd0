import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { PROGRAM } from './cli.ts'
import { until } from './processes.ts'

/** A `cairn up` that a test starts with words, a wrapper or an environment of its own. */
export interface Up extends AsyncDisposable {
  readonly child: ChildProcess
  /** What it printed so far. */
  said(): string
  /** Resolves when it has ended; answers how, such as `0` or `SIGKILL`. */
  ended(): Promise<string>
}

export interface UpWords {
  readonly words: readonly string[]
  /** What becomes a running Cairn: `up` when it is not said. */
  readonly verb?: 'up' | 'join'
  /** Put before the program; the last word runs the rest in its own place (exec). */
  readonly before?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

/** Starts `cairn up` and resolves when it is running or has ended by itself. Disposing ends it. */
export async function spawnUp({ words, verb = 'up', before = [], env = {} }: UpWords): Promise<Up> {
  const [program = '', ...rest] = [...before, process.execPath, PROGRAM, verb, ...words]
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', env: { ...process.env, ...env } })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
  }
  const closed = once(child, 'close')
  const isOver = () => child.exitCode !== null || child.signalCode !== null
  await until(() => isOver() || /ends it cleanly\.\n|^\}\n/m.test(said), { what: 'cairn up to run or end' })
  const ended = async () => {
    await closed
    return String(child.exitCode ?? child.signalCode)
  }
  return {
    child,
    said: () => said,
    ended,
    async [Symbol.asyncDispose]() {
      if (!isOver()) child.kill('SIGTERM')
      await ended()
    },
  }
}
