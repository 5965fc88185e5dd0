import { column } from '../../columns.ts'
import { compileDefinition } from '../../custom/compile.ts'
import { CLEANUP_FINALIZER, definitionDefaults } from '../../custom/definition.ts'
import { definitionErrors } from '../../custom/definition-errors.ts'
import { defineResource } from '../../define.ts'
import { withoutEmpty } from '../../empty.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'

const SHAPE = kubernetesShape('V1CustomResourceDefinition')

/** A kind that people define: its names, its versions and what its objects may hold. */
export const customResourceDefinition = defineResource({
  group: 'apiextensions.k8s.io',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  shortNames: ['crd', 'crds'],
  categories: ['api-extensions'],
  isNamespaced: false,
  shape: SHAPE,
  hasStatus: true,
  table: [
    column('Name', object => object.metadata.name, { format: 'name' }),
    column('Created At', object => object.metadata.creationTimestamp, { type: 'date' }),
  ],
  defaults: (definition, old) => definitionDefaults(old === undefined ? withFinalizer(definition) : definition),
  // The form in which they are checked.
  prepares: (definition, step) => compileDefinition(withoutEmpty(SHAPE, definition), step),
  validate: definitionErrors,
  hasController: true,
})

// Before anything can be made: whoever deletes the definition then deletes its objects first.
function withFinalizer(definition: KubeObject): KubeObject {
  const { finalizers = [] } = definition.metadata
  if (finalizers.includes(CLEANUP_FINALIZER)) return definition
  return { ...definition, metadata: { ...definition.metadata, finalizers: [...finalizers, CLEANUP_FINALIZER] } }
}
