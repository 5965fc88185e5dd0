import type { NodeRole } from '#identity'
import { jsonAt, MACHINE_FINALIZER, textAt } from '#schema'
import { askLocally, type LocalFetch, refusedLocally } from '../local-api.ts'

const NAME = 'system:cairn:joining'
const NODES = '/api/v1/nodes'

/** The UID of a machine's object; undefined when there is none, or somebody has removed it. Faults: ControlProcess. */
export async function uidOfNode(fetch: LocalFetch, name: string): Promise<string | undefined> {
  const answer = await askLocally(fetch, NAME, { method: 'GET', path: `${NODES}/${encodeURIComponent(name)}` })
  if (answer.status === 404) return undefined
  if (answer.status !== 200) throw refusedLocally(answer)
  const isGoing = jsonAt(answer.body, 'metadata', 'deletionTimestamp') !== undefined
  return isGoing ? undefined : textAt(answer.body, 'metadata', 'uid')
}

/** Makes the object of a machine; false when there is one of this name already. Faults: ControlProcess. */
export async function makeNode(fetch: LocalFetch, name: string, role: NodeRole): Promise<boolean> {
  const metadata = { name, labels: { 'cairn.dev/role': role }, finalizers: [MACHINE_FINALIZER] }
  const body = { apiVersion: 'v1', kind: 'Node', metadata }
  const answer = await askLocally(fetch, NAME, { method: 'POST', path: NODES, body })
  if (answer.status === 409) return false
  if (answer.status !== 201) throw refusedLocally(answer)
  return true
}

/** Takes the object of a machine away. Faults: ControlProcess. */
export async function removeNode(fetch: LocalFetch, name: string): Promise<void> {
  const answer = await askLocally(fetch, NAME, { method: 'DELETE', path: `${NODES}/${encodeURIComponent(name)}` })
  if (answer.status !== 200 && answer.status !== 404) throw refusedLocally(answer)
}
