import { isKubeObject, isJsonObject, type Json, type JsonObject, type KubeObject, numberAt, textAt } from '#schema'
import { clientFault } from '../faults.ts'
import { faultOfStatus } from './answer.ts'
import { linesOf } from './lines.ts'

/** A change that a watch tells, or how far it has seen. */
export type WatchEvent =
  | { readonly kind: 'added' | 'modified' | 'deleted'; readonly object: KubeObject }
  | { readonly kind: 'bookmark'; readonly revision: string }

/** The events of a watch's body. Faults: Expired and whatever else the server ends it with. */
export async function* eventsOf(body: AsyncIterable<Uint8Array>, what: string): AsyncGenerator<WatchEvent> {
  for await (const line of linesOf(body)) yield eventOf(line, what)
}

function eventOf(line: string, what: string): WatchEvent {
  const event = parse(line, what)
  const type = textAt(event, 'type') ?? ''
  const object = event['object']
  if (type === 'ERROR') throw faultOfStatus(numberAt(object, 'code') ?? 500, object, what)
  if (type === 'BOOKMARK') return { kind: 'bookmark', revision: textAt(object, 'metadata', 'resourceVersion') ?? '' }
  const kind = KINDS.get(type)
  if (kind === undefined || !isKubeObject(object)) {
    throw clientFault('InternalError', `${what}: "${type.slice(0, 20)}" is no event`)
  }
  return { kind, object }
}

function parse(line: string, what: string): JsonObject {
  try {
    const value = JSON.parse(line) as Json
    if (isJsonObject(value)) return value
  } catch (error) {
    throw clientFault('InternalError', `${what}: an event is no JSON`, { cause: error })
  }
  throw clientFault('InternalError', `${what}: an event is no object`)
}

const KINDS = new Map([
  ['ADDED', 'added'],
  ['MODIFIED', 'modified'],
  ['DELETED', 'deleted'],
] as const) as ReadonlyMap<string, 'added' | 'modified' | 'deleted'>
