import { column } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, forbidden, invalid } from '../../field-error.ts'
import { changeEach, changeObject, changePart, fill } from '../../fill.ts'
import { isSameJson, jsonAt, type JsonObject, numberAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { notNegative, oneOf, without } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { podTemplateDefaults } from '../pods/defaults.ts'
import { containerColumns } from '../pods/template-columns.ts'
import { workloadErrors } from '../pods/workload.ts'

/** Pods of one template that are told from each other: each keeps its name and its volumes. */
export const statefulSet = defineResource({
  group: 'apps',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  shortNames: ['sts'],
  categories: ['all'],
  shape: kubernetesShape('V1StatefulSet'),
  hasStatus: true,
  scale: { replicas: ['spec', 'replicas'], status: ['status', 'replicas'], selector: ['spec', 'selector'] },
  columns: [column('Ready', readyText), ...containerColumns(['spec', 'template'])],
  defaults: object => changePart(object, 'spec', specDefaults),
  validate: (object, old) => [
    ...workloadErrors(object, old).filter(({ field }) => old === undefined || field !== 'spec.selector'),
    ...planErrors(object),
    ...changeErrors(object, old),
  ],
})

function readyText(object: KubeObject): string {
  return `${numberAt(object, 'status', 'readyReplicas') ?? 0}/${numberAt(object, 'spec', 'replicas') ?? 0}`
}

function specDefaults(spec: JsonObject): JsonObject {
  const filled = fill(spec, {
    replicas: 1,
    podManagementPolicy: 'OrderedReady',
    revisionHistoryLimit: 10,
    updateStrategy: {},
    persistentVolumeClaimRetentionPolicy: {},
    serviceName: '',
  })
  const kept = changeObject(filled, 'persistentVolumeClaimRetentionPolicy', policy =>
    fill(policy, { whenDeleted: 'Retain', whenScaled: 'Retain' }),
  )
  const planned = changeObject(kept, 'updateStrategy', strategyDefaults)
  const claims = changeEach(planned, 'volumeClaimTemplates', claimDefaults)
  return changeObject(claims, 'template', podTemplateDefaults)
}

function strategyDefaults(strategy: JsonObject): JsonObject {
  const typed = fill(strategy, { type: 'RollingUpdate' })
  if (typed['type'] !== 'RollingUpdate') return typed
  return changeObject(fill(typed, { rollingUpdate: {} }), 'rollingUpdate', value => fill(value, { partition: 0 }))
}

function claimDefaults(claim: JsonObject): JsonObject {
  const filled = fill(claim, { apiVersion: 'v1', kind: 'PersistentVolumeClaim', status: { phase: 'Pending' } })
  return changeObject(filled, 'spec', spec => fill(spec, { volumeMode: 'Filesystem' }))
}

function planErrors(object: KubeObject): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const kept = jsonAt(spec, 'persistentVolumeClaimRetentionPolicy')
  const strategy = jsonAt(spec, 'updateStrategy')
  const rolling = jsonAt(strategy, 'rollingUpdate')
  const field = 'spec.persistentVolumeClaimRetentionPolicy'
  return [
    ...oneOf(spec, 'podManagementPolicy', ['OrderedReady', 'Parallel'], 'spec'),
    ...oneOf(jsonAt(spec, 'updateStrategy'), 'type', ['OnDelete', 'RollingUpdate'], 'spec.updateStrategy'),
    ...(textAt(strategy, 'type') === 'OnDelete' && rolling !== undefined
      ? [invalid('spec.updateStrategy.rollingUpdate', rolling, "only allowed for updateStrategy 'RollingUpdate'")]
      : []),
    ...notNegative(jsonAt(spec, 'updateStrategy', 'rollingUpdate'), ['partition'], 'spec.updateStrategy.rollingUpdate'),
    ...notNegative(jsonAt(spec, 'ordinals'), ['start'], 'spec.ordinals'),
    ...oneOf(kept, 'whenDeleted', ['Delete', 'Retain'], field),
    ...oneOf(kept, 'whenScaled', ['Delete', 'Retain'], field),
  ]
}

const MAY_CHANGE = [
  'replicas',
  'ordinals',
  'template',
  'updateStrategy',
  'revisionHistoryLimit',
  'persistentVolumeClaimRetentionPolicy',
  'minReadySeconds',
]

function changeErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const fixed = (each: KubeObject) => without(each['spec'], MAY_CHANGE)
  if (old === undefined || isSameJson(fixed(object), fixed(old))) return []
  const names = MAY_CHANGE.map(name => `'${name}'`)
  const words = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`
  return [forbidden('spec', `updates to statefulset spec for fields other than ${words} are forbidden`)]
}
