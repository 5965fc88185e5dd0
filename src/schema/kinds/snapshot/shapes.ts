import { amount, flag, integer, needed, ownKind, ownPart, part, text, time, words } from '../../shapes/own.ts'
import { kubernetesShape } from '../../shapes/read.ts'

const GROUP = 'io.k8s.storage.snapshot'

const source = ownPart(`${GROUP}.VolumeSnapshot.Source`, 'What the snapshot is of: one of both.', {
  persistentVolumeClaimName: text('The claim whose volume is kept as it is now.'),
  volumeSnapshotContentName: text('A content that is there already.'),
})

const spec = ownPart(`${GROUP}.VolumeSnapshot.Spec`, 'What is wanted.', {
  source: needed(part(source, 'What the snapshot is of.')),
  volumeSnapshotClassName: text('Which class makes it; the default one when this is left out.'),
})

const problem = ownPart(`${GROUP}.VolumeSnapshot.Error`, 'What went wrong last.', {
  message: text('What went wrong, for people.'),
  time: time('When it went wrong.'),
})

const status = ownPart(`${GROUP}.VolumeSnapshot.Status`, 'What is there.', {
  boundVolumeSnapshotContentName: text('The content that holds the snapshot.'),
  creationTime: time('The moment whose data the snapshot has.'),
  readyToUse: flag('Whether volumes can be made of it.'),
  restoreSize: amount('The least size of a volume made of it.'),
  error: part(problem, 'What went wrong last.'),
  volumeGroupSnapshotName: text('The group snapshot that this is a part of.'),
})

/** The fields of a VolumeSnapshot (kubernetes-csi/external-snapshotter, snapshot.storage.k8s.io/v1). */
export const volumeSnapshotShape = ownKind(`${GROUP}.v1.VolumeSnapshot`, 'A volume as it was at one moment.', {
  spec: needed(part(spec, 'What is wanted.')),
  status: part(status, 'What is there.'),
})

/** The fields of a VolumeSnapshotClass. */
export const volumeSnapshotClassShape = ownKind(`${GROUP}.v1.VolumeSnapshotClass`, 'How snapshots are made.', {
  driver: needed(text('The driver that makes them.')),
  deletionPolicy: needed(text('Delete or Retain: what becomes of the data when the snapshot is deleted.')),
  parameters: words('What the driver is told beside.'),
})

const contentSource = ownPart(`${GROUP}.VolumeSnapshotContent.Source`, 'Where the data are: one of both.', {
  snapshotHandle: text('What the driver knows the snapshot by, when it was there before.'),
  volumeHandle: text('What the driver knows the volume by that a snapshot is to be made of.'),
})

const contentSpec = ownPart(`${GROUP}.VolumeSnapshotContent.Spec`, 'Whose data these are.', {
  deletionPolicy: needed(text('Delete or Retain: what becomes of the data when the snapshot is deleted.')),
  driver: needed(text('The driver that has the data.')),
  source: needed(part(contentSource, 'Where the data are.')),
  sourceVolumeMode: text('Filesystem or Block: what the volume was.'),
  volumeSnapshotClassName: text('The class that it was made by.'),
  volumeSnapshotRef: needed(part(kubernetesShape('V1ObjectReference'), 'The snapshot that this belongs to.')),
})

const contentStatus = ownPart(`${GROUP}.VolumeSnapshotContent.Status`, 'What is there.', {
  creationTime: integer('The moment whose data it has, in nanoseconds since 1970.'),
  readyToUse: flag('Whether volumes can be made of it.'),
  restoreSize: integer('The least size of a volume made of it, in bytes.'),
  snapshotHandle: text('What the driver knows the snapshot by.'),
  volumeGroupSnapshotHandle: text('What the driver knows the group by that this is a part of.'),
  error: part(problem, 'What went wrong last.'),
})

/** The fields of a VolumeSnapshotContent. */
export const volumeSnapshotContentShape = ownKind(`${GROUP}.v1.VolumeSnapshotContent`, 'The data of a snapshot.', {
  spec: needed(part(contentSpec, 'Whose data these are.')),
  status: part(contentStatus, 'What is there.'),
})
