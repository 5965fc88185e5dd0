import type { Fault, World } from '#base'
import { STORAGE_LOCK_RETRY_MS, STORAGE_LOCK_TIMEOUT_MS } from './limits.ts'

/** What a process takes before it opens its data. */
export interface ProcessLock {
  readonly file: string
  /** Resolves when the process is told to stop: it need not wait any more. */
  readonly stop: Promise<void>
  readonly fault: (message: string) => Fault
}

/**
 * Waits until the process before this one has let go: it may still be closing, and its data is free when its lock is.
 * Faults: the one given, when that takes too long or this process is told to stop.
 */
export async function waitForLock({ file, stop, fault }: ProcessLock, { clock, disk }: World): Promise<Disposable> {
  const stopped = new AbortController()
  void stop.then(() => stopped.abort(fault('told to stop before it was ready')))
  const endMs = clock.monotonicMs() + STORAGE_LOCK_TIMEOUT_MS
  for (;;) {
    const lock = disk.lock(file)
    if (lock !== undefined) return lock
    if (clock.monotonicMs() > endMs) throw fault(`another process still holds ${file}`)
    await clock.sleep(STORAGE_LOCK_RETRY_MS, stopped.signal)
  }
}
