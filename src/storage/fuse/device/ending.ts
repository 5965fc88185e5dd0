import { readFileSync } from 'node:fs'

/**
 * True when a signal is about to end the thread: the kernel then has SIGKILL pending on every thread of the process,
 * whichever fatal signal it was (`complete_signal` in kernel/signal.c; `SigPnd` of proc_pid_status(5)). A signal with
 * a handler, such as a timer's, is not one of them.
 */
export function isEnding(pid: number): boolean {
  if (pid === 0) return false
  try {
    const pending = /^SigPnd:\t([0-9a-f]+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]
    return pending !== undefined && (BigInt(`0x${pending}`) & SIGKILL_BIT) !== 0n
  } catch {
    return false
  }
}

/** Looks now, and again every quarter of a second for as long as `look` answers true. The answer stops it. */
export function keepLooking(look: () => boolean): () => void {
  let timer: NodeJS.Timeout | undefined
  const once = (): void => {
    timer = look() ? setTimeout(once, LOOK_MS).unref() : undefined
  }
  once()
  return () => clearTimeout(timer)
}

const LOOK_MS = 250
const SIGKILL_BIT = 1n << 8n
