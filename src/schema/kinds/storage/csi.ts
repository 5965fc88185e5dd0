import { at, column, listText, nameColumn } from '../../columns.ts'
import { defineResource, textFields } from '../../define.ts'
import { changePart, fill } from '../../fill.ts'
import { jsonAt, listAt, textsAt } from '../../json.ts'
import { immutable, mustHave, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'

const STORAGE = 'storage.k8s.io'

/** A volume that is, or is to be, attached to a machine. */
export const volumeAttachment = defineResource({
  group: STORAGE,
  kind: 'VolumeAttachment',
  plural: 'volumeattachments',
  isNamespaced: false,
  shape: kubernetesShape('V1VolumeAttachment'),
  hasStatus: true,
  columns: [
    column('Attacher', at('spec.attacher')),
    column('PV', at('spec.source.persistentVolumeName')),
    column('Node', at('spec.nodeName')),
    column('Attached', at('status.attached', false), { type: 'boolean' }),
  ],
  validate: (object, old) => [
    ...mustHave(jsonAt(object, 'spec'), 'attacher', 'spec'),
    ...mustHave(jsonAt(object, 'spec'), 'nodeName', 'spec'),
    ...immutable(object, old, ['spec'], ''),
  ],
})

/** A driver of volumes, and how it wants to be asked. */
export const csiDriver = defineResource({
  group: STORAGE,
  kind: 'CSIDriver',
  plural: 'csidrivers',
  isNamespaced: false,
  shape: kubernetesShape('V1CSIDriver'),
  columns: [
    column('AttachRequired', at('spec.attachRequired', true), { type: 'boolean' }),
    column('PodInfoOnMount', at('spec.podInfoOnMount', false), { type: 'boolean' }),
    column('StorageCapacity', at('spec.storageCapacity', false), { type: 'boolean' }),
    column('TokenRequests', object => listText(object, 'spec.tokenRequests', 'audience') || '<unset>'),
    column('RequiresRepublish', at('spec.requiresRepublish', false), { type: 'boolean' }),
    column('Modes', object => textsAt(object, 'spec', 'volumeLifecycleModes').join(',') || '<none>'),
  ],
  defaults: object =>
    changePart(object, 'spec', spec =>
      fill(spec, {
        attachRequired: true,
        podInfoOnMount: false,
        storageCapacity: false,
        fsGroupPolicy: 'ReadWriteOnceWithFSType',
        volumeLifecycleModes: ['Persistent'],
        requiresRepublish: false,
        seLinuxMount: false,
      }),
    ),
  validate: (object, old) => [
    ...oneOf(jsonAt(object, 'spec'), 'fsGroupPolicy', ['File', 'None', 'ReadWriteOnceWithFSType'], 'spec'),
    ...immutable(jsonAt(object, 'spec'), jsonAt(old, 'spec'), ['attachRequired', 'volumeLifecycleModes'], 'spec'),
  ],
})

/** The drivers of volumes that a machine has. */
export const csiNode = defineResource({
  group: STORAGE,
  kind: 'CSINode',
  plural: 'csinodes',
  isNamespaced: false,
  shape: kubernetesShape('V1CSINode'),
  columns: [column('Drivers', object => listAt(object, 'spec', 'drivers').length, { type: 'integer' })],
})

/** How much a driver can still give. */
export const csiStorageCapacity = defineResource({
  group: STORAGE,
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
  shape: kubernetesShape('V1CSIStorageCapacity'),
  table: [nameColumn, column('StorageClassName', at('storageClassName')), column('Capacity', at('capacity'))],
  validate: (object, old) => [
    ...mustHave(object, 'storageClassName', ''),
    ...immutable(object, old, ['nodeTopology', 'storageClassName'], ''),
  ],
  selectableFields: textFields('storageClassName'),
})
