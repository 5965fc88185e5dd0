import { download, upload } from '../method.ts'
import { flag, integer, nothing, optional, type ShapeOf, shape, text, word } from '../shape.ts'

const PATH_MAX = 4096

/**
 * A keyspace as people name it: `embedded`, or `etcd=URL[,URL...]` with files in PEM, a user, the file with its password,
 * and what its keys begin with.
 */
export const keyspaceWords = shape({
  address: text(4096),
  authority: optional(text(PATH_MAX)),
  certificate: optional(text(PATH_MAX)),
  key: optional(text(PATH_MAX)),
  user: optional(text(256)),
  password: optional(text(PATH_MAX)),
  prefix: optional(text(256)),
})

/** See {@link keyspaceWords}. */
export type KeyspaceWords = ShapeOf<typeof keyspaceWords>

const fillingShape = shape({
  step: word('checking', 'copying', 'raising'),
  done: integer(),
  /** Of how many, or revisions left to raise. */
  all: integer(),
})

/** How far a copy of a keyspace is. */
export type FillingRow = ShapeOf<typeof fillingShape>

const backupShape = shape({ entries: integer(), entriesAll: integer(), leased: integer() })

/** How far a backup is; `leased` entries end by themselves and are left out. */
export type BackupRow = ShapeOf<typeof backupShape>

/** The bytes of a backup of the control plane's keyspace, in pieces. */
export const keyspaceBackup = download({
  name: 'keyspace.backup',
  version: 1,
  params: nothing,
  item: backupShape,
  result: nothing,
})

/** Moves the control plane to another keyspace, and starts it anew there. Answers how many entries were copied. */
export const keyspaceMigrate = download({
  name: 'keyspace.migrate',
  version: 1,
  params: shape({ to: keyspaceWords, isForced: flag }),
  item: fillingShape,
  result: shape({ entries: integer() }),
})

/**
 * Takes the bytes of a backup, in pieces; the control process then ends, and the next one restores it. Answers what
 * {@link keyspaceRestored} asks for.
 */
export const keyspaceRestore = upload({
  name: 'keyspace.restore',
  version: 1,
  params: shape({ isForced: flag }),
  item: nothing,
  result: shape({ token: text(64) }),
})

/** How far the restore of a backup is, and when it is done how many entries there are. */
export const keyspaceRestored = download({
  name: 'keyspace.restored',
  version: 1,
  params: shape({ token: text(64) }),
  item: fillingShape,
  result: shape({ entries: integer() }),
})
