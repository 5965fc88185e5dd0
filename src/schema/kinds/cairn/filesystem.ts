import { at, column, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid } from '../../field-error.ts'
import { fillPart } from '../../fill.ts'
import { type Json, jsonAt } from '../../json.ts'
import { labelProblem } from '../../names.ts'
import { immutable, named, positive } from '../../rules.ts'
import { amount, conditions, flag, integer, list, ownKind, ownPart, part, text } from '../../shapes/own.ts'
import { bytesColumn, positiveAmount } from './amounts.ts'
import { DEFAULT_POOL, ONE_POOL } from './default-pool.ts'

const access = ownPart('dev.cairn.Filesystem.Access', 'Which machines may use the filesystem, and how.', {
  machines: list({ kind: 'string' }, 'Names of the machines that may use it; without it, all of the cloud.'),
  readOnly: list({ kind: 'string' }, 'Names of machines that may only read.'),
  rootSquash: flag(
    'Whether root of a machine that is no controller is nobody there (uid 65534), so that it may not do more than anybody; true without it.',
  ),
})

const spec = ownPart('dev.cairn.Filesystem.Spec', 'What the filesystem is to be.', {
  pool: text(
    'The pool that keeps the content of its files: how many copies there are, and on which disks. Fixed once it is made; there is only the pool default yet.',
  ),
  mountPath: text(
    'Where the machine it lives on shows it: an absolute path of a folder that is empty or not there yet, outside the data folder. Changing it moves the mount, taking it away unmounts, both when no program uses it; the condition Mounted tells how that went. Without it, it stays where cairn up or cairn fs mount has put it.',
  ),
  bytesMax: amount(
    'How many bytes of content it may hold, such as 500Gi; writes beyond that fail with EDQUOT, and df shows it as the size. It can be raised and lowered at any time, not below what it holds: then the limit before stays, and the condition Limited says so. Without it, as many as there is room for.',
  ),
  inodesMax: integer('How many files and directories it may hold; as bytesMax.'),
  access: part(
    access,
    'Which machines may use it, and how. Without it, as `cairn fs access` has said, or all of the cloud.',
  ),
})

const status = ownPart('dev.cairn.Filesystem.Status', 'What the filesystem is.', {
  phase: text('Pending until it can be used, then Ready; Failed when it could not be made; Deleting on its way out.'),
  id: text('What the filesystem is known by in the pool, whatever its name.'),
  home: text('The machine that orders its changes and answers all others.'),
  bytesUsed: amount('The bytes of content it holds, to one part in a hundred and a minute.'),
  inodesUsed: integer('How many files and directories it holds, as exactly.'),
  snapshots: integer('How many snapshots are kept of it.'),
  bytesMax: amount('The limit that spec.bytesMax has set.'),
  inodesMax: integer('The limit that spec.inodesMax has set.'),
  mountPath: text('Where spec.mountPath has put it, symlinks followed.'),
  message: text('Why it is as it is, for people.'),
  observedGeneration: integer('The generation of the object that this status is of.'),
  conditions,
})

const DESCRIPTION =
  'Files and directories that every machine sees, kept in a pool. One that has files or snapshots cannot be deleted, unless ' +
  'its annotation cairn.dev/delete-files is set to its own name: then they go with it, for good. Deleting unmounts it, and ' +
  'waits while a program uses the mount. The filesystem home stays.'

/** Files and directories in the pool, which every machine sees. */
export const filesystem = defineResource({
  group: 'cairn.dev',
  kind: 'Filesystem',
  plural: 'filesystems',
  shortNames: ['fs'],
  categories: ['cairn'],
  isNamespaced: false,
  nameProblem: labelProblem,
  hasStatus: true,
  shape: ownKind('dev.cairn.v1.Filesystem', DESCRIPTION, {
    spec: part(spec, 'What the filesystem is to be.'),
    status: part(status, 'What the filesystem is; written by the controller of filesystems.'),
  }),
  columns: [
    column('Phase', at('status.phase')),
    column('Pool', at('spec.pool')),
    bytesColumn('Used', 'status.bytesUsed'),
    bytesColumn('Max', 'spec.bytesMax', '<none>'),
    column('Files', at('status.inodesUsed'), { type: 'integer' }),
    column('Home', at('status.home')),
    wideColumn('Snapshots', at('status.snapshots')),
    wideColumn('Mount', at('spec.mountPath', '<none>')),
    wideColumn('Message', at('status.message')),
  ],
  defaults: object => fillPart(object, 'spec', { pool: DEFAULT_POOL }),
  validate: (object, old) => [
    // One of an earlier version keeps the pool it names.
    ...(old === undefined ? named(jsonAt(object, 'spec'), 'pool', poolProblem, 'spec') : []),
    ...named(jsonAt(object, 'spec'), 'mountPath', pathProblem, 'spec'),
    ...positiveAmount(jsonAt(object, 'spec'), 'bytesMax', 'spec'),
    ...positive(jsonAt(object, 'spec'), ['inodesMax'], 'spec'),
    ...tooMany(jsonAt(object, 'spec')),
    ...immutable(jsonAt(object, 'spec'), jsonAt(old, 'spec'), ['pool'], 'spec'),
  ],
  hasController: true,
})

function poolProblem(pool: string): string | undefined {
  return pool === DEFAULT_POOL ? undefined : `must be "${DEFAULT_POOL}": ${ONE_POOL}`
}

function pathProblem(path: string): string | undefined {
  if (path.length > PATH_MAX) return `must be no more than ${PATH_MAX} characters`
  const parts = path.split('/').slice(1)
  const isPlain = path.startsWith('/') && parts.every(part => part !== '' && part !== '.' && part !== '..')
  return isPlain && !path.includes('\0')
    ? undefined
    : 'must be an absolute path, such as /mnt/photos, as short as it can be'
}

// As many as one message to storage may name.
function tooMany(spec: Json | undefined): readonly FieldError[] {
  const lists = ['machines', 'readOnly'].map(field => [field, jsonAt(jsonAt(spec, 'access'), field)] as const)
  return lists.flatMap(([field, names]) =>
    Array.isArray(names) && names.length > ACCESS_MACHINES_MAX
      ? [invalid(`spec.access.${field}`, names.length, `must name at most ${ACCESS_MACHINES_MAX} machines`)]
      : [],
  )
}

const ACCESS_MACHINES_MAX = 256
const PATH_MAX = 1024
