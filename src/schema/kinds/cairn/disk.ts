import { at, column, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { jsonAt } from '../../json.ts'
import { subdomainProblem } from '../../names.ts'
import { immutable, mustHave, named } from '../../rules.ts'
import { amount, conditions, integer, list, needed, ownKind, ownPart, part, text, time } from '../../shapes/own.ts'
import { amountErrors } from '../pods/resource-rules.ts'
import { bytesColumn } from './amounts.ts'

const spec = ownPart('dev.cairn.Disk.Spec', 'What the disk gives.', {
  nodeName: needed(text('The machine that the disk is in. Fixed once it is made.')),
  path: needed(text('The folder on that machine that Cairn may use, as an absolute path. Fixed once it is made.')),
  size: amount('How much of the disk Cairn may use; without it, all but what keeps the machine well.'),
  pools: list({ kind: 'string' }, 'The pools whose chunks it may hold; all when this is left out.'),
})

const status = ownPart('dev.cairn.Disk.Status', 'What the disk holds, and how it is.', {
  phase: text(
    'Ready, Full, Draining while it is emptied, Missing when it cannot be found, or Failing when it answers wrongly.',
  ),
  id: text('What the disk is known by, wherever it is moved.'),
  bytesUsed: amount('What Cairn takes on it.'),
  bytesFree: amount('What Cairn may still take.'),
  chunks: integer('How many chunks it holds.'),
  lastScrubTime: time('When all of it was last read and found right.'),
  message: text('Why it is as it is, for people.'),
  observedGeneration: integer('The generation of the object that this status is of.'),
  conditions,
})

/** A folder of a machine that chunks are kept in. */
export const disk = defineResource({
  group: 'cairn.dev',
  kind: 'Disk',
  plural: 'disks',
  categories: ['cairn'],
  isNamespaced: false,
  hasStatus: true,
  shape: ownKind('dev.cairn.v1.Disk', 'A folder of a machine that chunks are kept in.', {
    spec: needed(part(spec, 'What the disk gives.')),
    status: part(status, 'What the disk holds, and how it is; written by its machine.'),
  }),
  columns: [
    column('Phase', at('status.phase')),
    column('Node', at('spec.nodeName')),
    column('Chunks', at('status.chunks'), { type: 'integer' }),
    bytesColumn('Used', 'status.bytesUsed'),
    bytesColumn('Free', 'status.bytesFree'),
    wideColumn('Path', at('spec.path')),
  ],
  validate: (object, old) => [
    ...mustHave(jsonAt(object, 'spec'), 'nodeName', 'spec'),
    ...mustHave(jsonAt(object, 'spec'), 'path', 'spec'),
    ...named(jsonAt(object, 'spec'), 'nodeName', subdomainProblem, 'spec'),
    ...named(
      jsonAt(object, 'spec'),
      'path',
      path => (path.startsWith('/') ? undefined : 'must be an absolute path'),
      'spec',
    ),
    ...amountErrors({ size: jsonAt(object, 'spec', 'size') }, 'spec'),
    ...immutable(jsonAt(object, 'spec'), jsonAt(old, 'spec'), ['nodeName', 'path'], 'spec'),
  ],
  hasController: true,
})
