import { Worker } from 'node:worker_threads'
import type { Log } from '#base'
import type { Ino, Invalidation } from '#storage/fs'
import { invalidationMessage } from '../codec/notifications.ts'
import { NOTIFY_BATCH_MAX } from '../limits.ts'

/**
 * Tells the kernel about changes made elsewhere, from a thread of its own that is started at the first one. Nobody
 * has to wait for it. A change that waits already is not queued twice, so the queue holds at most what the kernel caches.
 */
export class Notifier {
  readonly #fd: number
  readonly #log: Log
  readonly #queue = new Map<string, Uint8Array>()
  #inFlight: ReadonlySet<string> = new Set()
  readonly #waiting: (() => void)[] = []
  #worker: Worker | undefined

  constructor(fd: number, log: Log) {
    this.#fd = fd
    this.#log = log
  }

  /** Queues a notification. */
  notify(change: Invalidation): void {
    this.#queue.set(keyOf(change), invalidationMessage(change))
    this.#send()
  }

  /** True until the kernel has been told of every change to the inode. */
  isStale(ino: Ino): boolean {
    const key = `${ino}`
    return this.#queue.has(key) || this.#inFlight.has(key)
  }

  /** Resolves when the kernel has been told of everything; while it hangs, not at all. Undefined when it has. */
  told(): Promise<void> | undefined {
    if (this.#inFlight.size === 0 && this.#queue.size === 0) return undefined
    return new Promise<void>(resolve => this.#waiting.push(resolve))
  }

  /** Ends the thread. Does not wait for it: it may hang in the kernel until the mount is gone. */
  close(): void {
    this.#queue.clear()
    void this.#worker?.terminate()
    this.#worker = undefined
    this.#wake()
  }

  #send(): void {
    if (this.#inFlight.size > 0 || this.#queue.size === 0) return
    const batch = [...this.#queue].slice(0, NOTIFY_BATCH_MAX)
    for (const [key] of batch) this.#queue.delete(key)
    this.#inFlight = new Set(batch.map(([key]) => key))
    this.#thread().postMessage(batch.map(([, message]) => message))
  }

  #sent(): void {
    this.#inFlight = new Set()
    this.#send()
    if (this.#inFlight.size === 0) this.#wake()
  }

  #wake(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #thread(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const worker = new Worker(new URL('./notify-worker.ts', import.meta.url), {
      workerData: this.#fd,
      resourceLimits: LIMITS,
    })
    worker.on('message', () => this.#sent())
    // Without a thread the kernel keeps what it has cached until it is no longer trusted; the next change starts one.
    worker.on('error', error => {
      this.#log.warn('the notify thread ended', { why: error.message })
      this.#worker = undefined
      this.#sent()
    })
    worker.unref()
    this.#worker = worker
    return worker
  }
}

function keyOf(change: Invalidation): string {
  return change.kind === 'inode' ? `${change.ino}` : `${change.parent}/${change.name}`
}

const LIMITS = { maxYoungGenerationSizeMb: 1 }
