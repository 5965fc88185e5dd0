import { isJsonObject, type Json, type JsonObject } from './json.ts'
import type { KubeObject } from './object.ts'
import type { ObjectShape, Shape } from './shape.ts'

/**
 * The object without its empty lists and maps, as Kubernetes keeps it: clients written in Go leave those out when they send
 * back what they read, and that must be no change. Of a custom resource only the metadata: the rest is as it was sent.
 */
export function withoutEmpty(shape: ObjectShape, object: KubeObject): KubeObject {
  const { apiVersion, kind, metadata } = object
  const { name, uid, creationTimestamp } = metadata
  const kept = shape.custom === undefined ? fieldsOf(shape, object) : object
  const metaShape = shape.fields.get('metadata')
  const meta = metaShape?.kind === 'object' ? fieldsOf(metaShape, metadata) : metadata
  return { ...kept, apiVersion, kind, metadata: { ...meta, name, uid, creationTimestamp } }
}

function fieldsOf(shape: ObjectShape, object: JsonObject): JsonObject {
  const entries: [string, Json][] = []
  for (const [name, value] of Object.entries(object)) {
    const field = shape.fields.get(name)
    const kept = field === undefined || value === undefined ? value : valueOf(field, value)
    if (kept !== undefined && (shape.required.has(name) || !isEmpty(field, kept))) entries.push([name, kept])
  }
  return Object.fromEntries(entries)
}

function valueOf(shape: Shape, value: Json): Json {
  if (shape.kind === 'object') return isJsonObject(value) ? fieldsOf(shape, value) : value
  if (shape.kind === 'list') return Array.isArray(value) ? value.map(item => valueOf(shape.items, item)) : value
  if (shape.kind !== 'map' || shape.values.kind !== 'object' || !isJsonObject(value)) return value
  const { values } = shape
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, valueOf(values, item ?? null)]))
}

// An empty object says something, such as `emptyDir: {}`; an empty list or map says what none says.
function isEmpty(shape: Shape | undefined, value: Json): boolean {
  if (shape?.kind === 'list') return Array.isArray(value) && value.length === 0
  return shape?.kind === 'map' && isJsonObject(value) && Object.keys(value).length === 0
}
