import type { Revision } from '#keyspace'
import { apiVersionOf, type JsonObject, type KubeObject, type Resource } from '#schema'
import { acceptOf, CONTENT_TYPES } from '../answers/answer.ts'
import { COMPRESSED_HEADERS, compressed, isCompressed } from '../answers/compress.ts'
import { type ListText, listText } from '../answers/list-text.ts'
import { streamOf } from '../answers/stream.ts'
import { columnsOf } from '../answers/table.ts'
import { type View, viewOf } from '../answers/view.ts'
import { apiFault } from '../faults.ts'
import { type ListPage, listPages, listPiece } from '../objects/list.ts'
import { COMPRESS_BYTES_MIN, LIST_PAGE } from '../limits.ts'
import { type Continue, continueText } from '../request/continue.ts'
import { type AsOf, type ListOptions, listOptionsOf } from '../request/list-options.ts'
import { fieldSelector, labelSelector, type Matches } from '../request/selectors.ts'
import { isFault } from '#base'
import { StatusMore } from '../status-more.ts'
import { nowMsOf, type ResourceRequest, type RouteParts } from './asked.ts'

/** Answers the objects of a resource that the parameters choose, as they are read. Faults: BadRequest, Invalid, Expired. */
export async function answerList(parts: RouteParts, asked: ResourceRequest): Promise<Response> {
  const { resource, query } = asked
  return answerChosen(parts, asked, { options: listOptionsOf(query), matches: matchesOf(query, resource) })
}

/** Answers a list as the client wants it. Faults: NotAcceptable, Expired, Timeout. */
export async function answerChosen(parts: RouteParts, asked: ResourceRequest, chosen: Chosen): Promise<Response> {
  const { resource, query, request } = asked
  const view = viewOf(resource, { accept: acceptOf(request), query }, () => nowMsOf(parts))
  const { limit, from } = chosen.options
  const { metadata, pages } =
    limit === undefined && from === undefined
      ? await wholeList(parts, asked, chosen)
      : await pieceOfList(parts, asked, chosen)
  return streamed(encoded(textFor(resource, view, metadata), view, pages), view, asked)
}

/** Whether an object is one that the selectors choose; undefined when all are. Faults: BadRequest. */
export function matchesOf(query: URLSearchParams, resource: Resource): Matches | undefined {
  const labels = labelSelector(query.get('labelSelector') ?? '')
  const fields = fieldSelector(query.get('fieldSelector') ?? '', resource)
  return labels === undefined ? fields : both(fields, labels)
}

/** Both, where there are two. */
export function both(one: Matches | undefined, other: Matches): Matches {
  return one === undefined ? other : object => one(object) && other(object)
}

/** Which objects are wanted, and as of when. */
export interface Chosen {
  readonly options: ListOptions
  readonly matches: Matches | undefined
}

interface Begun {
  readonly metadata: JsonObject
  readonly pages: AsyncIterable<readonly KubeObject[]>
}

async function wholeList(parts: RouteParts, asked: ResourceRequest, { options, matches }: Chosen): Promise<Begun> {
  const { resource, target, signal } = asked
  const revision = await revisionFor(parts, options.asOf, signal)
  const wanted = { namespace: target.namespace, matches, revision }
  const pages = listPages(parts.objects, resource, wanted, signal)
  const first = await pages.next()
  const version = first.done === true ? await parts.objects.store.revision(signal) : first.value.revision
  return { metadata: { resourceVersion: String(version) }, pages: rest(first, pages) }
}

async function* rest(first: IteratorResult<ListPage, void>, pages: AsyncGenerator<ListPage>) {
  if (first.done === true) return
  yield first.value.objects
  for await (const { objects } of pages) yield objects
}

async function pieceOfList(parts: RouteParts, asked: ResourceRequest, chosen: Chosen): Promise<Begun> {
  const { resource, target, signal } = asked
  const { from, limit = Number.MAX_SAFE_INTEGER } = chosen.options
  const { revision, count } = await beginning(parts, asked, chosen)
  const request = { namespace: target.namespace, matches: chosen.matches, limit, from, revision }
  if (count !== undefined) await parts.objects.turns.takeAhead(signal)
  const piece = await listPiece(parts.objects, resource, request, signal).catch(error => goOn(error, from))
  const { next } = piece
  const remaining = count === undefined || next === undefined ? undefined : count - piece.objects.length
  const metadata = {
    resourceVersion: String(piece.revision),
    ...(next === undefined ? {} : { continue: continueText({ ...next, remaining }) }),
    ...(remaining === undefined ? {} : { remainingItemCount: remaining }),
  }
  return { metadata, pages: inPages(parts, piece.objects, signal) }
}

