import { type Clock, orAborted } from '#base'
import { clientFault } from './faults.ts'

/**
 * Runs with a signal that aborts with `signal`, and with the fault Unreachable after `ms`. The timer ends with the run.
 */
export async function within<Value>(
  { clock, ms, what }: { readonly clock: Clock; readonly ms: number; readonly what: string },
  signal: AbortSignal,
  run: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  using deadline = openDeadline({ clock, ms, what }, signal)
  return await orAborted(run(deadline.signal), deadline.signal)
}

/** A signal that aborts with `signal`, and with the fault Unreachable after `ms`; until it is disposed. */
export function openDeadline(
  { clock, ms, what }: { readonly clock: Clock; readonly ms: number; readonly what: string },
  signal: AbortSignal,
): Disposable & { readonly signal: AbortSignal } {
  signal.throwIfAborted()
  const ended = new AbortController()
  const timer = new AbortController()
  const abort = (): void => ended.abort(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  clock.sleep(ms, timer.signal).then(
    () => ended.abort(clientFault('Unreachable', `${what}: no answer within ${ms / 1000} s`)),
    () => undefined,
  )
  return {
    signal: ended.signal,
    [Symbol.dispose]() {
      signal.removeEventListener('abort', abort)
      timer.abort(FORGOTTEN)
    },
  }
}

// Made once: every request ends by this, and an error costs more than the rest of it.
const FORGOTTEN = new Error('nobody waits any more')
