import { at, column, wideColumn } from '../../columns.ts'
import { defineResource } from '../../define.ts'
import { type FieldError, invalid } from '../../field-error.ts'
import { changePart, fill } from '../../fill.ts'
import { type JsonObject, jsonAt, numberAt } from '../../json.ts'
import { labelProblem } from '../../names.ts'
import type { KubeObject } from '../../object.ts'
import { immutable, oneOf, positive } from '../../rules.ts'
import { amount, conditions, flag, integer, needed, ownKind, ownPart, part, text } from '../../shapes/own.ts'
import { bytesColumn } from './amounts.ts'
import { DEFAULT_POOL, ONE_POOL } from './default-pool.ts'

const spec = ownPart('dev.cairn.Pool.Spec', 'How the pool keeps what is put into it.', {
  replicas: integer(
    'On how many machines every chunk is wanted, up to 16. Left out: 2, or 1 while there is one machine.',
  ),
  minReplicas: integer(
    'On how many machines a chunk must be before a write is acknowledged as durable; at most replicas. Left out: 2 from three machines on, else 1.',
  ),
  placement: text('How machines are chosen: weighted (by what they offer), roundRobin, or all.'),
  encrypted: flag(
    'Whether chunks are sealed before they leave the machine that wrote them. Fixed once the pool is made.',
  ),
  chunkBytes: integer('The size of the chunks that files are cut into. Fixed once the pool is made.'),
})

const status = ownPart('dev.cairn.Pool.Status', 'What the pool holds.', {
  phase: text('Ready, or Degraded while some chunks have fewer copies than wanted.'),
  chunks: integer('How many chunks it holds.'),
  bytesUsed: amount('What those chunks take on the disks.'),
  bytesFree: amount('What may still be put into it.'),
  replicas: integer('How many copies are wanted as things are: what spec says, or what that leaves open comes to.'),
  minReplicas: integer('How many copies are needed as things are.'),
  missing: integer('How many copies of chunks are missing, in two digits. Left out while it is not known.'),
  missingBytes: amount('What those copies would take.'),
  owingGroups: integer('In how many groups of chunks copies are missing.'),
  damaged: integer('How many chunks were found damaged on some machine, and are not yet put right.'),
  lost: integer('How many chunks that files need no machine has; `cairn doctor` names the files.'),
  away: integer('How many chunks that files need only machines may have that do not answer.'),
  misplaced: integer('How many chunks lie on machines that shall not keep them, until the others have them.'),
  repairSeconds: integer('How long it takes to make what is missing, as it goes now.'),
  message: text('Why it is as it is, for people.'),
  observedGeneration: integer('The generation of the object that this status is of.'),
  conditions,
})

/** Where content lies: on how many disks, and on which. */
export const pool = defineResource({
  group: 'cairn.dev',
  kind: 'Pool',
  plural: 'pools',
  categories: ['cairn'],
  isNamespaced: false,
  nameProblem: labelProblem,
  hasStatus: true,
  shape: ownKind('dev.cairn.v1.Pool', 'Where content lies: on how many disks, and on which.', {
    spec: needed(part(spec, 'How the pool keeps what is put into it.')),
    status: part(status, 'What the pool holds; written by the controller of pools.'),
  }),
  columns: [
    column('Phase', at('status.phase')),
    column('Replicas', replicasOf, { type: 'integer' }),
    column('Chunks', at('status.chunks'), { type: 'integer' }),
    column('Missing', at('status.missing'), { type: 'integer' }),
    bytesColumn('Used', 'status.bytesUsed'),
    bytesColumn('Free', 'status.bytesFree'),
    wideColumn('Placement', at('spec.placement')),
    wideColumn('Encrypted', at('spec.encrypted', false)),
  ],
  defaults: object => changePart(object, 'spec', specDefaults),
  validate: poolErrors,
  hasController: true,
})

const CHUNK_BYTES = 1_048_576
const REPLICAS = 2
const REPLICAS_MAX = 16

function specDefaults(given: JsonObject): JsonObject {
  return fill(given, { placement: 'weighted', encrypted: false, chunkBytes: CHUNK_BYTES })
}

function replicasOf(object: KubeObject): number | string {
  return numberAt(object, 'spec', 'replicas') ?? numberAt(object, 'status', 'replicas') ?? ''
}

function poolErrors(object: KubeObject, old: KubeObject | undefined): readonly FieldError[] {
  const wanted = jsonAt(object, 'spec')
  // Of as many copies as there will be when nobody says how many.
  const [most, least] = [numberAt(wanted, 'replicas') ?? REPLICAS, numberAt(wanted, 'minReplicas') ?? 1]
  const open = numberAt(wanted, 'replicas') === undefined ? `, which is ${REPLICAS} when it is left out` : ''
  const chunkBytes = numberAt(wanted, 'chunkBytes') ?? CHUNK_BYTES
  const isSize = Number.isInteger(Math.log2(chunkBytes)) && chunkBytes >= 65_536 && chunkBytes <= 4 * CHUNK_BYTES
  const { name } = object.metadata
  return [
    // One of an earlier version may still be changed, and deleted.
    ...(name === DEFAULT_POOL || old !== undefined
      ? []
      : [invalid('metadata.name', name, `must be "${DEFAULT_POOL}": ${ONE_POOL}`)]),
    ...positive(wanted, ['replicas', 'minReplicas'], 'spec'),
    ...(most > REPLICAS_MAX ? [invalid('spec.replicas', most, `must be less than or equal to ${REPLICAS_MAX}`)] : []),
    ...(least > most ? [invalid('spec.minReplicas', least, `must be less than or equal to replicas${open}`)] : []),
    ...oneOf(wanted, 'placement', ['all', 'roundRobin', 'weighted'], 'spec'),
    ...(isSize ? [] : [invalid('spec.chunkBytes', chunkBytes, 'must be a power of 2 from 65536 to 4194304')]),
    ...immutable(wanted, jsonAt(old, 'spec'), ['encrypted', 'chunkBytes'], 'spec'),
  ]
}
