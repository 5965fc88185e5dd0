import { below, type Decoded, decode } from '../decode.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import { kubernetesShape } from '../shapes/read.ts'
import type { SchemaNode } from './node.ts'

/**
 * Reads a custom object: fields that the schema does not know are left out and told, so is null where it may not be.
 * Values of another type stay, for validation to refuse. Faults: BadRequest for metadata that are none.
 */
export function prune(schema: SchemaNode, object: JsonObject): Decoded {
  const pruning: Pruning = { unknown: [] }
  const value = pruneResource(pruning, schema, object, '')
  return { value, unknown: pruning.unknown, missing: [] }
}

interface Pruning {
  readonly unknown: string[]
}

// Its apiVersion, kind and metadata are known without being in the schema.
function pruneResource(pruning: Pruning, schema: SchemaNode, object: JsonObject, path: string): JsonObject {
  const { metadata, ...rest } = object
  const pruned = pruneFields(pruning, schema, rest, { path, isResource: true })
  if (!isJsonObject(metadata)) return metadata === undefined || metadata === null ? pruned : { ...pruned, metadata }
  const read = decode(kubernetesShape('V1ObjectMeta'), metadata)
  const prefix = below(path, 'metadata')
  pruning.unknown.push(...read.unknown.map(each => `${prefix}.${each}`))
  return { ...pruned, metadata: read.value }
}

function pruneValue(pruning: Pruning, schema: SchemaNode, value: Json, path: string): Json {
  if (Array.isArray(value)) {
    const { items } = schema
    if (items === undefined) return value
    const pruned = value.map((item: Json, index) => pruneValue(pruning, items, item, `${path}[${index}]`))
    return pruned.every((item, index) => item === value[index]) ? value : pruned
  }
  if (!isJsonObject(value)) return value
  if (schema.isEmbedded) return pruneResource(pruning, schema, value, path)
  return pruneFields(pruning, schema, value, { path, isResource: false })
}

interface At {
  readonly path: string
  readonly isResource: boolean
}

// The same object when nothing is left out.
function pruneFields(pruning: Pruning, schema: SchemaNode, object: JsonObject, at: At): JsonObject {
  const entries = Object.entries(object)
  let isSame = true
  const kept: [string, Json][] = []
  for (const [name, value] of entries) {
    const pruned = value === undefined ? undefined : pruneField(pruning, schema, [name, value], at)
    if (pruned !== value) isSame = false
    if (pruned !== undefined) kept.push([name, pruned])
  }
  return isSame ? object : Object.fromEntries(kept)
}

function pruneField(pruning: Pruning, schema: SchemaNode, field: readonly [string, Json], at: At): Json | undefined {
  const [name, value] = field
  const inner = schema.properties.get(name) ?? schema.additional
  if (inner === true) return value
  const isOwn = at.isResource && (name === 'apiVersion' || name === 'kind')
  if (inner === undefined && (isOwn || schema.keepsUnknown)) return value
  if (inner === undefined) {
    pruning.unknown.push(below(at.path, name))
    return undefined
  }
  return value === null && !inner.isNullable ? undefined : pruneValue(pruning, inner, value, below(at.path, name))
}
