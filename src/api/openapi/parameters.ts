import type { JsonObject } from '#schema'
import type { Dialect } from './dialect.ts'

/** A parameter of a request: its type, and what it does. */
type Row = readonly [type: 'boolean' | 'integer' | 'string', description: string]

const QUERY = {
  allowWatchBookmarks: ['boolean', 'Send bookmarks, which tell how far a watch has come.'],
  continue: ['string', 'Go on with the list that answered this token.'],
  dryRun: ['string', 'All: check and answer as always, and store nothing.'],
  fieldManager: ['string', 'Who changes the fields.'],
  fieldSelector: ['string', 'Only objects whose fields have these values.'],
  fieldValidation: ['string', 'What fields are that the kind does not have: Ignore, Warn or Strict.'],
  force: ['boolean', 'Take over fields that others own. For apply patches only.'],
  gracePeriodSeconds: ['integer', 'Seconds an object is given to end.'],
  labelSelector: ['string', 'Only objects whose labels are so.'],
  limit: ['integer', 'Objects answered at once; the rest follows with a continue token.'],
  orphanDependents: ['boolean', 'Keep what the object owns. propagationPolicy says more.'],
  pretty: ['string', 'Answer with line breaks.'],
  propagationPolicy: ['string', 'What happens to what the object owns: Orphan, Background or Foreground.'],
  resourceVersion: ['string', 'The revision that is asked for.'],
  resourceVersionMatch: ['string', 'How the revision is meant: Exact or NotOlderThan.'],
  sendInitialEvents: ['boolean', 'Begin a watch with all there is.'],
  timeoutSeconds: ['integer', 'Seconds after which a watch ends.'],
  watch: ['boolean', 'Go on with changes as they come.'],
} as const satisfies Readonly<Record<string, Row>>

/** The parameters that follow a question mark. */
export type QueryName = keyof typeof QUERY

/** One as documents describe it. */
export function queryParameter(dialect: Dialect, name: QueryName): JsonObject {
  const [type, description] = QUERY[name]
  const schema = { type, uniqueItems: true }
  return { name, in: 'query', description, ...(dialect === 'v3' ? { schema } : schema) }
}

/** A part of the path as documents describe it. */
export function pathParameter(dialect: Dialect, name: 'name' | 'namespace'): JsonObject {
  const description = name === 'name' ? 'The name of the object.' : 'The namespace it is in.'
  const schema = { type: 'string', uniqueItems: true }
  return { name, in: 'path', required: true, description, ...(dialect === 'v3' ? { schema } : schema) }
}

export const LISTING: readonly QueryName[] = [
  'allowWatchBookmarks',
  'continue',
  'fieldSelector',
  'labelSelector',
  'limit',
  'resourceVersion',
  'resourceVersionMatch',
  'sendInitialEvents',
  'timeoutSeconds',
  'watch',
]

export const WRITING: readonly QueryName[] = ['dryRun', 'fieldManager', 'fieldValidation']
export const PATCHING: readonly QueryName[] = [...WRITING, 'force']
export const DELETING: readonly QueryName[] = ['dryRun', 'gracePeriodSeconds', 'orphanDependents', 'propagationPolicy']
