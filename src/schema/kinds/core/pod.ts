import { atOrNone, column, wideColumn } from '../../columns.ts'
import { defineResource, textFields } from '../../define.ts'
import { type FieldError, forbidden, invalid } from '../../field-error.ts'
import { changePart, fillPart } from '../../fill.ts'
import { jsonAt, listAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { imageErrors } from '../pods/container-rules.ts'
import { ownPodSpecDefaults } from '../pods/defaults.ts'
import { ephemeralUpdateErrors, resizeErrors, withEphemeral, withResources } from '../pods/pod-parts.ts'
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
      write: withEphemeral,
      validate: (object, old) => [...ownErrors(object), ...ephemeralUpdateErrors(object, old)],
    },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    {
      name: 'resize',
      kind: 'Pod',
      verbs: ['get', 'patch', 'update'],
      write: withResources,
      validate: (object, old) => [...ownErrors(object), ...resizeErrors(object, old)],
    },
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
    ...ownErrors(object),
    ...podUpdateErrors(object, old),
    ...(old === undefined ? beginningErrors(object) : []),
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

function ownErrors(object: KubeObject): readonly FieldError[] {
  const at = 'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]'
  const cost = object.metadata.annotations?.['controller.kubernetes.io/pod-deletion-cost']
  const isCost = cost === undefined || (/^-?(?:0|[1-9][0-9]*)$/.test(cost) && Number(cost) === (Number(cost) | 0))
  return [
    ...podSpecErrors(object['spec'], 'spec'),
    ...imageErrors(object['spec']),
    ...(isCost ? [] : [invalid(at, cost, 'must be a 32bit integer')]),
  ]
}

function beginningErrors(object: KubeObject): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const isGated = listAt(spec, 'schedulingGates').length > 0 && (textAt(spec, 'nodeName') ?? '') !== ''
  const gated = 'cannot be set until all schedulingGates have been cleared'
  return [
    ...(listAt(spec, 'ephemeralContainers').length === 0
      ? []
      : [forbidden('spec.ephemeralContainers', 'cannot be set on create')]),
    ...(isGated ? [forbidden('spec.nodeName', gated)] : []),
  ]
}
