import { randomBytes, randomFillSync } from 'node:crypto'
import type { Clock, Entropy } from '#base'

/** The machine's clocks. */
export const machineClock: Clock = {
  wallNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n + wallDriftNs(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) => (ms === 0 ? nextRound(signal) : sleep(ms, signal)),
}

// By hand: `node:timers/promises` makes an error of its own for each sleep that is aborted, as most are.
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(
      () => {
        signal.removeEventListener('abort', end)
        resolve()
      },
      Math.max(ms, 1),
    )
    if (signal.aborted) end()
    else signal.addEventListener('abort', end, { once: true })
  })
}

// A timer would take a millisecond: who lets others go first after each piece of work would mostly wait.
function nextRound(signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      if (signal.aborted) reject(signal.reason as Error)
      else resolve()
    })
  })
}

/** The kernel's random generator; asked once for many short answers. */
export const machineEntropy: Entropy = {
  bytes(count) {
    if (count > SHORT_BYTES) return randomBytes(count)
    if (at + count > POOL_BYTES) {
      randomFillSync(pool)
      at = 0
    }
    const taken = pool.slice(at, at + count)
    pool.fill(0, at, at + count) // what one has got is nowhere else
    at += count
    return taken
  },
}

const SHORT_BYTES = 16 // identifiers, not keys
const POOL_BYTES = 4096
const pool = new Uint8Array(POOL_BYTES)
let at = POOL_BYTES

// `performance` has microseconds but does not follow a clock that is set; `Date.now` follows it to the millisecond.
function wallDriftNs(): bigint {
  const driftMs = Date.now() - (performance.timeOrigin + performance.now())
  return Math.abs(driftMs) < 2 ? 0n : BigInt(Math.round(driftMs)) * 1_000_000n
}
