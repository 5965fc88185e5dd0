import { column } from '../../columns.ts'
import { defineResource, textFields } from '../../define.ts'
import { changePart, fillPart } from '../../fill.ts'
import { type JsonObject, listAt, textAt } from '../../json.ts'
import { labelProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** A room for names. Its own label lets selectors find it by name. */
export const namespace = defineResource({
  group: '',
  kind: 'Namespace',
  plural: 'namespaces',
  shortNames: ['ns'],
  isNamespaced: false,
  shape: kubernetesShape('V1Namespace'),
  nameProblem: labelProblem,
  hasStatus: true,
  columns: [
    column('Status', object => textAt(object, 'status', 'phase') ?? '', { description: 'Active or Terminating.' }),
  ],
  subresources: [
    {
      name: 'finalize',
      kind: 'Namespace',
      verbs: ['update'],
      write: (old, sent) => changePart(fillPart(old, 'spec', {}), 'spec', spec => withFinalizers(spec, sent)),
    },
  ],
  defaults: object => {
    const labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name }
    const labelled = { ...object, metadata: { ...object.metadata, labels } }
    return fillPart(fillPart(labelled, 'spec', { finalizers: ['kubernetes'] }), 'status', { phase: 'Active' })
  },
  selectableFields: textFields('status.phase'),
  hasController: true,
})

function withFinalizers(spec: JsonObject, sent: KubeObject): JsonObject {
  return { ...spec, finalizers: listAt(sent, 'spec', 'finalizers') }
}
