import { Worker } from 'node:worker_threads'
import { chunkFault } from '../faults.ts'
import { JOBS_MAX } from '../limits.ts'
import type { ChunkWorkers, Hashed } from '../workers.ts'
import type { Answer, Job, Reply } from './protocol.ts'

/**
 * Workers on `count` threads, started when first used. They do not keep the process alive by themselves, only while
 * a job is under way.
 */
export function threadWorkers(count: number): ChunkWorkers {
  const pool = new ThreadPool(count)
  return {
    threaded: true,
    hash: async job => pool.run({ kind: 'hash', ...job }) as Promise<Hashed>,
    write: async job => pool.run({ kind: 'write', ...job }) as Promise<Uint8Array>,
    read: async job => (await pool.run({ kind: 'read', ...job })) === true,
    verify: async job => (await pool.run({ kind: 'verify', ...job })) === true,
    forget: path => pool.tellAll({ kind: 'forget', path }),
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

// Segments are a few hundred lines of code and small messages; bytes lie outside the heap.
const LIMITS = { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 2, stackSizeMb: 1 }

/** How long threads without a job stay. */
const IDLE_MS = 30_000

class ThreadPool {
  readonly #threads: (Thread | undefined)[]
  readonly #waiting: (() => void)[] = []
  readonly #idle: NodeJS.Timeout
  #jobs = 0
  #closed = false

  constructor(count: number) {
    this.#threads = Array.from({ length: count }, () => undefined)
    this.#idle = setTimeout(() => void this.#rest(), IDLE_MS).unref()
  }

  async run(job: Job): Promise<Answer> {
    if (this.#closed) throw chunkFault('Io', 'the chunk workers are closed')
    if (this.#jobs >= JOBS_MAX) await new Promise<void>(resolve => this.#waiting.push(resolve))
    else this.#jobs++
    this.#idle.refresh()
    try {
      return await this.#idlest().run(job)
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#jobs--
      else next()
    }
  }

  async tellAll(job: Job): Promise<void> {
    await Promise.all(this.#started().map(thread => thread.run(job)))
  }

  async close(): Promise<void> {
    this.#closed = true
    clearTimeout(this.#idle)
    await Promise.all(this.#started().map(thread => thread.close()))
  }

  // A thread takes 12 MiB; starting it again takes 50 ms.
  async #rest(): Promise<void> {
    if (this.#jobs > 0) return
    const resting = this.#started()
    this.#threads.fill(undefined)
    await Promise.all(resting.map(thread => thread.close()))
  }

  #started(): Thread[] {
    return this.#threads.filter(thread => thread !== undefined)
  }

  #idlest(): Thread {
    let best = 0
    for (const [number, thread] of this.#threads.entries()) {
      if (thread === undefined || !thread.isAlive) this.#threads[number] = new Thread()
      if ((this.#threads[number]?.jobs ?? 0) < (this.#threads[best]?.jobs ?? 0)) best = number
      if (this.#threads[best]?.jobs === 0) break
    }
    return this.#threads[best] ?? new Thread()
  }
}

interface Waiter {
  readonly resolve: (answer: Answer) => void
  readonly reject: (error: unknown) => void
}

class Thread {
  isAlive = true
  readonly #worker: Worker
  readonly #waiters = new Map<number, Waiter>()
  readonly #ended: Promise<void>
  #drained: (() => void) | undefined
  #last = 0

  constructor() {
    this.#worker = new Worker(new URL('./thread.ts', import.meta.url), { resourceLimits: LIMITS })
    this.#worker.unref()
    this.#worker.on('message', (reply: Reply) => this.#settle(reply))
    this.#ended = new Promise(resolve => {
      this.#worker.on('error', error => this.#fail(error, resolve))
      this.#worker.on('exit', () => this.#fail(undefined, resolve))
    })
  }

  get jobs(): number {
    return this.#waiters.size
  }

  run(job: Job): Promise<Answer> {
    if (!this.isAlive) return Promise.reject(chunkFault('Io', 'a chunk worker has ended'))
    return new Promise((resolve, reject) => {
      this.#last++
      if (this.#waiters.size === 0) this.#worker.ref()
      this.#waiters.set(this.#last, { resolve, reject })
      this.#worker.postMessage({ id: this.#last, job })
    })
  }

  async close(): Promise<void> {
    if (this.#waiters.size > 0) {
      await new Promise<void>(resolve => {
        this.#drained = resolve
      })
    }
    await this.#worker.terminate()
    await this.#ended
  }

  #settle(reply: Reply): void {
    const waiter = this.#waiters.get(reply.id)
    this.#waiters.delete(reply.id)
    if (this.#waiters.size === 0) this.#rest()
    if (reply.ok) waiter?.resolve(reply.answer)
    else waiter?.reject(errorOf(reply))
  }

  #rest(): void {
    this.#worker.unref()
    this.#drained?.()
  }

  #fail(cause: unknown, resolve: () => void): void {
    this.isAlive = false
    for (const waiter of this.#waiters.values()) {
      waiter.reject(chunkFault('Io', 'a chunk worker ended in the middle of its work', { cause }))
    }
    this.#waiters.clear()
    this.#drained?.()
    resolve()
  }
}

// A system error loses its code between threads; callers branch on it.
function errorOf(reply: Extract<Reply, { ok: false }>): Error {
  const error = new Error(reply.message)
  return reply.code === undefined ? error : Object.assign(error, { code: reply.code, errno: reply.errno })
}
