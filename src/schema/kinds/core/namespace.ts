import { column } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { fill } from '../../fill.ts'
import { isJsonObject, textAt } from '../../json.ts'
import { labelProblem } from '../../names.ts'
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
  defaults: object => ({
    ...object,
    metadata: {
      ...object.metadata,
      labels: { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name },
    },
    spec: fill(isJsonObject(object['spec']) ? object['spec'] : {}, { finalizers: ['kubernetes'] }),
    status: fill(isJsonObject(object['status']) ? object['status'] : {}, { phase: 'Active' }),
  }),
  selectableFields: { 'status.phase': object => textAt(object, 'status', 'phase') ?? '' },
  hasController: true,
})
