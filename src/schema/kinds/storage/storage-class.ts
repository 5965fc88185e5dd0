import { at, ageColumn, column, nameColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { forbidden } from '../../field-error.ts'
import { fill } from '../../fill.ts'
import { isSameJson } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { mustHave, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

/** A kind of storage that claims may ask for. */
export const storageClass = defineResource({
  group: 'storage.k8s.io',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  isNamespaced: false,
  shape: kubernetesShape('V1StorageClass'),
  table: [
    { ...nameColumn, cell: object => `${object.metadata.name}${isDefault(object) ? ' (default)' : ''}` },
    column('Provisioner', at('provisioner')),
    column('ReclaimPolicy', at('reclaimPolicy', 'Delete')),
    column('VolumeBindingMode', at('volumeBindingMode', 'Immediate')),
    column('AllowVolumeExpansion', at('allowVolumeExpansion', false)),
    ageColumn,
  ],
  defaults: object => ({ ...object, ...fill(object, { reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' }) }),
  validate: (object, old) => [
    ...mustHave(object, 'provisioner', ''),
    ...oneOf(object, 'reclaimPolicy', ['Delete', 'Retain'], ''),
    ...oneOf(object, 'volumeBindingMode', ['Immediate', 'WaitForFirstConsumer'], ''),
    ...['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'].flatMap(name =>
      old === undefined || isSameJson(object[name], old[name])
        ? []
        : [forbidden(name, `updates to ${name} are forbidden.`)],
    ),
  ],
})

function isDefault({ metadata }: KubeObject): boolean {
  return metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true'
}
