import { atOrNone, column, wideColumn } from '../../columns.ts'
import { defineResource, textFields } from '../../define.ts'
import { forbidden } from '../../field-error.ts'
import { changePart, fillPart } from '../../fill.ts'
import { jsonAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { ownPodSpecDefaults } from '../pods/defaults.ts'
import { gatesText, podSummary } from '../pods/pod-status.ts'
import { podUpdateErrors } from '../pods/pod-update.ts'
import { qualityOf } from '../pods/quality.ts'
import { podSpecErrors } from '../pods/spec-rules.ts'

/** Containers that run together on one machine. */
export const pod = defineResource({
  group: '',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  shape: kubernetesShape('V1Pod'),
  hasStatus: true,
  subresources: [
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    {
      name: 'ephemeralcontainers',
      kind: 'Pod',
      verbs: ['get', 'patch', 'update'],
      write: (old, sent) => withSpec(old, 'ephemeralContainers', sent),
    },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
  ],
  columns: [
    column('Ready', (object, nowMs) => podSummary(object, nowMs).ready, {
      description: 'Containers that are ready, of all.',
    }),
    column('Status', (object, nowMs) => podSummary(object, nowMs).status, {
      description: 'What the pod does, or why it does not.',
    }),
    column('Restarts', (object, nowMs) => podSummary(object, nowMs).restarts, {
      description: 'How often containers have been started again.',
    }),
    wideColumn('IP', atOrNone('status.podIP')),
    wideColumn('Node', atOrNone('spec.nodeName')),
    wideColumn('Nominated Node', atOrNone('status.nominatedNodeName')),
    wideColumn('Readiness Gates', gatesText),
  ],
  defaults: object => {
    const filled = changePart(object, 'spec', ownPodSpecDefaults)
    return fillPart(filled, 'status', { phase: 'Pending', qosClass: qualityOf(filled['spec']) })
  },
  validate: (object, old) => [
    ...podSpecErrors(object['spec'], 'spec'),
    ...podUpdateErrors(object, old),
    ...(old === undefined && jsonAt(object, 'spec', 'ephemeralContainers') !== undefined
      ? [forbidden('spec.ephemeralContainers', 'cannot be set on create')]
      : []),
  ],
  selectableFields: {
    ...textFields(
      'spec.nodeName',
      'spec.restartPolicy',
      'spec.schedulerName',
      'spec.serviceAccountName',
      'status.nominatedNodeName',
      'status.phase',
      'status.podIP',
    ),
    'spec.hostNetwork': object => String(jsonAt(object, 'spec', 'hostNetwork') === true),
    'status.podIPs': object => textAt(object, 'status', 'podIP') ?? '',
  },
})

function withSpec(old: KubeObject, name: string, sent: KubeObject): KubeObject {
  return changePart(old, 'spec', spec => ({ ...spec, [name]: jsonAt(sent, 'spec', name) }))
}
