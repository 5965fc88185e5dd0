import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { until } from '../../cloud.ts'
import type { Written } from './verify.ts'

const WRITER = join(import.meta.dirname, 'writer.ts')

/** A program that changes files in a folder, step by step, until it is told to end or fails. */
export interface Writer extends AsyncDisposable {
  readonly folder: string
  /** Steps that succeeded so far. */
  readonly acknowledged: number
  /** Why it ended by itself; undefined while all is well. */
  readonly failure: string | undefined
  /** Resolves when so many more steps have succeeded. */
  advance(steps: number): Promise<void>
  /** Lets it finish its step, waits for its end and answers what it did. */
  end(): Promise<Written>
}

/** Starts a writer of a seed in a new folder. */
export function startWriter(folder: string, seed: number): Writer {
  mkdirSync(folder)
  const child = spawn(process.execPath, [WRITER, folder, `${seed}`], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let acknowledged = 0
  let failure: string | undefined
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('failed')) failure = line
      else acknowledged = Number(line)
    }
  })
  const end = async (): Promise<Written> => {
    child.kill('SIGTERM')
    await closed
    return { folder, seed, acknowledged }
  }
  return {
    folder,
    get acknowledged() {
      return acknowledged
    },
    get failure() {
      return failure
    },
    async advance(steps) {
      const target = acknowledged + steps
      await until(() => acknowledged >= target || failure !== undefined, { what: `${steps} steps of seed ${seed}` })
    },
    end,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await closed
    },
  }
}
