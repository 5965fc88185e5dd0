import { createHash } from 'node:crypto'
import { type JsonObject, type KubeObject, numberAt } from '#schema'
import { EVENT_MESSAGE_CHARS_MAX } from '../limits.ts'

/** Something that happened to an object and that people should know of. */
export interface Happening {
  readonly object: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>
  readonly type: 'Normal' | 'Warning'
  /** One word for programs, such as `OwnerRefInvalidNamespace`. */
  readonly reason: string
  readonly message: string
}

/** Where the Event of a happening is: the same for the same happening, so that it is counted, not written anew. */
export function eventPlace({ object, type, reason, message }: Happening, component: string) {
  const { namespace = 'default', name, uid } = object.metadata
  const said = [uid, type, reason, message, component].join('\0')
  const hash = createHash('sha256').update(said).digest('hex').slice(0, 16)
  return { namespace, name: `${name.slice(0, 236)}.${hash}` }
}

/** An Event (core/v1) of a happening that was not known before. */
export function newEvent(happening: Happening, component: string, count: number, time: string): JsonObject {
  const { object, type, reason, message } = happening
  const { namespace, name, uid, resourceVersion } = object.metadata
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: eventPlace(happening, component),
    involvedObject: { apiVersion: object.apiVersion, kind: object.kind, namespace, name, uid, resourceVersion },
    type,
    reason,
    message: message.slice(0, EVENT_MESSAGE_CHARS_MAX),
    source: { component },
    reportingComponent: component,
    reportingInstance: '',
    count,
    firstTimestamp: time,
    lastTimestamp: time,
  }
}

/** What a known Event becomes when it happened `count` times more. */
export function countedEvent(event: KubeObject, count: number, time: string): KubeObject {
  return { ...event, count: (numberAt(event, 'count') ?? 1) + count, lastTimestamp: time }
}
