import { column, countColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, forbidden, invalid } from '../../field-error.ts'
import { changeObject, changePart, fill } from '../../fill.ts'
import { jsonAt, type JsonObject, numberAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { notNegative, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { podTemplateDefaults } from '../pods/defaults.ts'
import { templateColumns } from '../pods/template-columns.ts'
import { countOrPercentErrors, workloadErrors } from '../pods/workload.ts'

/** As many pods of one template as wanted, replaced step by step when it changes. */
export const deployment = defineResource({
  group: 'apps',
  kind: 'Deployment',
  plural: 'deployments',
  shortNames: ['deploy'],
  categories: ['all'],
  shape: kubernetesShape('V1Deployment'),
  hasStatus: true,
  scale: { replicas: ['spec', 'replicas'], status: ['status', 'replicas'], selector: ['spec', 'selector'] },
  columns: [
    column('Ready', readyText),
    countColumn('Up-to-date', 'status.updatedReplicas'),
    countColumn('Available', 'status.availableReplicas'),
    ...templateColumns(),
  ],
  defaults: object => changePart(object, 'spec', specDefaults),
  validate: (object, old) => [...workloadErrors(object, old), ...strategyErrors(object)],
})

function readyText(object: KubeObject): string {
  return `${numberAt(object, 'status', 'readyReplicas') ?? 0}/${numberAt(object, 'spec', 'replicas') ?? 0}`
}

function specDefaults(spec: JsonObject): JsonObject {
  const filled = fill(spec, { replicas: 1, strategy: {}, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })
  const planned = changeObject(filled, 'strategy', strategyDefaults)
  return changeObject(planned, 'template', podTemplateDefaults)
}

function strategyDefaults(strategy: JsonObject): JsonObject {
  const typed = fill(strategy, { type: 'RollingUpdate' })
  if (typed['type'] !== 'RollingUpdate') return typed
  const rolling = fill(typed, { rollingUpdate: {} })
  return changeObject(rolling, 'rollingUpdate', value => fill(value, { maxUnavailable: '25%', maxSurge: '25%' }))
}

function strategyErrors(object: KubeObject): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const strategy = jsonAt(spec, 'strategy')
  const rolling = jsonAt(strategy, 'rollingUpdate')
  const field = 'spec.strategy.rollingUpdate'
  const [ready, deadline] = [numberAt(spec, 'minReadySeconds') ?? 0, numberAt(spec, 'progressDeadlineSeconds')]
  const errors = [
    ...oneOf(strategy, 'type', ['Recreate', 'RollingUpdate'], 'spec.strategy'),
    ...notNegative(spec, ['progressDeadlineSeconds'], 'spec'),
    ...countOrPercentErrors(rolling, 'maxUnavailable', field),
    ...countOrPercentErrors(rolling, 'maxSurge', field),
  ]
  if (jsonAt(strategy, 'type') === 'Recreate' && rolling !== undefined) {
    errors.push(forbidden(field, "may not be specified when strategy `type` is 'Recreate'"))
  }
  if (isNone(jsonAt(rolling, 'maxUnavailable')) && isNone(jsonAt(rolling, 'maxSurge'))) {
    errors.push(
      invalid(`${field}.maxUnavailable`, jsonAt(rolling, 'maxUnavailable'), 'may not be 0 when `maxSurge` is 0'),
    )
  }
  if (deadline !== undefined && deadline <= ready) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'))
  }
  return errors
}

function isNone(value: unknown): boolean {
  return value === 0 || value === '0%'
}
