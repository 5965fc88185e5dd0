import { column } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { listAt } from '../../json.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** Who a program is. */
export const serviceAccount = defineResource({
  group: '',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  shape: kubernetesShape('V1ServiceAccount'),
  subresources: [
    { name: 'token', kind: 'TokenRequest', group: 'authentication.k8s.io', version: 'v1', verbs: ['create'] },
  ],
  columns: [column('Secrets', object => listAt(object, 'secrets').length, { type: 'integer' })],
  hasController: true,
})
