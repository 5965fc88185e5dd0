import { countColumn, labelsText } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, forbidden, invalid, required } from '../../field-error.ts'
import { changeObject, changePart, fill } from '../../fill.ts'
import { isJsonObject, type JsonObject, jsonAt, numberAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { notNegative } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { podTemplateDefaults } from '../pods/defaults.ts'
import { selectorMatches } from '../pods/selector.ts'
import { templateColumns } from '../pods/template-columns.ts'
import { templateErrors } from '../pods/workload.ts'

/** What ReplicaSets were before there were deployments. */
export const replicationController = defineResource({
  group: '',
  kind: 'ReplicationController',
  plural: 'replicationcontrollers',
  shortNames: ['rc'],
  categories: ['all'],
  shape: kubernetesShape('V1ReplicationController'),
  hasStatus: true,
  scale: { replicas: ['spec', 'replicas'], status: ['status', 'replicas'], selector: ['spec', 'selector'] },
  columns: [
    countColumn('Desired', 'spec.replicas'),
    countColumn('Current', 'status.replicas'),
    countColumn('Ready', 'status.readyReplicas'),
    ...templateColumns(['spec', 'template'], spec => labelsText(jsonAt(spec, 'selector'))),
  ],
  defaults: object => changePart(object, 'spec', specDefaults),
  validate,
  selectableFields: { 'status.replicas': object => String(numberAt(object, 'status', 'replicas') ?? 0) },
})

function specDefaults(spec: JsonObject): JsonObject {
  const labels = jsonAt(spec, 'template', 'metadata', 'labels')
  const filled = fill(spec, { replicas: 1, ...(labels === undefined ? {} : { selector: labels }) })
  return changeObject(filled, 'template', podTemplateDefaults)
}

const DEADLINE = 'activeDeadlineSeconds in ReplicationController is not Supported'

function validate(object: KubeObject): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const selector = jsonAt(spec, 'selector')
  const labels = jsonAt(spec, 'template', 'metadata', 'labels')
  const isFound = selectorMatches({ matchLabels: selector }, isJsonObject(labels) ? labels : {})
  return [
    ...notNegative(spec, ['replicas', 'minReadySeconds'], 'spec'),
    ...(isJsonObject(selector) && Object.keys(selector).length > 0 ? [] : [required('spec.selector')]),
    ...(isFound
      ? []
      : [invalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`')]),
    ...templateErrors(jsonAt(spec, 'template'), ['Always'], 'spec.template'),
    ...(jsonAt(spec, 'template', 'spec', 'activeDeadlineSeconds') === undefined
      ? []
      : [forbidden('spec.template.spec.activeDeadlineSeconds', DEADLINE)]),
  ]
}
