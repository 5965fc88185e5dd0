import { type Awaitable, isFault } from '#base'
import type { LocalKeyspace } from '#keyspace'

/** Runs a step that commits, again and again while the keyspace's index is too far behind. Aborting ends the wait. */
export async function patiently<Value>(
  keyspace: LocalKeyspace,
  step: () => Awaitable<Value>,
  signal: AbortSignal,
): Promise<Value> {
  for (;;) {
    try {
      return await step()
    } catch (error) {
      if (!isFault(error, 'Busy')) throw error
      // A transaction waits for the index; one that changes nothing only waits.
      await keyspace.txn({ then: [] }, signal)
    }
  }
}
