import { isFault } from '#base'
import type { Keyspace } from '#keyspace'
import type { CheckRow } from '#rpc'
import { KEYSPACE_CHECK_MS } from '../limits.ts'

/** Whether the keyspace of a control plane answers, and what keeps it from working as it should. */
export async function keyspaceCheck(keyspace: Keyspace, signal: AbortSignal): Promise<CheckRow> {
  const name = 'keyspace'
  try {
    const soon = AbortSignal.any([signal, AbortSignal.timeout(KEYSPACE_CHECK_MS)])
    const { revision, keys, troubles = [] } = await keyspace.status(soon)
    if (troubles.length === 0) return { name, state: 'ok', detail: `${keys} keys at revision ${revision}` }
    const detail = troubles.map(({ what }) => what).join('; ')
    return { name, state: 'fail', detail, remedy: troubles.map(({ remedy }) => remedy).join('; ') }
  } catch (error) {
    if (isFault(error)) return { name, state: 'fail', detail: error.message, remedy: error.hint }
    if (signal.aborted) throw error
    return { name, state: 'fail', detail: 'it does not answer', remedy: 'Check that etcd runs and has a quorum.' }
  }
}
