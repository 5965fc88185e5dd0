import type { Clock } from '#base'

/** A clock that goes on only while a test waits, as fast as there is nothing else to do. */
export class WaitingClock implements Clock {
  #nowMs = 1_000
  readonly #timers = new Set<{ readonly atMs: number; readonly run: () => void }>()

  wallNs = (): bigint => BigInt(this.#nowMs) * 1_000_000n

  monotonicMs = (): number => this.#nowMs

  sleep = (ms: number, signal: AbortSignal): Promise<void> => {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const timer = { atMs: this.#nowMs + ms, run: () => resolve() }
      this.#timers.add(timer)
      signal.addEventListener('abort', () => {
        this.#timers.delete(timer)
        reject(signal.reason)
      })
    })
  }

  /** Lets time go on until the work has ended, and answers what it answers. */
  async run<Value>(work: Promise<Value>): Promise<Value> {
    let isOver = false
    const over = work.finally(() => {
      isOver = true
    })
    over.catch(() => undefined)
    for (let idle = 0; !isOver; ) {
      for (let turn = 0; turn < 20 && !isOver; turn++) await new Promise(resolve => setImmediate(resolve))
      if (isOver) break
      if (this.#step()) idle = 0
      else if (++idle > 1_000) throw new Error('nothing can go on')
    }
    return await over
  }

  /** Lets so much time pass. */
  async pass(ms: number): Promise<void> {
    await this.run(this.sleep(ms, new AbortController().signal))
  }

  #step(): boolean {
    const [next] = [...this.#timers].sort((a, b) => a.atMs - b.atMs)
    if (next === undefined) return false
    this.#nowMs = Math.max(this.#nowMs, next.atMs)
    this.#timers.delete(next)
    next.run()
    return true
  }
}
