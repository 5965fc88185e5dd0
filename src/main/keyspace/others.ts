import { isFault, type World } from '#base'
import type { Keyspace } from '#keyspace'
import { mainFault } from '../faults.ts'
import { SERVERS_GO_MS, SERVERS_LOOK_MS } from '../limits.ts'
import type { KeyspaceChoice } from './choice.ts'

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

/**
 * Resolves when no server works on a keyspace that all of them were told to leave. On this machine's disk it is alone: what is there of
 * others came with a move. Faults: AlreadyRunning, when one stays.
 */
export async function untilAlone(
  { keyspace, choice }: { readonly keyspace: Keyspace; readonly choice: KeyspaceChoice },
  { clock }: Pick<World, 'clock'>,
  signal: AbortSignal,
): Promise<void> {
  if (choice.kind === 'embedded') return
  const lateMs = clock.monotonicMs() + SERVERS_GO_MS
  for (;;) {
    try {
      return await refuseOthers(keyspace, undefined, signal)
    } catch (error) {
      if (!isFault(error, 'AlreadyRunning') || clock.monotonicMs() > lateMs) throw error
    }
    await clock.sleep(SERVERS_LOOK_MS, signal)
  }
}
