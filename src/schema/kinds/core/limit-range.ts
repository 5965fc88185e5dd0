import { column, nameColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { changeEach, changePart } from '../../fill.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { limitDefaults, limitErrors } from './limit-rules.ts'

/** How much one object of a namespace may use, and what it gets when it does not say. */
export const limitRange = defineResource({
  group: '',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  shape: kubernetesShape('V1LimitRange'),
  table: [nameColumn, column('Created At', object => object.metadata.creationTimestamp, { type: 'date' })],
  defaults: object => changePart(object, 'spec', spec => changeEach(spec, 'limits', limitDefaults)),
  validate: limitErrors,
})
