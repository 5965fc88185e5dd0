import { whyOf } from '#base'
import type { StoreParts } from './parts.ts'

const START_AFTER_MS = 60_000
const STEP_BYTES = 512 * 1024
const STEP_PAUSE_MS = 100
const FULL_PAUSE_MS = 60_000

/**
 * Grows the ballast to its size, slowly and long after opening, so that nobody waits for it; what is missing still
 * counts as kept. Ends when aborted; a failing disk ends it too, and is told by the next write.
 */
export async function fillBallast({ space, world }: StoreParts, signal: AbortSignal): Promise<void> {
  try {
    await world.clock.sleep(START_AFTER_MS, signal)
    for (;;) await world.clock.sleep(space.growBallast(STEP_BYTES) ? STEP_PAUSE_MS : FULL_PAUSE_MS, signal)
  } catch (error) {
    if (!signal.aborted) world.log.warn('the ballast could not be written', { error: whyOf(error) })
  }
}
