import { at, column } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { labelProblem } from '../../names.ts'
import { immutable, mustHave, named } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** What runs the containers of a pod. */
export const runtimeClass = defineResource({
  group: 'node.k8s.io',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  isNamespaced: false,
  shape: kubernetesShape('V1RuntimeClass'),
  columns: [column('Handler', at('handler'))],
  validate: (object, old) => [
    ...mustHave(object, 'handler', ''),
    ...named(object, 'handler', labelProblem, ''),
    ...immutable(object, old, ['handler'], ''),
  ],
})
