import { MessageChannel } from 'node:worker_threads'
import { BLIND_SLEEP_MS, PUMP_MS_MAX, PUMP_REQUESTS_MAX, SPIN_US } from '../limits.ts'
import { type Libc, libc } from './libc.ts'

/** A descriptor with requests, served in the main thread. */
export interface Source {
  readonly fd: number
  /** False while no further request can be taken on. */
  ready(): boolean
  /** Serves one request. `later`: something waits for Node's event loop. */
  serve(): 'served' | 'later'
}

/**
 * Sleeps for requests and for Node's event loop at once, in the main thread: a request is answered where it is read,
 * without a hop to another thread. It runs in the check phase of a loop that has just turned, so that when it sleeps
 * all events libuv has collected are dispatched; it never sleeps while the loop has anything to do.
 */
export class Pump {
  readonly #libc: Libc = libc()
  readonly #sources: Source[] = []
  #polled: Buffer = Buffer.alloc(POLLFD)
  #channel: MessageChannel | undefined
  /** Typical time between an answer and the next request, in microseconds; decides whether spinning pays. */
  #gapUs = GAP_US_MAX
  #servedMs = 0
  #turning = false
  /** An answer has gone out since the pump last looked for requests. */
  #answered = false

  /** Serves `source` until it is removed. */
  add(source: Source): void {
    this.#sources.push(source)
    this.#polled = this.#pollTable()
    if (this.#channel !== undefined) return
    this.#channel = new MessageChannel()
    this.#channel.port2.on('message', () => {})
    this.#turn()
  }

  /** Serves `source` no longer. */
  remove(source: Source): void {
    const index = this.#sources.indexOf(source)
    if (index < 0) return
    this.#sources.splice(index, 1)
    this.#polled = this.#pollTable()
    if (this.#sources.length > 0) return
    this.#channel?.port1.close()
    this.#channel = undefined
  }

  /** An answer went out that was not given at once: the next request may follow it as soon as any other. */
  answered(): void {
    this.#answered = true
    this.#servedMs = performance.now()
  }

  // The message makes the loop turn without sleeping. The immediate does not keep it from sleeping (unref), so that
  // inside `#run` libuv's timeout tells about the work of others only.
  #turn(): void {
    if (this.#channel === undefined || this.#turning) return
    this.#turning = true
    this.#channel.port1.postMessage(0)
    setImmediate(this.#run).unref()
  }

  readonly #run = (): void => {
    this.#turning = false
    const startMs = performance.now()
    let served = 0
    let spin = true
    while (served < PUMP_REQUESTS_MAX && this.#sources.length > 0) {
      const found = served === 0 ? (this.#answered && this.#look(true)) || this.#sleep() : this.#look(spin)
      this.#answered = false
      if (!found) break
      this.#learn()
      const table = this.#polled
      for (let index = 0; index < this.#sources.length && this.#polled === table; index++) {
        if (this.#events(index + 1) === 0) continue
        if (this.#sources[index]?.serve() === 'later') spin = false
        served += 1
      }
      this.#servedMs = performance.now()
      if (this.#servedMs - startMs > PUMP_MS_MAX) break
    }
    this.#turn()
  }

  /** Waits for a request or for the event loop to have work; true for a request. */
  #sleep(): boolean {
    const { loop } = this.#libc
    const timeoutMs = loop.timeoutMs()
    if (loop.watchersWait === undefined) {
      return this.#poll(timeoutMs < 0 ? BLIND_SLEEP_MS : Math.min(timeoutMs, BLIND_SLEEP_MS))
    }
    return this.#poll(loop.watchersWait() ? 0 : timeoutMs)
  }

  /** Looks for the next request without sleeping, for as long as one is likely to come. */
  #look(spin: boolean): boolean {
    const untilMs = this.#servedMs + (spin && this.#gapUs < SPIN_US * 1.5 ? SPIN_US / 1000 : 0)
    do {
      if (this.#poll(0)) return true
      if (this.#events(0) !== 0) return false
    } while (performance.now() < untilMs)
    return false
  }

  #learn(): void {
    const gapUs = Math.min((performance.now() - this.#servedMs) * 1000, GAP_US_MAX)
    this.#gapUs += (gapUs - this.#gapUs) / 4
  }

  #poll(timeoutMs: number): boolean {
    for (const [index, source] of this.#sources.entries()) {
      this.#polled.writeInt32LE(source.ready() ? source.fd : -1, (index + 1) * POLLFD)
    }
    const count = this.#libc.poll(this.#polled, this.#sources.length + 1, timeoutMs)
    if (count <= 0) {
      this.#polled.writeInt16LE(0, REVENTS)
      return false
    }
    return count > (this.#events(0) === 0 ? 0 : 1)
  }

  #events(index: number): number {
    return this.#polled.readInt16LE(index * POLLFD + REVENTS)
  }

  #pollTable(): Buffer {
    const table = Buffer.alloc((this.#sources.length + 1) * POLLFD)
    table.writeInt32LE(this.#libc.loop.backendFd, 0)
    for (let index = 0; index <= this.#sources.length; index++) table.writeInt16LE(POLLIN, index * POLLFD + 4)
    return table
  }
}

// `struct pollfd`: descriptor, events, what happened.
const POLLFD = 8
const REVENTS = 6
const POLLIN = 1
const GAP_US_MAX = 1000

let shared: Pump | undefined

/** The pump of this process: there is one main thread, so there is one. */
export function mainPump(): Pump {
  shared ??= new Pump()
  return shared
}
