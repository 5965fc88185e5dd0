import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { mountedFolders } from './processes.ts'

const SAID_CHARS_MAX = 8000
const STOP_MS_MAX = 60_000
const WAIT_MS_MAX = 60_000

/** A program that runs until it is ended. */
export interface Program {
  readonly pid: number
  /** True until it ended. */
  isRunning(): boolean
  /** The end of what it wrote. */
  said(): string
  /** Asks it to end, or kills it at once; resolves when it is gone. */
  end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** Starts a program; its standard input is a pipe that closes when this process ends, however it ends. */
export function startProgram(command: readonly string[], env: NodeJS.ProcessEnv = process.env): Program {
  const [file = '', ...args] = command
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env })
  let said = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-SAID_CHARS_MAX)
    })
  }
  const ended = new Promise<void>(resolve => {
    child.once('error', error => {
      said += error.message
      resolve()
    })
    child.once('exit', () => resolve())
  })
  return {
    pid: child.pid ?? 0,
    isRunning: () => child.pid !== undefined && child.exitCode === null && child.signalCode === null,
    said: () => said,
    end: signal => endChild(child, signal, ended),
  }
}

async function endChild(child: ChildProcess, signal: NodeJS.Signals, ended: Promise<void>): Promise<void> {
  child.kill(signal)
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await ended
  clearTimeout(late)
}

/** Runs a program to its end; what it wrote. A failure says what it wrote to its error output. */
export async function run(command: readonly string[], options: RunOptions = {}): Promise<string> {
  const [file = '', ...args] = command
  const { stdout } = await promisify(execFile)(file, args, { maxBuffer: 64 << 20, ...options })
  return stdout
}

/** Where and how long a program may run. */
export interface RunOptions {
  readonly cwd?: string
  readonly signal?: AbortSignal
  readonly env?: NodeJS.ProcessEnv
}

/** Waits until `isReady` or throws with what the program said. */
export async function untilReady(program: Program, isReady: () => boolean, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX
  while (!isReady()) {
    if (!program.isRunning()) throw new Error(`a program ended too early: ${program.said()}`)
    if (performance.now() > deadline) throw new Error(`a program was not ready in time: ${program.said()}`)
    await delay(2, undefined, { signal })
  }
}

/** True while something is mounted on the folder. */
export function isMounted(folder: string): boolean {
  return mountedFolders().includes(folder)
}

/** Unmounts a folder, by force when its server is gone. */
export async function unmount(folder: string): Promise<void> {
  if (!isMounted(folder)) return
  const isRoot = process.geteuid?.() === 0
  const plain = isRoot ? ['umount', folder] : ['fusermount3', '-u', folder]
  const lazy = isRoot ? ['umount', '-l', folder] : ['fusermount3', '-uz', folder]
  await run(plain).catch(() => run(lazy))
}

/** The file of a program, or undefined when it is not installed. */
export function programFile(name: string): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/bin', '/sbin', '/bin']
  return folders.map(folder => join(folder, name)).find(file => existsSync(file))
}
