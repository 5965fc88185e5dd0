import { column } from '../../columns.ts'
import { CLEANUP_FINALIZER, definitionDefaults } from '../../custom/definition.ts'
import { definitionErrors } from '../../custom/definition-errors.ts'
import { defineResource } from '../../define.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** A kind that people define: its names, its versions and what its objects may hold. */
export const customResourceDefinition = defineResource({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  isNamespaced: false,
  shape: kubernetesShape('V1CustomResourceDefinition'),
  hasStatus: true,
  table: [
    column('Name', object => object.metadata.name, { format: 'name' }),
    column('Created At', object => object.metadata.creationTimestamp, { type: 'date' }),
  ],
  defaults: (definition, old) => definitionDefaults(old === undefined ? withFinalizer(definition) : definition),
  validate: definitionErrors,
  hasController: true,
})

// Before anything can be made: whoever deletes the definition then deletes its objects first.
function withFinalizer(definition: KubeObject): KubeObject {
  const { finalizers = [] } = definition.metadata
  if (finalizers.includes(CLEANUP_FINALIZER)) return definition
  return { ...definition, metadata: { ...definition.metadata, finalizers: [...finalizers, CLEANUP_FINALIZER] } }
}
