import { type Clock, OVER } from '#base'

/** Waits for something, but no longer than `ms`. */
export async function forAWhile(awaited: Promise<void>, clock: Clock, ms: number): Promise<void> {
  const over = new AbortController()
  const late = clock.sleep(ms, over.signal).catch(() => undefined)
  await Promise.race([awaited, late])
  over.abort(OVER)
}
