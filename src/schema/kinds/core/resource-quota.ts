import { ageColumn, column, nameColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { isJsonObject, jsonAt, wordOf } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { quotaErrors } from './quota-rules.ts'

/** How much all objects of a namespace may use together. */
export const resourceQuota = defineResource({
  group: '',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  shape: kubernetesShape('V1ResourceQuota'),
  hasStatus: true,
  table: [
    nameColumn,
    ageColumn,
    column('Request', object => usedText(object, name => !name.startsWith('limits'))),
    column('Limit', object => usedText(object, name => name.startsWith('limits'))),
  ],
  validate: quotaErrors,
})

function usedText(object: KubeObject, isShown: (name: string) => boolean): string {
  const hard = jsonAt(object, 'status', 'hard')
  const names = isJsonObject(hard) ? Object.keys(hard).filter(isShown).sort() : []
  const used = (name: string) => wordOf(jsonAt(object, 'status', 'used', name) ?? '0')
  return names.map(name => `${name}: ${used(name)}/${wordOf(jsonAt(hard, name))}`).join(', ')
}