// As of when a piece is read, and how many there are from where it begins. They are counted once: the tokens tell what is left,
// since a count as of an older revision takes ten times as long. With a selector nobody knows without reading all.
async function beginning(
  parts: RouteParts,
  { resource, target, signal }: ResourceRequest,
  { options: { from, asOf }, matches }: Chosen,
): Promise<{ readonly revision: Revision | undefined; readonly count: number | undefined }> {
  const revision = from?.revision ?? (await revisionFor(parts, asOf, signal))
  if (matches !== undefined) return { revision, count: undefined }
  if (from?.revision !== undefined) return { revision, count: from.remaining }
  const wanted = { namespace: target.namespace, revision, after: from?.after }
  return await parts.objects.store.count(resource, wanted, signal)
}

async function* inPages({ objects: { turns } }: RouteParts, objects: readonly KubeObject[], signal: AbortSignal) {
  for (let at = 0; at < objects.length; at += LIST_PAGE) {
    await turns.take(signal)
    yield objects.slice(at, at + LIST_PAGE)
  }
}

// As Kubernetes does, the refusal has a token that goes on behind the same object in the list as it is now.
function goOn(error: unknown, from: Continue | undefined): never {
  if (!isFault(error, 'Expired') || from === undefined) throw error
  const again = continueText({ revision: undefined, after: from.after })
  const said =
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.'
  throw apiFault('Expired', said, { cause: new StatusMore({ metadata: { continue: again } }) })
}

/** The revision to read; undefined for the newest. Faults: Timeout for one that is still to come. */
export async function revisionFor(parts: RouteParts, asOf: AsOf, signal: AbortSignal): Promise<Revision | undefined> {
  if (asOf.kind === 'newest') return undefined
  const current = await parts.objects.store.revision(signal)
  if (asOf.revision > current) throw tooLarge('Timeout', asOf.revision, current)
  return asOf.kind === 'exact' ? asOf.revision : undefined
}

/** The refusal of a revision that is still to come. */
export function tooLarge(code: 'Expired' | 'Timeout', revision: Revision, current: Revision): Error {
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  const cause = new StatusMore({ details: { retryAfterSeconds: 1, causes } })
  return apiFault(code, `Too large resource version: ${revision}, current: ${current}`, { cause })
}

function textFor(resource: Resource, { form, encoding }: View, metadata: JsonObject): ListText {
  const { group, version, kind } = resource
  const shared = { apiVersion: 'meta.k8s.io/v1', metadata }
  if (form === 'table') {
    return listText(encoding, { kind: 'Table', ...shared, columnDefinitions: columnsOf(resource) }, 'rows')
  }
  if (form === 'partial') return listText(encoding, { kind: 'PartialObjectMetadataList', ...shared }, 'items')
  return listText(encoding, { kind: `${kind}List`, apiVersion: apiVersionOf(group, version), metadata }, 'items')
}

async function* encoded(list: ListText, view: View, pages: Begun['pages']): AsyncGenerator<Uint8Array> {
  let text = list.head
  let isFirst = true
  for await (const objects of pages) {
    for (const object of objects) {
      text += list.item(view.item(object), isFirst)
      isFirst = false
    }
    if (text.length < PIECE_CHARS) continue
    yield Buffer.from(text)
    text = ''
  }
  yield Buffer.from(text + list.tail(isFirst))
}

const PIECE_CHARS = 64 * 1024

// What is short is sent at once, with its length. The rest waits for its reader, who may be slow.
async function streamed(
  body: AsyncGenerator<Uint8Array>,
  { encoding }: View,
  { request, signal, last }: ResourceRequest,
): Promise<Response> {
  const isSmaller = isCompressed(request)
  const begun = await begin(body, isSmaller ? COMPRESS_BYTES_MIN : PIECE_CHARS)
  const headers = { 'content-type': CONTENT_TYPES[encoding] }
  if (begun.isWhole) return new Response(begun.bytes, { headers })
  const lasting = last()
  const rest = async function* () {
    yield begun.bytes
    for await (const piece of body) {
      lasting.signal.throwIfAborted()
      yield piece
    }
  }
  const stream = streamOf(
    () => (isSmaller ? compressed(rest()) : rest()),
    signal,
    () => lasting[Symbol.dispose](),
  )
  return new Response(stream, { headers: isSmaller ? { ...headers, ...COMPRESSED_HEADERS } : headers })
}

// The first of a body: all of it, or at least so many bytes.
async function begin(body: AsyncGenerator<Uint8Array>, bytesMin: number) {
  const pieces: Uint8Array[] = []
  for (let bytes = 0; bytes < bytesMin; ) {
    const next = await body.next()
    if (next.done === true) return { isWhole: true, bytes: Buffer.concat(pieces) }
    pieces.push(next.value)
    bytes += next.value.byteLength
  }
  return { isWhole: false, bytes: Buffer.concat(pieces) }
}
