import type { Revision } from '#keyspace'
import type { Include } from '../answers/table.ts'
import { apiFault } from '../faults.ts'
import type { Unknowns } from '../objects/prepare.ts'

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

/** A revision that a client sent. Faults: BadRequest. */
export function revisionOf(text: string): Revision {
  if (/^[0-9]{1,15}$/.test(text)) return Number(text) as Revision
  throw apiFault(
    'BadRequest',
    `resourceVersion: Invalid value: ${JSON.stringify(text.slice(0, 100))}: must be a number`,
  )
}
