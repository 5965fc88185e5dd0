import { at, column, countColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { invalid } from '../../field-error.ts'
import { jsonAt } from '../../json.ts'
import { oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { selectorErrors } from '../pods/selector.ts'
import { countOrPercentErrors } from '../pods/workload.ts'

/** How many pods may be taken away at once. */
export const podDisruptionBudget = defineResource({
  group: 'policy',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  shape: kubernetesShape('V1PodDisruptionBudget'),
  hasStatus: true,
  columns: [
    column('Min Available', at('spec.minAvailable', 'N/A')),
    column('Max Unavailable', at('spec.maxUnavailable', 'N/A')),
    countColumn('Allowed Disruptions', 'status.disruptionsAllowed'),
  ],
  validate: object => {
    const spec = jsonAt(object, 'spec')
    const isBoth = jsonAt(spec, 'minAvailable') !== undefined && jsonAt(spec, 'maxUnavailable') !== undefined
    return [
      ...(isBoth ? [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')] : []),
      ...countOrPercentErrors(spec, 'minAvailable', 'spec'),
      ...countOrPercentErrors(spec, 'maxUnavailable', 'spec'),
      ...oneOf(spec, 'unhealthyPodEvictionPolicy', ['AlwaysAllow', 'IfHealthyBudget'], 'spec'),
      ...selectorErrors(jsonAt(spec, 'selector'), 'spec.selector'),
    ]
  },
})
