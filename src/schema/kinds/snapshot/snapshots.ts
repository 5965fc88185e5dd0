import { at, column, since } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid } from '../../field-error.ts'
import { type Json, isJsonObject, jsonAt } from '../../json.ts'
import { immutable, mustHave, oneOf } from '../../rules.ts'
import { volumeSnapshotClassShape, volumeSnapshotContentShape, volumeSnapshotShape } from './shapes.ts'

const SNAPSHOT = 'snapshot.storage.k8s.io'

/** A volume as it was at one moment. */
export const volumeSnapshot = defineResource({
  group: SNAPSHOT,
  kind: 'VolumeSnapshot',
  plural: 'volumesnapshots',
  shortNames: ['vs'],
  shape: volumeSnapshotShape,
  hasStatus: true,
  columns: [
    column('ReadyToUse', at('status.readyToUse', null), { type: 'boolean' }),
    column('SourcePVC', at('spec.source.persistentVolumeClaimName')),
    column('SourceSnapshotContent', at('spec.source.volumeSnapshotContentName')),
    column('RestoreSize', at('status.restoreSize')),
    column('SnapshotClass', at('spec.volumeSnapshotClassName')),
    column('SnapshotContent', at('status.boundVolumeSnapshotContentName')),
    column('CreationTime', since('status.creationTime', '')),
  ],
  validate: (object, old) => [
    ...exactlyOne(jsonAt(object, 'spec', 'source'), 'spec.source'),
    ...immutable(jsonAt(object, 'spec'), jsonAt(old, 'spec'), ['source'], 'spec'),
  ],
})

/** How snapshots are made. */
export const volumeSnapshotClass = defineResource({
  group: SNAPSHOT,
  kind: 'VolumeSnapshotClass',
  plural: 'volumesnapshotclasses',
  shortNames: ['vsclass', 'vsclasses'],
  isNamespaced: false,
  shape: volumeSnapshotClassShape,
  columns: [column('Driver', at('driver')), column('DeletionPolicy', at('deletionPolicy'))],
  validate: object => [...mustHave(object, 'driver', ''), ...oneOf(object, 'deletionPolicy', ['Delete', 'Retain'], '')],
})

/** The data of a snapshot. */
export const volumeSnapshotContent = defineResource({
  group: SNAPSHOT,
  kind: 'VolumeSnapshotContent',
  plural: 'volumesnapshotcontents',
  shortNames: ['vsc', 'vscs'],
  isNamespaced: false,
  shape: volumeSnapshotContentShape,
  hasStatus: true,
  columns: [
    column('ReadyToUse', at('status.readyToUse', null), { type: 'boolean' }),
    column('RestoreSize', at('status.restoreSize', null), { type: 'integer' }),
    column('DeletionPolicy', at('spec.deletionPolicy')),
    column('Driver', at('spec.driver')),
    column('VolumeSnapshotClass', at('spec.volumeSnapshotClassName')),
    column('VolumeSnapshot', at('spec.volumeSnapshotRef.name')),
    column('VolumeSnapshotNamespace', at('spec.volumeSnapshotRef.namespace')),
  ],
  validate: (object, old) => [
    ...exactlyOne(jsonAt(object, 'spec', 'source'), 'spec.source'),
    ...oneOf(jsonAt(object, 'spec'), 'deletionPolicy', ['Delete', 'Retain'], 'spec'),
    ...immutable(jsonAt(object, 'spec'), jsonAt(old, 'spec'), ['source', 'sourceVolumeMode'], 'spec'),
  ],
})

function exactlyOne(source: Json | undefined, field: string): readonly FieldError[] {
  const names = isJsonObject(source) ? Object.keys(source) : []
  return names.length === 1 ? [] : [invalid(field, source, 'exactly one source must be set')]
}
