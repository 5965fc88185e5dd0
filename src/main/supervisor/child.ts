import { type ChildProcess, spawn } from 'node:child_process'
import { type Fault, type World, whyOf } from '#base'
import { STOP_TIMEOUT_MS } from '../limits.ts'

/** A process of this program that is to be started. */
export interface ChildPlan<Order, Report> {
  /** The word that says what it is, and names it to people. */
  readonly word: 'storage' | 'control' | 'mesh'
  readonly flags: readonly string[]
  /** Beside those of this process, which come first. */
  readonly env: Readonly<Record<string, string>>
  /** Descriptors that it inherits, as its slots from {@link FIRST_SLOT} on. */
  readonly descriptors: readonly number[]
  readonly start: Order
  readonly readyTimeoutMs: number
  /** Reads what it tells, and answers what that means for its start. Faults: BadMessage. */
  readonly read: (value: unknown) => { readonly report: Report; readonly outcome: 'ready' | Fault | undefined }
  /** What is said when it did not come up. */
  readonly fault: (message: string) => Fault
}

/** Slots before it are standard input, output, error and the channel. */
export const FIRST_SLOT = 4

/** One running process of this program with a channel to it. */
export class Child<Order extends object, Report> {
  readonly pid: number | undefined
  /** Resolves with its report when it is ready. Rejects with the fault it named, or the plan's when it just ended. */
  readonly ready: Promise<Report>
  /** Resolves when it has ended; says how, for people. */
  readonly ended: Promise<string>
  readonly #process: ChildProcess
  readonly #plan: ChildPlan<Order, Report>
  readonly #world: World

  /** Starts it. `listener` hears all that it tells when it runs, but not why it failed. */
  constructor(plan: ChildPlan<Order, Report>, world: World, listener: (report: Report) => void) {
    this.#plan = plan
    this.#world = world
    const { flags, word, env, descriptors } = plan
    this.#process = spawn(process.execPath, [...flags, entryFile(), word], {
      env: { ...env, ...process.env },
      stdio: ['ignore', 'inherit', 'inherit', 'ipc', ...descriptors],
      serialization: 'advanced',
    })
    this.pid = this.#process.pid
    this.ended = ended(this.#process)
    this.ready = this.#untilReady(listener)
    this.ready.catch(() => undefined) // whoever waits sees it
    this.tell(plan.start)
  }

  /** Tells the process something; nothing happens when it is gone. */
  tell(order: Order): void {
    if (this.#process.connected) this.#process.send(order, () => undefined)
  }

  /** Waits for its end; kills it when that takes too long. */
  async untilEnded(): Promise<void> {
    const over = new AbortController()
    const late = this.#world.clock.sleep(STOP_TIMEOUT_MS, over.signal).then(
      () => this.kill(),
      () => undefined,
    )
    await this.ended
    over.abort()
    await late
  }

  /** Ends it without asking. */
  kill(): void {
    this.#process.kill('SIGKILL')
  }

  async #untilReady(listener: (report: Report) => void): Promise<Report> {
    const { word, read, fault, readyTimeoutMs } = this.#plan
    const settled = Promise.withResolvers<Report>()
    this.#process.on('message', value => {
      const { report, outcome } = read(value)
      if (outcome === 'ready') settled.resolve(report)
      if (outcome instanceof Error) settled.reject(outcome)
      else listener(report)
    })
    const over = new AbortController()
    const late = this.#world.clock.sleep(readyTimeoutMs, over.signal).then(
      () => settled.reject(fault(`the ${word} process was not ready in ${readyTimeoutMs} ms`)),
      () => undefined,
    )
    void this.ended.then(how => settled.reject(fault(`the ${word} process ended early: ${how}`)))
    try {
      return await settled.promise
    } finally {
      over.abort()
      await late
    }
  }
}

function entryFile(): string {
  return new URL('../cairn.ts', import.meta.url).pathname
}

function ended(child: ChildProcess): Promise<string> {
  return new Promise(resolve => {
    child.once('error', error => resolve(whyOf(error)))
    child.once('exit', (code, signal) => resolve(signal === null ? `exit code ${code}` : `signal ${signal}`))
  })
}
