import type { Revision } from '#keyspace'
import { isJsonObject, numberAt, textAt } from '#schema'
import type { Include } from '../answers/table.ts'
import { apiFault } from '../faults.ts'
import { PARAMETER_CHARS_MAX } from '../limits.ts'
import type { Unknowns } from '../objects/prepare.ts'
import type { ObjectPlace } from '../store/object-store.ts'

/** Where a list goes on: the revision it is of, and the object it came to. */
export interface Continue {
  readonly revision: Revision
  readonly after: ObjectPlace
}

/** A parameter that is a whole number. Faults: BadRequest. */
export function countOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (!/^[0-9]{1,9}$/.test(text))
    throw apiFault('BadRequest', `${name}: Invalid value: ${JSON.stringify(text)}: must be a whole number`)
  return Number(text)
}

/** A parameter that is true or false. Faults: BadRequest. */
export function flagOf(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? ''
  if (['', '0', 'false', 'f'].includes(text.toLowerCase())) return false
  if (['1', 'true', 't'].includes(text.toLowerCase())) return true
  throw apiFault('BadRequest', `${name}: Invalid value: ${JSON.stringify(text)}: must be true or false`)
}

/** What `fieldValidation` says of fields a kind does not know. Faults: BadRequest. */
export function unknownsOf(query: URLSearchParams): Unknowns {
  const text = query.get('fieldValidation') ?? ''
  if (text === '') return 'Warn'
  if (text === 'Strict' || text === 'Warn' || text === 'Ignore') return text
  throw apiFault(
    'BadRequest',
    `fieldValidation: Unsupported value: ${JSON.stringify(text)}: supported values: "Ignore", "Warn", "Strict"`,
  )
}

/** What `dryRun` says. Faults: BadRequest. */
export function isDryRun(query: URLSearchParams): boolean {
  const values = query.getAll('dryRun').filter(value => value !== '')
  const other = values.find(value => value !== 'All')
  if (other === undefined) return values.length > 0
  throw apiFault('BadRequest', `dryRun: Unsupported value: ${JSON.stringify(other)}: supported values: "All"`)
}

/** What `includeObject` says. Faults: BadRequest. */
export function includeOf(query: URLSearchParams): Include {
  const text = query.get('includeObject') ?? ''
  if (text === '') return 'Metadata'
  if (text === 'Metadata' || text === 'Object' || text === 'None') return text
  throw apiFault('BadRequest', `includeObject: Unsupported value: ${JSON.stringify(text)}`)
}

/** The token a client goes on with. */
export function continueText({ revision, after }: Continue): string {
  return Buffer.from(JSON.stringify({ v: 1, revision, namespace: after.namespace, name: after.name })).toString(
    'base64url',
  )
}

/** Reads a token of {@link continueText}; undefined for none. Faults: BadRequest. */
export function continueOf(query: URLSearchParams): Continue | undefined {
  const text = query.get('continue') ?? ''
  if (text === '') return undefined
  const token = text.length > PARAMETER_CHARS_MAX ? undefined : parsed(Buffer.from(text, 'base64url').toString('utf8'))
  const revision = isJsonObject(token) ? numberAt(token, 'revision') : undefined
  const name = isJsonObject(token) ? textAt(token, 'name') : undefined
  if (
    !isJsonObject(token) ||
    token['v'] !== 1 ||
    name === undefined ||
    revision === undefined ||
    !Number.isSafeInteger(revision) ||
    revision < 1
  ) {
    throw apiFault('BadRequest', 'continue: the token is not one that this server made')
  }
  return { revision: revision as Revision, after: { namespace: textAt(token, 'namespace'), name } }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
