import { isFault } from '#base'
import { decode } from '../decode.ts'
import { isJsonObject, type JsonObject, textAt } from '../json.ts'
import { ANNOTATIONS_BYTES_MAX } from '../limits.ts'
import type { KubeObject } from '../object.ts'
import type { FieldApply } from './apply.ts'
import { bare } from './bare.ts'
import { compare } from './compare.ts'
import { coveredBy } from './cover.ts'
import { difference, EMPTY_SET, type FieldSet } from './set.ts'

// What kubectl notes when it applies on the client's side (k8s.io/api/core/v1, LastAppliedConfigAnnotation).
const ANNOTATION = 'kubectl.kubernetes.io/last-applied-configuration'

/** What kubectl has applied on the client's side and nobody has changed since; nothing for other managers. */
export function lastAppliedPaths({ shape, live, by }: FieldApply): FieldSet {
  const text = by.name === 'kubectl' ? textAt(live, 'metadata', 'annotations', ANNOTATION) : undefined
  const applied = text === undefined ? undefined : parsed(text)
  if (applied === undefined || applied['apiVersion'] !== by.apiVersion) return EMPTY_SET
  const config = decoded(shape, applied)
  if (config === undefined) return EMPTY_SET
  const { changed, removed } = compare(shape, bare(config), bare(live))
  return difference(difference(coveredBy(shape, bare(config)), changed), removed)
}

/** The object with kubectl's note brought up to date, so that it can apply on the client's side again. */
export function withLastApplied({ live, config, by }: FieldApply, object: KubeObject): KubeObject {
  const isNoted = by.name === 'kubectl' && textAt(live, 'metadata', 'annotations', ANNOTATION) !== undefined
  if (!isNoted) return object
  const text = `${JSON.stringify(noteOf(config))}\n`
  const note = text.length > ANNOTATIONS_BYTES_MAX ? '' : text
  const annotations = { ...object.metadata.annotations, [ANNOTATION]: note }
  return { ...object, metadata: { ...object.metadata, annotations } }
}

function noteOf(config: KubeObject): JsonObject {
  const { uid: _uid, creationTimestamp: _created, ...metadata } = config.metadata
  const { [ANNOTATION]: _, ...annotations } = metadata.annotations ?? {}
  return { ...config, metadata: { ...metadata, annotations } }
}

function decoded(shape: FieldApply['shape'], applied: JsonObject): KubeObject | undefined {
  try {
    const { value } = decode(shape, applied)
    const metadata = isJsonObject(value['metadata']) ? value['metadata'] : {}
    return { ...value, apiVersion: '', kind: '', metadata: { name: '', uid: '', creationTimestamp: '', ...metadata } }
  } catch (error) {
    if (isFault(error)) return undefined
    throw error
  }
}

function parsed(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return isJsonObject(value) ? value : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
