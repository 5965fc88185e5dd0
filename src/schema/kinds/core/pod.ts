import { column, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { changeObject, fill } from '../../fill.ts'
import { isJsonObject, jsonAt, listAt, numberAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { podSpecDefaults } from '../pods/defaults.ts'
import { podSpecErrors } from '../pods/validate.ts'

/** Containers that run together on one machine. */
export const pod = defineResource({
  group: '',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  shape: kubernetesShape('V1Pod'),
  hasStatus: true,
  columns: [
    column('Ready', object => readyOf(object), { description: 'Containers that are ready, of all.' }),
    column('Status', object => phaseOf(object), { description: 'What the pod does, or why it does not.' }),
    column('Restarts', object => restartsOf(object), { description: 'How often containers have been started again.' }),
    wideColumn('IP', object => textAt(object, 'status', 'podIP') ?? '<none>'),
    wideColumn('Node', object => textAt(object, 'spec', 'nodeName') ?? '<none>'),
    wideColumn('Nominated Node', object => textAt(object, 'status', 'nominatedNodeName') ?? '<none>'),
    wideColumn('Readiness Gates', object => gatesOf(object)),
  ],
  defaults: object => ({
    ...object,
    ...changeObject({ spec: object['spec'] }, 'spec', spec =>
      podSpecDefaults(fill(spec, { enableServiceLinks: true })),
    ),
    status: fill(isJsonObject(object['status']) ? object['status'] : {}, { phase: 'Pending' }),
  }),
  validate: object => podSpecErrors(object['spec'], 'spec'),
  selectableFields: {
    'spec.nodeName': object => textAt(object, 'spec', 'nodeName') ?? '',
    'spec.restartPolicy': object => textAt(object, 'spec', 'restartPolicy') ?? '',
    'spec.schedulerName': object => textAt(object, 'spec', 'schedulerName') ?? '',
    'spec.serviceAccountName': object => textAt(object, 'spec', 'serviceAccountName') ?? '',
    'status.phase': object => textAt(object, 'status', 'phase') ?? '',
    'status.podIP': object => textAt(object, 'status', 'podIP') ?? '',
    'status.nominatedNodeName': object => textAt(object, 'status', 'nominatedNodeName') ?? '',
  },
})

function readyOf(object: KubeObject): string {
  const statuses = listAt(object, 'status', 'containerStatuses')
  const ready = statuses.filter(status => jsonAt(status, 'ready') === true).length
  return `${ready}/${listAt(object, 'spec', 'containers').length}`
}

function restartsOf(object: KubeObject): string {
  const statuses = listAt(object, 'status', 'containerStatuses')
  return String(statuses.reduce<number>((sum, status) => sum + (numberAt(status, 'restartCount') ?? 0), 0))
}

// The reason of a container says more than the phase of the pod.
function phaseOf(object: KubeObject): string {
  if (object.metadata.deletionTimestamp !== undefined) return 'Terminating'
  const reasons = listAt(object, 'status', 'containerStatuses').flatMap(status =>
    ['waiting', 'terminated'].flatMap(state => textAt(status, 'state', state, 'reason') ?? []),
  )
  return reasons.at(-1) ?? textAt(object, 'status', 'reason') ?? textAt(object, 'status', 'phase') ?? 'Unknown'
}

function gatesOf(object: KubeObject): string {
  const gates = listAt(object, 'spec', 'readinessGates').map(gate => textAt(gate, 'conditionType'))
  if (gates.length === 0) return '<none>'
  const isTrue = new Set(
    listAt(object, 'status', 'conditions')
      .filter(condition => textAt(condition, 'status') === 'True')
      .map(condition => textAt(condition, 'type')),
  )
  return `${gates.filter(gate => isTrue.has(gate)).length}/${gates.length}`
}
