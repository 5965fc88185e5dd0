import type { Clock, World } from '#base'
import { type DiskFaults } from './disk/faults.ts'
import type { DiskImage } from './disk/image.ts'
import { SimDisk } from './disk/sim-disk.ts'
import type { Life } from './life.ts'
import type { Random } from './random.ts'
import type { Scheduler } from './scheduler.ts'
import type { Trace } from './trace.ts'

/** A machine that outlives its processes: its time, its dice, its disk's size. */
export interface Machine {
  readonly scheduler: Scheduler
  readonly random: Random
  readonly trace: Trace
  readonly capacity: { bytes: number }
  /** What people set the wall clock to, against the clock that only runs. */
  readonly wall: { offsetMs: number }
}

/** The world of one life: everything the program touches. */
export interface SimWorld extends World {
  readonly disk: SimDisk
  /** What the program told the person who runs it. */
  readonly warnings: string[]
}

export function openSimWorld(machine: Machine, life: Life, image: DiskImage, faults: DiskFaults): SimWorld {
  const { trace, random } = machine
  const warnings: string[] = []
  return {
    clock: new SimClock(machine, life),
    entropy: { bytes: count => random.bytes(count) },
    disk: new SimDisk({ ...machine, image, life, random: random.fork(), faults }),
    log: {
      info: () => undefined,
      warn: (message, fields) => {
        warnings.push(`${message} ${JSON.stringify(fields ?? {})}`)
        if (!life.ended) trace.line(`warn ${message} ${JSON.stringify(fields ?? {})}`)
      },
    },
    warnings,
  }
}

class SimClock implements Clock {
  readonly #machine: Machine
  readonly #life: Life
  /** A process's monotonic clock begins anywhere. */
  readonly #startMs: number

  constructor(machine: Machine, life: Life) {
    this.#machine = machine
    this.#life = life
    this.#startMs = machine.random.below(1e6) - machine.scheduler.nowMs
  }

  wallNs(): bigint {
    const { scheduler, wall } = this.#machine
    return BigInt(Math.round((WALL_START_MS + scheduler.nowMs + wall.offsetMs) * 1000)) * 1000n
  }

  monotonicMs(): number {
    return this.#startMs + this.#machine.scheduler.nowMs
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return Promise.reject(signal.reason)
    const { scheduler, random } = this.#machine
    return new Promise((resolve, reject) => {
      const aborted = (): void => reject(signal.reason)
      // A signal that nobody ever aborts would keep all that waits for it, long after its process has ended.
      const forget = (): void => signal.removeEventListener('abort', aborted)
      const wake = (): void => {
        forget()
        resolve()
      }
      signal.addEventListener('abort', aborted, { once: true })
      scheduler.at(this.#life, ms + random.fraction() * LATE_MS_MAX, wake, forget)
    })
  }
}

const WALL_START_MS = Date.UTC(2030, 0, 1)
const LATE_MS_MAX = 0.5
