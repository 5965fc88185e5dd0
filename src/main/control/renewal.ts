import { type World, whyOf } from '#base'
import { RENEW_LOOK_MS } from '../limits.ts'

/** Looks every hour whether certificates are due, until disposed. What fails is told, and tried again at the next look. */
export function renewing(world: World, renew: () => Promise<void>): AsyncDisposable {
  const closing = new AbortController()
  const run = async (): Promise<void> => {
    for (;;) {
      await world.clock.sleep(RENEW_LOOK_MS, closing.signal)
      await renew().catch((error: unknown) => {
        world.log.warn('a certificate could not be renewed', { error: whyOf(error) })
      })
    }
  }
  const running = run().catch((error: unknown) => {
    if (!closing.signal.aborted) throw error
  })
  return {
    async [Symbol.asyncDispose]() {
      closing.abort()
      await running
    },
  }
}
