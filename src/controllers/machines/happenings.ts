import { type JsonObject, type KubeObject, listAt, textAt } from '#schema'
import type { Happening } from '../events/plan.ts'

/** What people should know of a change of a Node's status: that its machine came, went, came back, or is unwell. */
export function happenings(node: KubeObject, status: JsonObject): readonly Omit<Happening, 'object'>[] {
  const found: Omit<Happening, 'object'>[] = []
  const [was, is] = [conditionIn(node['status'], 'Ready'), conditionIn(status, 'Ready')]
  const { name } = node.metadata
  if (is?.status === 'Unknown' && was?.status === 'True') {
    found.push({ type: 'Warning', reason: 'Offline', message: `the machine ${name}: ${is.message}` })
  }
  if (is?.status === 'True' && was?.status === 'Unknown') {
    found.push({ type: 'Normal', reason: 'Online', message: `the machine ${name} is heard again` })
  }
  if (is?.status === 'True' && was === undefined) {
    found.push({ type: 'Normal', reason: 'Online', message: `the machine ${name} is in the cloud` })
  }
  const [well, unwell] = [conditionIn(node['status'], 'Degraded'), conditionIn(status, 'Degraded')]
  if (unwell?.status === 'True' && unwell.message !== well?.message) {
    found.push({ type: 'Warning', reason: unwell.reason, message: `the machine ${name}: ${unwell.message}` })
  }
  return found
}

function conditionIn(status: KubeObject['status'], type: string) {
  const found = listAt(status, 'conditions').find(each => textAt(each, 'type') === type)
  if (found === undefined) return undefined
  const of = (name: string) => textAt(found, name) ?? ''
  return { status: of('status'), reason: of('reason'), message: of('message') }
}
