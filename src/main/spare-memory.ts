import { setFlagsFromString } from 'node:v8'
import type { Clock } from '#base'
import { giveBackIndexMemory } from '#keyspace'
import { IDLE_CHECK_MS, IDLE_SHARE_MAX, RESTED_LOOKS, SPARE_BYTES_MIN } from './limits.ts'

/** What a process has taken of the machine, and how it gives back what it does not need. */
export interface ProcessMemory {
  /** Bytes it has in memory. */
  residentBytes(): number
  /** Milliseconds of processor time it has used. */
  busyMs(): number
  /** Gives back what is free. The process stands still for some tens of milliseconds. */
  giveBack(): Promise<void>
}

/**
 * Gives memory back once a busy time has ended: V8 and malloc keep what load has taken for the next one. It is done when the
 * process has hardly worked for IDLE_CHECK_MS, so that nobody is likely to wait for it, and only when it has grown since the last
 * time; once more when it has rested for a minute, for what was held for some seconds longer. Ends when the signal aborts.
 */
export async function keepMemorySpare(memory: ProcessMemory, clock: Clock, signal: AbortSignal): Promise<void> {
  let [keptBytes, idleLooks] = [0, 0]
  for (let busyMs = memory.busyMs(); !signal.aborted; busyMs = memory.busyMs()) {
    await clock.sleep(IDLE_CHECK_MS, signal).catch(() => undefined)
    const isIdle = memory.busyMs() - busyMs < IDLE_CHECK_MS * IDLE_SHARE_MAX
    idleLooks = isIdle ? idleLooks + 1 : 0
    const isDue = idleLooks === RESTED_LOOKS || memory.residentBytes() >= keptBytes + SPARE_BYTES_MIN
    if (signal.aborted || !isIdle || !isDue) continue
    await memory.giveBack()
    keptBytes = memory.residentBytes()
  }
}

/** This process. It must run with `--expose-gc`. */
export const ownMemory: ProcessMemory = {
  residentBytes: () => process.memoryUsage.rss(),
  busyMs() {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1000
  },
  async giveBack() {
    await giveBackIndexMemory()
    globalThis.gc?.({ type: 'major', flavor: 'last-resort' })
    const { default: koffi } = await import('koffi')
    // glibc only: others have no such function, and nothing to trim.
    trim ??= optional(() => koffi.load(null).func('int malloc_trim(size_t)'))
    trim(0)
  },
}

/** Gives threads that start from now on their own limits: `--max-semi-space-size` on the command line holds for them instead. */
export function leaveThreadsTheirLimits(): void {
  setFlagsFromString('--max-semi-space-size=0')
}

let trim: ((pad: number) => number) | undefined

function optional<F extends (pad: number) => number>(find: () => F): F | (() => number) {
  try {
    return find()
  } catch {
    return () => 0
  }
}
