import { countColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { changeObject, changePart, fill } from '../../fill.ts'
import { numberAt } from '../../json.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { podTemplateDefaults } from '../pods/defaults.ts'
import { templateColumns } from '../pods/template-columns.ts'
import { workloadErrors } from '../pods/workload.ts'

/** As many pods of one template as wanted. */
export const replicaSet = defineResource({
  group: 'apps',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  shortNames: ['rs'],
  categories: ['all'],
  shape: kubernetesShape('V1ReplicaSet'),
  hasStatus: true,
  scale: { replicas: ['spec', 'replicas'], status: ['status', 'replicas'], selector: ['spec', 'selector'] },
  columns: [
    countColumn('Desired', 'spec.replicas'),
    countColumn('Current', 'status.replicas'),
    countColumn('Ready', 'status.readyReplicas'),
    ...templateColumns(),
  ],
  defaults: object =>
    changePart(object, 'spec', spec => changeObject(fill(spec, { replicas: 1 }), 'template', podTemplateDefaults)),
  validate: workloadErrors,
  selectableFields: { 'status.replicas': object => String(numberAt(object, 'status', 'replicas') ?? 0) },
})
