import { column, nameColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { listAt } from '../../json.ts'
import { oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { amountErrors } from '../pods/container-rules.ts'
import { jsonAt } from '../../json.ts'

/** How much one object of a namespace may use, and what it gets when it does not say. */
export const limitRange = defineResource({
  group: '',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
  shape: kubernetesShape('V1LimitRange'),
  table: [nameColumn, column('Created At', object => object.metadata.creationTimestamp, { type: 'date' })],
  validate: object =>
    listAt(object, 'spec', 'limits').flatMap((limit, index) => {
      const field = `spec.limits[${index}]`
      return [
        ...oneOf(limit, 'type', ['Container', 'PersistentVolumeClaim', 'Pod'], field),
        ...['max', 'min', 'default', 'defaultRequest'].flatMap(name =>
          amountErrors(jsonAt(limit, name), `${field}.${name}`),
        ),
      ]
    }),
})
