import { at, column } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { changeObject, changePart, fill } from '../../fill.ts'
import { jsonAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { immutable, mustHave } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** Who serves ingresses. */
export const ingressClass = defineResource({
  group: 'networking.k8s.io',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  isNamespaced: false,
  shape: kubernetesShape('V1IngressClass'),
  columns: [column('Controller', at('spec.controller')), column('Parameters', parametersText)],
  defaults: object =>
    changePart(object, 'spec', spec => changeObject(spec, 'parameters', value => fill(value, { scope: 'Cluster' }))),
  validate: (object, old) => [
    ...mustHave(jsonAt(object, 'spec'), 'controller', 'spec'),
    ...immutable(jsonAt(object, 'spec'), jsonAt(old, 'spec'), ['controller'], 'spec'),
  ],
})

function parametersText(object: KubeObject): string {
  const parameters = jsonAt(object, 'spec', 'parameters')
  if (parameters === undefined) return '<none>'
  const group = textAt(parameters, 'apiGroup')
  const kind = `${textAt(parameters, 'kind') ?? ''}${group === undefined ? '' : `.${group}`}`
  return `${kind}/${textAt(parameters, 'name') ?? ''}`
}
