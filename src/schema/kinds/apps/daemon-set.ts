import { column, countColumn, labelsText } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid } from '../../field-error.ts'
import { changeObject, changePart, fill } from '../../fill.ts'
import { type JsonObject, jsonAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { podTemplateDefaults } from '../pods/defaults.ts'
import { templateColumns } from '../pods/template-columns.ts'
import { countOrPercentErrors, workloadErrors } from '../pods/workload.ts'

/** One pod of a template on every machine that it fits. */
export const daemonSet = defineResource({
  group: 'apps',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  shortNames: ['ds'],
  categories: ['all'],
  shape: kubernetesShape('V1DaemonSet'),
  hasStatus: true,
  columns: [
    countColumn('Desired', 'status.desiredNumberScheduled'),
    countColumn('Current', 'status.currentNumberScheduled'),
    countColumn('Ready', 'status.numberReady'),
    countColumn('Up-to-date', 'status.updatedNumberScheduled'),
    countColumn('Available', 'status.numberAvailable'),
    column('Node Selector', object => labelsText(jsonAt(object, 'spec', 'template', 'spec', 'nodeSelector'))),
    ...templateColumns(),
  ],
  defaults: object => changePart(object, 'spec', specDefaults),
  validate: (object, old) => [...workloadErrors(object, old), ...strategyErrors(object)],
})

function specDefaults(spec: JsonObject): JsonObject {
  const filled = fill(spec, { updateStrategy: {}, revisionHistoryLimit: 10 })
  const planned = changeObject(filled, 'updateStrategy', strategy => {
    const typed = fill(strategy, { type: 'RollingUpdate' })
    if (typed['type'] !== 'RollingUpdate') return typed
    const rolling = fill(typed, { rollingUpdate: {} })
    return changeObject(rolling, 'rollingUpdate', value => fill(value, { maxUnavailable: 1, maxSurge: 0 }))
  })
  return changeObject(planned, 'template', podTemplateDefaults)
}

function strategyErrors(object: KubeObject): readonly FieldError[] {
  const strategy = jsonAt(object, 'spec', 'updateStrategy')
  const rolling = jsonAt(strategy, 'rollingUpdate')
  const field = 'spec.updateStrategy.rollingUpdate'
  const isStuck =
    [0, '0%'].some(none => none === jsonAt(rolling, 'maxUnavailable')) && jsonAt(rolling, 'maxSurge') === 0
  return [
    ...oneOf(strategy, 'type', ['OnDelete', 'RollingUpdate'], 'spec.updateStrategy'),
    ...countOrPercentErrors(rolling, 'maxUnavailable', field),
    ...countOrPercentErrors(rolling, 'maxSurge', field),
    ...(isStuck ? [invalid(`${field}.maxUnavailable`, 0, 'cannot be 0 when maxSurge is 0')] : []),
  ]
}
