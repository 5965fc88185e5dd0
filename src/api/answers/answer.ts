import type { Json, KubeObject, Resource } from '#schema'
import { includeOf } from '../request/parameters.ts'
import { formOf } from './negotiate.ts'
import { partialOf, tableOf } from './table.ts'

/** An answer in JSON. Warnings go as kubectl prints them: RFC 7234, section 5.5, code 299. */
export function json(status: number, body: Json, warnings: readonly string[] = []): Response {
  const text = JSON.stringify(body)
  if (warnings.length === 0) return new Response(text, { status, headers: JSON_TYPE })
  const headers = new Headers(JSON_TYPE)
  for (const warning of warnings) headers.append('warning', warningText(warning))
  return new Response(text, { status, headers })
}

/** A warning as its header has it, in which clients may have chosen the words. */
export function warningText(warning: string): string {
  // A header takes no letters beyond ASCII.
  const text = JSON.stringify(warning).replace(/[^\x20-\x7e]/gu, char => encodeURIComponent(char.toWellFormed()))
  return `299 - ${text}`
}

const JSON_TYPE = { 'content-type': 'application/json' }

/** What a client wants to see of an object, and how. */
export interface ObjectAnswer {
  readonly resource: Resource
  readonly object: KubeObject
  readonly accept: string
  readonly query: URLSearchParams
  readonly nowMs: number
}

/** One object as the client wants it: itself, its metadata or a table of one row. Faults: NotAcceptable, BadRequest. */
export function shownObject({ resource, object, accept, query, nowMs }: ObjectAnswer): Json {
  const form = formOf(accept)
  if (form === 'object') return object
  if (form === 'partial') return partialOf(object)
  const metadata = { resourceVersion: object.metadata.resourceVersion }
  return tableOf(resource, [object], { include: includeOf(query), metadata, nowMs })
}
