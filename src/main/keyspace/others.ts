import type { Keyspace } from '#keyspace'
import { mainFault } from '../faults.ts'

/** `/identity/servers/NAME` -> what a server of a cloud says of itself, on a lease, while it lives. */
const SERVERS_PREFIX = '/identity/servers/'

/**
 * Refuses a keyspace that servers other than `own` work on: what they write after it was filled or copied would be lost.
 * Faults: AlreadyRunning, which names them.
 */
export async function refuseOthers(keyspace: Keyspace, own: string | undefined, signal: AbortSignal): Promise<void> {
  const keys = { kind: 'prefix', prefix: SERVERS_PREFIX } as const
  const { entries } = await keyspace.range({ keys, want: 'keys' }, signal)
  const others = entries
    .filter(({ lease, key }) => lease !== undefined && key !== `${SERVERS_PREFIX}${own ?? ''}`)
    .map(({ key }) => key.slice(SERVERS_PREFIX.length))
  if (others.length === 0) return
  throw mainFault('AlreadyRunning', `other servers work on this keyspace: ${others.join(', ')}`, {
    hint: 'Stop them first: cairn down. One that was killed counts for 20 s more.',
  })
}
