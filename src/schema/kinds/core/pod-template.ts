import { column, labelsText, listText, nameColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { changePart } from '../../fill.ts'
import { jsonAt } from '../../json.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { podTemplateDefaults } from '../pods/defaults.ts'
import { templateErrors } from '../pods/workload.ts'

/** A pod to be made of, kept for later. */
export const podTemplate = defineResource({
  group: '',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  shape: kubernetesShape('V1PodTemplate'),
  table: [
    nameColumn,
    column('Containers', object => listText(object, 'template.spec.containers', 'name')),
    column('Images', object => listText(object, 'template.spec.containers', 'image')),
    column('Pod Labels', object => labelsText(jsonAt(object, 'template', 'metadata', 'labels'))),
  ],
  defaults: object => changePart(object, 'template', podTemplateDefaults),
  validate: object => templateErrors(jsonAt(object, 'template'), ['Always', 'OnFailure', 'Never'], 'template'),
})
