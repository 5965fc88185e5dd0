import { at, column } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { jsonAt } from '../../json.ts'
import { notNegative, positive } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** Who does what only one may do, and until when. */
export const lease = defineResource({
  group: 'coordination.k8s.io',
  kind: 'Lease',
  plural: 'leases',
  shape: kubernetesShape('V1Lease'),
  columns: [column('Holder', at('spec.holderIdentity'))],
  validate: object => [
    ...positive(jsonAt(object, 'spec'), ['leaseDurationSeconds'], 'spec'),
    ...notNegative(jsonAt(object, 'spec'), ['leaseTransitions'], 'spec'),
  ],
  hasController: true,
})
