import type { Json, KubeObject, Resource } from '#schema'
import { COMPRESS_BYTES_MIN } from '../limits.ts'
import { includeOf } from '../request/parameters.ts'
import { COMPRESSED_HEADERS, compressed, isCompressed } from './compress.ts'
import { acceptedOf, type Encoding, encodingOf } from './negotiate.ts'
import { streamOf } from './stream.ts'
import { partialOf, tableOf } from './table.ts'
import { yamlText } from './yaml.ts'

/** An answer in JSON. Warnings go as kubectl prints them: RFC 7234, section 5.5, code 299. */
export function json(status: number, body: Json, warnings: readonly string[] = []): Response {
  return written('json', status, body, warnings)
}

/** As {@link json}, written as the client of a request likes it: in YAML, if so, and compressed when it is large. */
export function answered(request: Request, status: number, body: Json, warnings: readonly string[] = []): Response {
  const encoding = encodingOf(acceptOf(request))
  if (!isCompressed(request)) return written(encoding, status, body, warnings)
  const bytes = Buffer.from(textOf(encoding, body))
  if (bytes.length < COMPRESS_BYTES_MIN) return written(encoding, status, body, warnings)
  const headers = headersOf(encoding, warnings)
  for (const [name, value] of Object.entries(COMPRESSED_HEADERS)) headers.set(name, value)
  return new Response(
    streamOf(() => compressed([bytes]), request.signal),
    { status, headers },
  )
}

/** What a client accepts; anything when it says nothing. */
export function acceptOf({ headers }: Request): string {
  return headers.get('accept') ?? ''
}

/** The content type of an encoding. */
export const CONTENT_TYPES: Readonly<Record<Encoding, string>> = { json: 'application/json', yaml: 'application/yaml' }

function written(encoding: Encoding, status: number, body: Json, warnings: readonly string[]): Response {
  const text = textOf(encoding, body)
  if (warnings.length > 0) return new Response(text, { status, headers: headersOf(encoding, warnings) })
  return new Response(text, { status, headers: { 'content-type': CONTENT_TYPES[encoding] } })
}

function textOf(encoding: Encoding, body: Json): string {
  return encoding === 'json' ? JSON.stringify(body) : yamlText(body)
}

function headersOf(encoding: Encoding, warnings: readonly string[]): Headers {
  const headers = new Headers({ 'content-type': CONTENT_TYPES[encoding] })
  for (const warning of warnings) headers.append('warning', warningText(warning))
  return headers
}

/** A warning as its header has it, in which clients may have chosen the words. */
export function warningText(warning: string): string {
  // A header takes no letters beyond ASCII.
  const text = JSON.stringify(warning).replace(/[^\x20-\x7e]/gu, char => encodeURIComponent(char.toWellFormed()))
  return `299 - ${text}`
}

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
  const { form } = acceptedOf(accept)
  if (form === 'object') return object
  if (form === 'partial') return partialOf(object)
  const metadata = { resourceVersion: object.metadata.resourceVersion }
  return tableOf(resource, [object], { include: includeOf(query), metadata, nowMs })
}
