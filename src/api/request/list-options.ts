import type { Revision } from '#keyspace'
import { type FieldError, forbidden, notSupported } from '#schema'
import { apiFault } from '../faults.ts'
import { LIST_LIMIT_MAX } from '../limits.ts'
import { refuseInvalid } from '../refusal.ts'
import { type Continue, continueOf } from './continue.ts'
import { countOf, flagOf, revisionOf } from './parameters.ts'

/** As of when a list or a watch is wanted. */
export type AsOf =
  | { readonly kind: 'newest' }
  | { readonly kind: 'exact' | 'notOlderThan'; readonly revision: Revision }

/** What the parameters of a list say, but for its selectors. */
export interface ListOptions {
  readonly asOf: AsOf
  /** Undefined: all. */
  readonly limit: number | undefined
  readonly from: Continue | undefined
}

/** What the parameters of a watch say, but for its selectors. */
export interface WatchOptions {
  /** Where it begins: with all that is there, at this revision or later; or with the changes behind one; or now. */
  readonly begin:
    | { readonly kind: 'all'; readonly atLeast: Revision }
    | { readonly kind: 'after'; readonly revision: Revision }
    | { readonly kind: 'now' }
  readonly wantsBookmarks: boolean
  readonly wantsInitialEnd: boolean
  readonly timeoutSeconds: number | undefined
}

/** Reads the parameters of a list. Faults: BadRequest, Invalid. */
export function listOptionsOf(query: URLSearchParams): ListOptions {
  refuse(matchErrors(query, false))
  const limit = countOf(query, 'limit') ?? 0
  const from = continueOf(query)
  const version = query.get('resourceVersion') ?? ''
  if (from !== undefined && version !== '' && version !== '0') {
    throw apiFault('BadRequest', 'specifying resource version is not allowed when using continue')
  }
  const isExact = query.get('resourceVersionMatch') === 'Exact' || (!query.get('resourceVersionMatch') && limit > 0)
  return { asOf: asOf(version, isExact), limit: limit === 0 ? undefined : Math.min(limit, LIST_LIMIT_MAX), from }
}

/** Reads the parameters of a watch. Faults: BadRequest, Invalid. */
export function watchOptionsOf(query: URLSearchParams): WatchOptions {
  refuse(matchErrors(query, true))
  const version = query.get('resourceVersion') ?? ''
  const wantsAll = flagOf(query, 'sendInitialEvents')
  const isAll = query.has('sendInitialEvents') ? wantsAll : version === '' || version === '0'
  const revision = version === '' ? (0 as Revision) : revisionOf(version)
  const wantsBookmarks = flagOf(query, 'allowWatchBookmarks')
  return {
    begin: isAll ? { kind: 'all', atLeast: revision } : revision === 0 ? { kind: 'now' } : { kind: 'after', revision },
    wantsBookmarks,
    wantsInitialEnd: wantsAll && wantsBookmarks,
    timeoutSeconds: countOf(query, 'timeoutSeconds'),
  }
}

function asOf(version: string, isExact: boolean): AsOf {
  if (version === '' || version === '0') return { kind: 'newest' }
  return { kind: isExact ? 'exact' : 'notOlderThan', revision: revisionOf(version) }
}

// k8s.io/apimachinery/pkg/apis/meta/internalversion/validation ValidateListOptions.
function matchErrors(query: URLSearchParams, isWatch: boolean): FieldError[] {
  const match = query.get(MATCH) ?? ''
  const hasInitial = query.has('sendInitialEvents')
  const goesOn = (query.get('continue') ?? '') !== ''
  return isWatch ? watchErrors(match, { hasInitial, goesOn }) : listErrors(query, match, { hasInitial, goesOn })
}

function watchErrors(match: string, { hasInitial, goesOn }: Given): FieldError[] {
  const errors: FieldError[] = []
  if (hasInitial && match !== 'NotOlderThan') {
    errors.push(forbidden(MATCH, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'))
  }
  if (match === '') return errors
  if (!hasInitial) errors.push(matchForbidden('for watch unless sendInitialEvents is provided'))
  if (match !== 'NotOlderThan') errors.push(notSupported(MATCH, match, ['NotOlderThan']))
  if (goesOn) errors.push(matchForbidden('when continue is provided'))
  return errors
}

function listErrors(query: URLSearchParams, match: string, { hasInitial, goesOn }: Given): FieldError[] {
  const version = query.get('resourceVersion') ?? ''
  const errors: FieldError[] = []
  if (match !== '') {
    if (version === '') errors.push(matchForbidden('unless resourceVersion is provided'))
    if (goesOn) errors.push(matchForbidden('when continue is provided'))
    if (match !== 'Exact' && match !== 'NotOlderThan') {
      errors.push(notSupported(MATCH, match, ['Exact', 'NotOlderThan']))
    }
    if (match === 'Exact' && version === '0') {
      errors.push(forbidden(MATCH, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"'))
    }
  }
  if (hasInitial) errors.push(forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'))
  return errors
}

interface Given {
  readonly hasInitial: boolean
  /** By a continue token. */
  readonly goesOn: boolean
}

const MATCH = 'resourceVersionMatch'

function matchForbidden(when: string): FieldError {
  return forbidden(MATCH, `${MATCH} is forbidden ${when}`)
}

function refuse(errors: readonly FieldError[]): void {
  refuseInvalid({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, errors)
}
