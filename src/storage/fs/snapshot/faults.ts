import { defineFaults } from '#base'

/** What a person may do wrong with snapshots, and what may be wrong with a manifest. */
export const snapshotFault = defineFaults({
  /** The name is empty, too long, or cannot be a name below `/.snapshots`. */
  NameInvalid: { status: 422, retry: 'never' },
  /** A snapshot of this name exists. */
  SnapshotExists: { status: 409, retry: 'never' },
  /** There is no snapshot of this name. */
  SnapshotNotFound: { status: 404, retry: 'never' },
  /** There are as many snapshots as a filesystem may have. */
  TooManySnapshots: { status: 409, retry: 'never' },
  /** The path does not exist, in the snapshot or where it is to be restored to. */
  PathNotFound: { status: 404, retry: 'never' },
  /** Something is where the path is to be restored to. */
  PathExists: { status: 409, retry: 'never' },
  /** What was written before does not fit on the disk. */
  SnapshotIncomplete: { status: 507, retry: 'later' },
  /** What was written before could not be stored, such as on a failing disk. */
  NotStored: { status: 500, retry: 'later' },
  /** The filesystem refused a step of a restore, such as by quota. */
  RestoreRefused: { status: 409, retry: 'reread' },
  /** A manifest chunk is not of a form this version knows: made by a newer one, or damaged before it was stored. */
  ManifestInvalid: { status: 500, retry: 'never' },
})
