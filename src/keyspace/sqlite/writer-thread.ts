import { Worker } from 'node:worker_threads'
import { assert, Fault } from '#base'
import { keyspaceFault } from '../faults.ts'
import type { WriterAnswer, WriterCall, WriterPlace, WriterValue } from './message.ts'
import type { StoredState } from './writer.ts'

interface Waiting {
  readonly resolve: (value: WriterValue) => void
  readonly reject: (error: Error) => void
}

/**
 * Has the threads of all indexes that are open in this process give back memory they do not need now: nobody else can collect
 * their garbage. Needs `--expose-gc`.
 */
export async function giveBackIndexMemory(): Promise<void> {
  await Promise.allSettled(Array.from(running, thread => thread.call({ method: 'giveBack' })))
}

const running = new Set<WriterThread>()

/** The writer of an index in a thread of its own; calls are answered in order. */
export class WriterThread {
  readonly #worker: Worker
  readonly #waiting: Waiting[] = []
  readonly #ended: Promise<void>
  #state: StoredState = { applied: 0, compacted: 0, keys: 0, clean: false }
  #clean = false
  #gone = false

  private constructor(place: WriterPlace) {
    this.#worker = new Worker(new URL('./worker.ts', import.meta.url), { workerData: place, resourceLimits: LIMITS })
    running.add(this)
    this.#worker.on('message', (answer: WriterAnswer) => this.#answered(answer))
    this.#worker.on('error', error => this.#endAll(error))
    this.#ended = new Promise(resolve => {
      this.#worker.on('exit', () => {
        this.#endAll(new Error('the thread ended'))
        resolve()
      })
    })
  }

  /** Starts the thread and opens the database. Faults: IndexDamaged, NewerVersion, DiskFull. */
  static async open(place: WriterPlace): Promise<WriterThread> {
    const thread = new WriterThread(place)
    try {
      await thread.#wait()
      return thread
    } catch (error) {
      await thread.end()
      throw error
    }
  }

  /** The stored state as of the last answer. */
  get state(): StoredState {
    return this.#state
  }

  /** True when the end before this opening was a clean close. */
  get clean(): boolean {
    return this.#clean
  }

  call(call: WriterCall): Promise<WriterValue> {
    if (this.#gone) return Promise.reject(keyspaceFault('IndexDamaged', 'the thread of the index has ended'))
    this.#worker.postMessage(call)
    return this.#wait()
  }

  /** Ends the thread and waits for its end. */
  async end(): Promise<void> {
    await this.#worker.terminate()
    await this.#ended
  }

  #wait(): Promise<WriterValue> {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #answered(answer: WriterAnswer): void {
    const waiting = this.#waiting.shift()
    assert(waiting !== undefined, 'every answer has its call')
    if (!answer.ok) {
      const { code, message, hint } = answer.fault
      waiting.reject(new Fault(code, answer.fault, message, { hint }))
      return
    }
    this.#state = answer.state
    this.#clean = answer.clean
    waiting.resolve(answer.value)
  }

  #endAll(error: unknown): void {
    this.#gone = true
    running.delete(this)
    const fault = keyspaceFault('IndexDamaged', 'the thread of the index has ended', { cause: error })
    for (const waiting of this.#waiting.splice(0)) waiting.reject(fault)
  }
}

// Young objects get little room: what a thread has once taken it keeps.
const LIMITS = { maxYoungGenerationSizeMb: 4 }
