import type { Clock } from './world.ts'

/** A value that is there at once or later. Hot paths answer at once and skip the promise. */
export type Awaitable<Value> = Value | PromiseLike<Value>

/** True when the value is still to come. */
export function isLater<Value>(value: Awaitable<Value>): value is PromiseLike<Value> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}

/** Goes on with the value: at once when it is there, later when it is not. */
export function andThen<Value, Next>(
  value: Awaitable<Value>,
  next: (value: Value) => Awaitable<Next>,
): Awaitable<Next> {
  return isLater(value) ? value.then(next) : next(value)
}

/** What `work` comes to, or the signal's reason as soon as it aborts, whether or not the work heeds it. */
export async function orAborted<Value>(work: Promise<Value>, signal: AbortSignal): Promise<Value> {
  const { promise, reject } = Promise.withResolvers<never>()
  const abort = (): void => reject(signal.reason)
  if (signal.aborted) abort()
  signal.addEventListener('abort', abort, { once: true })
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}

/** Why an `AbortController` that only ends a wait is aborted, where nobody looks: without a reason each would make an error and its stack. */
export const OVER = new Error('it is over')

/** Waits for something, but no longer than `ms`; not at all for what is undefined. */
export function forAWhile(
  awaited: Promise<unknown> | undefined,
  clock: Pick<Clock, 'sleep'>,
  ms: number,
): Promise<void> | undefined {
  if (awaited === undefined) return undefined
  const over = new AbortController()
  const late = clock.sleep(ms, over.signal).catch(() => undefined)
  return Promise.race([awaited, late]).then(() => over.abort(OVER))
}
