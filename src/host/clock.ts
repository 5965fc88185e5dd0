import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Clock, Entropy } from '#base'

/** The machine's clocks. */
export const machineClock: Clock = {
  wallNs: () => BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n + wallDriftNs(),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    sleep(ms, undefined, { signal }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : error
    }),
}

/** The kernel's random generator. */
export const machineEntropy: Entropy = { bytes: count => randomBytes(count) }

// `performance` has microseconds but does not follow a clock that is set; `Date.now` follows it to the millisecond.
function wallDriftNs(): bigint {
  const driftMs = Date.now() - (performance.timeOrigin + performance.now())
  return Math.abs(driftMs) < 2 ? 0n : BigInt(Math.round(driftMs)) * 1_000_000n
}
