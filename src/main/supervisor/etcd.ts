import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import { type World, whyOf } from '#base'
import { ETCD_LOG_BYTES_MAX, ETCD_STOP_MS } from '../limits.ts'
import { etcdArguments, etcdProgram } from '../members/etcd-program.ts'
import { memberFolderOf, readMember } from '../members/member-file.ts'
import { RestartPause } from './restart-pause.ts'

/**
 * Keeps the member of the cloud's etcd running that is to run on this machine, until disposed. It is a child of the supervisor, not
 * of the control process: that starts anew for reasons of its own, and each time the other machines would lose a vote.
 */
export class Etcd implements AsyncDisposable {
  readonly #dataFolder: string
  readonly #world: World
  readonly #closing = new AbortController()
  #process: ChildProcess | undefined
  #running: Promise<void> | undefined
  #plan = ''

  constructor(dataFolder: string, world: World) {
    this.#dataFolder = dataFolder
    this.#world = world
    this.look()
  }

  /** Process id of the member of the moment. */
  get pid(): number | undefined {
    return this.#process?.pid
  }

  /** Looks what is to run now: starts it, or starts it anew when that is something else. */
  look(): void {
    const plan = this.#argumentsNow()?.join(' ') ?? ''
    if (plan !== this.#plan) void this.#end()
    this.#plan = plan
    if (plan !== '') this.#running ??= this.#run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#end()
    await this.#running
  }

  // While connections of an address that this machine has no more are open, etcd does not end by itself.
  async #end(): Promise<void> {
    const child = this.#process
    if (child === undefined) return
    child.kill('SIGTERM')
    const over = new AbortController()
    const late = this.#world.clock.sleep(ETCD_STOP_MS, over.signal).then(
      () => void child.kill('SIGKILL'),
      () => undefined,
    )
    await ended(child)
    over.abort()
    await late
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#world
    const pause = new RestartPause(clock)
    while (!this.#closing.signal.aborted) {
      const sinceMs = clock.monotonicMs()
      const how = await this.#runOnce()
      if (this.#closing.signal.aborted) return
      log.warn(`etcd ended (${how}); starting it again`, { log: this.#logFile })
      await pause.wait(sinceMs, this.#closing.signal)
    }
  }

  async #runOnce(): Promise<string> {
    const program = etcdProgram()
    const words = this.#argumentsNow()
    if (program === undefined) return 'it is not installed: apt install etcd-server'
    if (words === undefined) return 'nothing says how it is run'
    using log = this.#openLog()
    // It goes with this process, however that ends: the next supervisor starts it anew.
    const child = spawn('setpriv', ['--pdeathsig', 'TERM', program, ...words], { stdio: ['ignore', log.fd, log.fd] })
    this.#process = child
    const how = await ended(child)
    this.#process = undefined
    return how
  }

  #argumentsNow(): readonly string[] | undefined {
    try {
      const member = readMember(this.#dataFolder)
      return member === undefined ? undefined : etcdArguments(this.#dataFolder, member)
    } catch (error) {
      this.#world.log.warn('the etcd of this machine does not run', { why: whyOf(error) })
      return undefined
    }
  }

  get #logFile(): string {
    return `${memberFolderOf(this.#dataFolder)}/log`
  }

  // Warnings only; what is long ago is forgotten at a start.
  #openLog(): Disposable & { readonly fd: number } {
    const isLong = (fs.statSync(this.#logFile, { throwIfNoEntry: false })?.size ?? 0) > ETCD_LOG_BYTES_MAX
    const fd = fs.openSync(this.#logFile, isLong ? 'w' : 'a', 0o600)
    return { fd, [Symbol.dispose]: () => fs.closeSync(fd) }
  }
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(whyOf(error)))
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
}
