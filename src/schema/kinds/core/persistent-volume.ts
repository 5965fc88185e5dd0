import { at, column, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, forbidden, required } from '../../field-error.ts'
import { changePart, fill, fillPart } from '../../fill.ts'
import { isJsonObject, isSameJson, jsonAt, textAt } from '../../json.ts'
import type { KubeObject } from '../../object.ts'
import { immutable, oneOf } from '../../rules.ts'
import { kubernetesShape } from '../../shapes/read.ts'
import { amountErrors } from '../pods/resource-rules.ts'
import { accessModeErrors, accessModesText } from './access-modes.ts'

/** A piece of storage that claims are bound to. */
export const persistentVolume = defineResource({
  group: '',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  isNamespaced: false,
  shape: kubernetesShape('V1PersistentVolume'),
  hasStatus: true,
  columns: [
    column('Capacity', at('spec.capacity.storage')),
    column('Access Modes', object => accessModesText(jsonAt(object, 'spec', 'accessModes'))),
    column('Reclaim Policy', at('spec.persistentVolumeReclaimPolicy')),
    column('Status', object => (isGoing(object) ? 'Terminating' : (textAt(object, 'status', 'phase') ?? ''))),
    column('Claim', claimText),
    column('StorageClass', at('spec.storageClassName')),
    column('VolumeAttributesClass', at('spec.volumeAttributesClassName', '<unset>')),
    column('Reason', at('status.reason')),
    wideColumn('VolumeMode', at('spec.volumeMode', '<unset>')),
  ],
  defaults: object => {
    const filled = changePart(object, 'spec', spec =>
      fill(spec, { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }),
    )
    return fillPart(filled, 'status', { phase: 'Pending' })
  },
  validate: (object, old) => [...specErrors(object), ...changeErrors(object, old)],
})

function isGoing({ metadata }: KubeObject): boolean {
  return metadata.deletionTimestamp !== undefined
}

function claimText(object: KubeObject): string {
  const claim = jsonAt(object, 'spec', 'claimRef')
  return claim === undefined ? '' : `${textAt(claim, 'namespace') ?? ''}/${textAt(claim, 'name') ?? ''}`
}

const NOT_SOURCES = new Set([
  'accessModes',
  'capacity',
  'claimRef',
  'mountOptions',
  'nodeAffinity',
  'persistentVolumeReclaimPolicy',
  'storageClassName',
  'volumeAttributesClassName',
  'volumeMode',
])

function sourcesOf(object: KubeObject): readonly string[] {
  const spec = jsonAt(object, 'spec')
  return isJsonObject(spec) ? Object.keys(spec).filter(name => !NOT_SOURCES.has(name)) : []
}

function specErrors(object: KubeObject): readonly FieldError[] {
  const spec = jsonAt(object, 'spec')
  const capacity = jsonAt(spec, 'capacity')
  const [first, ...others] = sourcesOf(object)
  return [
    ...accessModeErrors(jsonAt(spec, 'accessModes'), 'spec.accessModes'),
    ...(capacity === undefined ? [required('spec.capacity')] : amountErrors(capacity, 'spec.capacity')),
    ...oneOf(spec, 'persistentVolumeReclaimPolicy', ['Delete', 'Recycle', 'Retain'], 'spec'),
    ...oneOf(spec, 'volumeMode', ['Block', 'Filesystem'], 'spec'),
    ...(first === undefined ? [required('spec', 'must specify a volume type')] : []),
    ...others.map(name => forbidden(`spec.${name}`, 'may not specify more than 1 volume type')),
  ]
}

function changeErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  if (old === undefined) return []
  const changed = [...new Set([...sourcesOf(object), ...sourcesOf(old)])].some(
    name => !isSameJson(jsonAt(object, 'spec', name), jsonAt(old, 'spec', name)),
  )
  const rule = 'spec.persistentvolumesource is immutable after creation'
  return [
    ...(changed ? [forbidden('spec.persistentvolumesource', rule)] : []),
    ...immutable(jsonAt(object, 'spec'), jsonAt(old, 'spec'), ['volumeMode'], 'spec'),
  ]
}
