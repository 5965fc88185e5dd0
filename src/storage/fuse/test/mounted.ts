import { type ChildProcess, fork, spawn } from 'node:child_process'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { abortMount, findMount, fuseAvailability, type MountHandle, mountFuse, unmount } from '#storage/fuse'

/** Why mount tests cannot run here; false when they can. */
export function whyNoMounts(): string | false {
  const answer = fuseAvailability()
  return answer.kind === 'missing' ? `${answer.message}; ${answer.hint}` : false
}

interface MountedSettings {
  /** The server saves itself after each change, so that its successor knows everything. */
  readonly durable?: boolean
  readonly singleMachine?: boolean
  /** False: every request is answered at once. */
  readonly slow?: boolean
  /** The first server starts as one that follows another. */
  readonly resumed?: boolean
}

/** A mount served by a child process, for as long as it is not disposed. This process holds its descriptor. */
export class Mounted implements AsyncDisposable {
  readonly target: string
  readonly #folder: string
  readonly #handle: MountHandle
  readonly #settings: object
  #server: ChildProcess

  private constructor(folder: string, handle: MountHandle, settings: MountedSettings) {
    this.#folder = folder
    this.#handle = handle
    this.target = handle.target
    const files = { state: path.join(folder, 'negotiated'), save: path.join(folder, 'saved') }
    this.#settings = { ...settings, ...files, target: this.target }
    this.#server = this.#start({ resumed: settings.resumed })
  }

  static async open(settings: MountedSettings = {}): Promise<Mounted> {
    const folder = mkdtempSync(path.join(tmpdir(), 'cairn-fuse-'))
    const target = mkdtempSync(path.join(folder, 'a mount-'))
    const mounted = new Mounted(folder, await mountFuse({ target, source: 'cairn-test' }), settings)
    await mounted.ready().catch(async error => {
      await mounted[Symbol.asyncDispose]()
      throw error
    })
    return mounted
  }

  /** The process that serves. */
  get pid(): number {
    return this.#server.pid ?? -1
  }

  /** The path of a file in the mount. */
  at(...names: readonly string[]): string {
    return path.join(this.target, ...names)
  }

  /** Has the server do something and waits until it has. */
  async order(...words: readonly string[]): Promise<void> {
    const done = once(this.#server, 'message')
    this.#server.send([...words])
    await done
  }

  /** Resolves when the server says that it serves. */
  async ready(): Promise<void> {
    const died = this.exited().then(() => {
      throw new Error('the server died before it served')
    })
    await Promise.race([once(this.#server, 'message'), died])
  }

  async kill(): Promise<void> {
    const exited = this.exited()
    this.#server.kill('SIGKILL')
    await exited
  }

  async exited(): Promise<void> {
    if (this.#server.exitCode === null && this.#server.signalCode === null) await once(this.#server, 'exit')
  }

  /** Starts another server on the same mount. */
  async restart(): Promise<void> {
    this.#server = this.#start({ resumed: true })
    await this.ready()
  }

  /** Lets go of the descriptor: without a server the mount is dead from then on. */
  dropDescriptor(): void {
    closeSync(this.#handle.fd)
    this.#dropped = true
  }
  #dropped = false

  async [Symbol.asyncDispose](): Promise<void> {
    const gone = this.#server.exitCode !== null || this.#server.signalCode !== null
    if (gone) abortMount(this.target)
    await unmount(this.target)
    if (findMount(this.target) !== undefined) abortMount(this.target)
    if (!gone) await this.kill()
    if (!this.#dropped) closeSync(this.#handle.fd)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #start(more: object): ChildProcess {
    const settings = JSON.stringify({ ...this.#settings, ...more })
    return fork(new URL('./server.ts', import.meta.url), [settings], {
      stdio: ['ignore', 'inherit', 'inherit', this.#handle.fd, 'ipc'],
    })
  }
}

/** Runs a shell script in a child process; its output, or a throw with what it wrote to standard error. */
export async function sh(script: string, cwd: string): Promise<string> {
  const child = spawn('sh', ['-ec', script], { cwd, stdio: ['ignore', 'pipe', 'pipe'], timeout: 30_000 })
  let [output, errors] = ['', '']
  child.stdout.setEncoding('utf8').on('data', text => {
    output += text
  })
  child.stderr.setEncoding('utf8').on('data', text => {
    errors += text
  })
  const [code, signal] = await once(child, 'close')
  if (code !== 0) throw new Error(`sh ended with ${code ?? signal}: ${errors}`)
  return output
}
