import { at, column, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { changePart, fill } from '../../fill.ts'
import { jsonAt } from '../../json.ts'
import { labelProblem } from '../../names.ts'
import { immutable, named, notNegative } from '../../rules.ts'
import { amount, conditions, integer, needed, ownKind, ownPart, part, text } from '../../shapes/own.ts'
import { amountErrors } from '../pods/container-rules.ts'

const spec = ownPart('dev.cairn.Filesystem.Spec', 'What the filesystem is to be.', {
  pool: text(
    'The pool that keeps the content of its files: how many copies there are, and on which disks. Fixed once it is made.',
  ),
  mountPath: text('Where every machine shows it, as an absolute path; machines show it nowhere when this is left out.'),
  bytesMax: amount('How many bytes of content it may hold, such as 500Gi; without it, as many as there is room for.'),
  inodesMax: integer('How many files and directories it may hold.'),
})

const status = ownPart('dev.cairn.Filesystem.Status', 'What the filesystem is.', {
  phase: text('Pending until it can be used, then Ready; Failed when it could not be made; Deleting on its way out.'),
  id: text('What the filesystem is known by in the pool, whatever its name.'),
  home: text('The machine that orders its changes and answers all others.'),
  bytesUsed: amount('The bytes of content it holds now.'),
  inodesUsed: integer('How many files and directories it holds now.'),
  message: text('Why it is as it is, for people.'),
  observedGeneration: integer('The generation of the object that this status is of.'),
  conditions,
})

const DESCRIPTION =
  'Files and directories that every machine sees, kept in a pool. Deleting it waits while it is mounted, or has files or ' +
  'snapshots; with the annotation cairn.dev/delete-files=true its files and snapshots are deleted with it, for good. The ' +
  'filesystem home stays: its object comes back.'

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
    spec: needed(part(spec, 'What the filesystem is to be.')),
    status: part(status, 'What the filesystem is; written by the controller of filesystems.'),
  }),
  columns: [
    column('Phase', at('status.phase')),
    column('Pool', at('spec.pool')),
    column('Used', at('status.bytesUsed')),
    column('Home', at('status.home')),
    wideColumn('Mount', at('spec.mountPath', '<none>')),
  ],
  defaults: object => changePart(object, 'spec', each => fill(each, { pool: 'default' })),
  validate: (object, old) => [
    ...named(jsonAt(object, 'spec'), 'pool', labelProblem, 'spec'),
    ...named(jsonAt(object, 'spec'), 'mountPath', pathProblem, 'spec'),
    ...amountErrors({ bytesMax: jsonAt(object, 'spec', 'bytesMax') }, 'spec'),
    ...notNegative(jsonAt(object, 'spec'), ['inodesMax'], 'spec'),
    ...immutable(jsonAt(object, 'spec'), jsonAt(old, 'spec'), ['pool'], 'spec'),
  ],
  hasController: true,
})

function pathProblem(path: string): string | undefined {
  const isPlain = path.startsWith('/') && !path.split('/').includes('..')
  return isPlain ? undefined : "must be an absolute path without '..'"
}
