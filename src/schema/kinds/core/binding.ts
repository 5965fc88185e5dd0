import { defineResource } from '../../define.ts'
import { mustHave } from '../../rules.ts'
import { jsonAt } from '../../json.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** Says on which machine a pod runs; sent, and never kept. */
export const binding = defineResource({
  group: '',
  kind: 'Binding',
  plural: 'bindings',
  shape: kubernetesShape('V1Binding'),
  verbs: ['create'],
  validate: object => mustHave(jsonAt(object, 'target'), 'name', 'target'),
  hasController: true,
})
