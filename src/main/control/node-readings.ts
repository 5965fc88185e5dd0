import { isFault, type World } from '#base'
import { askNodes } from '#cluster'
import type { NodeReading } from '#telemetry'
import { NODE_READINGS_MS } from '../limits.ts'
import type { DoorCall } from './storage-door.ts'

/** What machines have and use, as the storage process of this machine has heard in the last seconds; none while it is away. */
export async function nodeReadings(call: DoorCall, { clock }: Pick<World, 'clock'>): Promise<readonly NodeReading[]> {
  const over = new AbortController()
  const late = clock.sleep(NODE_READINGS_MS, over.signal).then(() => over.abort())
  late.catch(() => undefined)
  try {
    const { nodes } = await call(over.signal, client => askNodes(client, over.signal))
    return nodes.flatMap(({ name, load }) => (load === undefined ? [] : [{ name, ...load }]))
  } catch (error) {
    if (isFault(error) || over.signal.aborted) return []
    throw error
  } finally {
    over.abort()
  }
}
