import { ageColumn, at, column, nameColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { fill } from '../../fill.ts'
import { forbidden } from '../../field-error.ts'
import { numberAt } from '../../json.ts'
import { immutable, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

const VALUE_MAX = 1_000_000_000
const SYSTEM: ReadonlySet<string> = new Set(['system-cluster-critical', 'system-node-critical'])

/** Which pods go before others. */
export const priorityClass = defineResource({
  group: 'scheduling.k8s.io',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  isNamespaced: false,
  shape: kubernetesShape('V1PriorityClass'),
  table: [
    nameColumn,
    column('Value', at('value', 0), { type: 'integer' }),
    column('Global-Default', at('globalDefault', false), { type: 'boolean' }),
    ageColumn,
    column('PreemptionPolicy', at('preemptionPolicy')),
  ],
  defaults: object => ({ ...object, ...fill(object, { preemptionPolicy: 'PreemptLowerPriority' }) }),
  validate: (object, old) => [
    ...(object.metadata.name.startsWith('system-') && !SYSTEM.has(object.metadata.name)
      ? [forbidden('metadata.name', "priority class names with 'system-' prefix are reserved for system use only")]
      : []),
    ...((numberAt(object, 'value') ?? 0) > VALUE_MAX && !SYSTEM.has(object.metadata.name)
      ? [forbidden('value', `maximum allowed value of a user defined priority is ${VALUE_MAX}`)]
      : []),
    ...oneOf(object, 'preemptionPolicy', ['Never', 'PreemptLowerPriority'], ''),
    ...immutable(object, old, ['value', 'preemptionPolicy'], ''),
  ],
})
