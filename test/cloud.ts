import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { whenAborted } from './cloud/aborted.ts'
import { apiEnvironment, type CliResult, PROGRAM, runCairn } from './cloud/cli.ts'
import { detach, mountsAt } from './cloud/mounts.ts'
import { childrenOf, isAlive, until, untilGone } from './cloud/processes.ts'

export type { CliResult } from './cloud/cli.ts'
export { mountsAt, whyNoFuse } from './cloud/mounts.ts'
export { until } from './cloud/processes.ts'

/** How a Cairn for a test is set up. */
export interface CloudOptions {
  /** The data folder; in the temporary folder when absent. It is not removed when it is elsewhere. */
  readonly data?: string | undefined
  /** False starts it without a mount. */
  readonly mount?: boolean | undefined
  /** True starts it with an API, at a port of its own. */
  readonly api?: boolean | undefined
  /** False only makes the folders; {@link Cloud.start} starts it. */
  readonly start?: boolean | undefined
  /** Put before the program, such as `prlimit`; the last word runs the rest in its own place (exec). */
  readonly before?: readonly string[] | undefined
}

/** Sets up and starts a Cairn in a temporary folder. Hold it with `await using`. */
export async function openCloud(options: CloudOptions = {}): Promise<Cloud> {
  const cloud = new Cloud(options)
  if (options.start === false) return cloud
  try {
    await cloud.start()
    return cloud
  } catch (error) {
    await cloud[Symbol.asyncDispose]()
    throw error
  }
}

const STOP_MS_MAX = 30_000
const SAID_CHARS_MAX = 16_000

/**
 * A real Cairn in processes of its own, with a folder for its data and one for its mount. It can be started and ended
 * in every way any number of times; disposing it leaves nothing behind. The test itself may use the mount freely.
 */
export class Cloud implements AsyncDisposable {
  /** The temporary folder around everything; also for what a test wants to keep beside the mount. */
  readonly home: string
  readonly data: string
  readonly mount: string
  readonly #options: CloudOptions
  #child: ChildProcess | undefined
  #said = ''
  readonly #guard: Disposable

  constructor(options: CloudOptions) {
    this.#options = options
    this.home = mkdtempSync(join(tmpdir(), 'cairn-test-'))
    // Tests act as other users, who must be able to come this far.
    chmodSync(this.home, 0o711)
    this.data = options.data ?? join(this.home, 'data')
    this.mount = join(this.home, 'mount')
    mkdirSync(this.mount)
    this.#guard = whenAborted(() => {
      this.#endAtOnce()
      rmSync(this.home, { recursive: true, force: true })
    })
  }

  /** What its processes said so far, the newest 16,000 characters. */
  get said(): string {
    return this.#said
  }

  /** The supervisor. Throws when it does not run. */
  get supervisorPid(): number {
    const pid = this.#child?.pid
    if (pid === undefined || !this.isRunning) throw new Error(`Cairn does not run:\n${this.#said}`)
    return pid
  }

  /** The storage process of the moment; undefined between two of them. */
  get storagePid(): number | undefined {
    return childrenOf(this.supervisorPid, 'storage')[0]
  }

  /** The control process of the moment; undefined between two of them. */
  get controlPid(): number | undefined {
    return childrenOf(this.supervisorPid, 'control')[0]
  }

  get isRunning(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Runs `cairn up` and resolves when everything is served. Throws with what it said when it ends instead. */
  async start(): Promise<void> {
    const { mount, before = [], api = false } = this.#options
    const where = mount === false ? ['--no-mount'] : ['--mount', this.mount]
    const [program = '', ...words] = [...before, process.execPath, PROGRAM, 'up', '--data', this.data, ...where]
    this.#said = ''
    const env = { ...process.env, ...(api ? apiEnvironment(this.home) : {}) }
    const child = spawn(program, words, { stdio: ['ignore', 'pipe', 'pipe'], cwd: '/', env })
    this.#child = child
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.#said = (this.#said + text).slice(-SAID_CHARS_MAX)
      })
    }
    let isReady = false
    child.stdout.on('data', () => {
      isReady ||= this.#said.includes(' is running.\n')
    })
    await until(() => isReady || !this.isRunning, { what: `cairn up:\n${this.#said}` })
    if (!isReady) throw new Error(`cairn up ended: ${await this.ended()}\n${this.#said}`)
    if (mount !== false && mountsAt(this.mount) !== 1) throw new Error(`cairn up did not mount:\n${this.#said}`)
  }

  /** Ends it cleanly, as Ctrl-C does, and answers how it ended, such as `0` or `SIGKILL`. */
  async stop(): Promise<string> {
    if (this.isRunning) this.#child?.kill('SIGTERM')
    const late = setTimeout(() => this.#endAtOnce(), STOP_MS_MAX)
    const how = await this.ended()
    clearTimeout(late)
    return how
  }

  /** Resolves when the supervisor has ended and all it said was read; answers how, such as `0` or `SIGKILL`. */
  async ended(): Promise<string> {
    const child = this.#child
    if (child === undefined) throw new Error('Cairn was never started')
    if (this.isRunning) await once(child, 'close')
    return String(child.exitCode ?? child.signalCode)
  }

  /** Ends all its processes with SIGKILL, at the same moment; the mount is left dead. */
  async kill(): Promise<void> {
    const pids = this.#pids()
    for (const pid of pids) process.kill(pid, 'SIGKILL')
    for (const pid of pids) await untilGone(pid)
  }

  /** Ends only the storage process with SIGKILL; the supervisor starts another. Answers whom it killed. */
  async killStorage(): Promise<number> {
    await until(() => this.storagePid !== undefined, { what: `a storage process:\n${this.#said}` })
    const pid = this.storagePid
    if (pid === undefined) return this.killStorage()
    process.kill(pid, 'SIGKILL')
    await untilGone(pid)
    return pid
  }

  /** Runs a `cairn` command on this data folder; never throws because of its exit code. */
  run(...words: readonly string[]): Promise<CliResult> {
    return runCairn(this.data, words, this.#options.api === true ? apiEnvironment(this.home) : {})
  }

  /** Runs a `cairn` command that must succeed with `-o json` and answers what it printed. */
  async json(...words: readonly string[]): Promise<unknown> {
    const { code, out, err } = await this.run('-o', 'json', ...words)
    if (code !== 0) throw new Error(`cairn ${words.join(' ')} ended with ${code}\n${err}${out}\n${this.#said}`)
    return JSON.parse(out)
  }

  /** Ends everything and removes mount, data and folders. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isRunning) await this.stop()
    detach(this.mount)
    rmSync(this.home, { recursive: true, force: true })
    this.#guard[Symbol.dispose]()
  }

  #pids(): readonly number[] {
    const { supervisorPid } = this
    return [supervisorPid, ...childrenOf(supervisorPid, 'storage'), ...childrenOf(supervisorPid, 'control')]
  }

  // Nothing may be waited for: the test process may be about to end.
  #endAtOnce(): void {
    if (this.isRunning) {
      for (const pid of this.#pids().filter(isAlive)) process.kill(pid, 'SIGKILL')
    }
    detach(this.mount)
  }
}
