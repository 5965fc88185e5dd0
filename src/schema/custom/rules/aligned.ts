import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { SchemaNode } from '../node.ts'
import { identityOf, stableText } from '../validate.ts'

/**
 * An old value with the items of its sets and maps in the order that a new one has them, since their order means nothing: rules
 * that compare both find them the same then (kubernetes.io/docs/reference/using-api/cel, "Equality").
 */
export function aligned(schema: SchemaNode, old: Json, value: Json): Json {
  if (Array.isArray(old)) return Array.isArray(value) ? alignedItems(schema, old, value) : old
  return isJsonObject(old) && isJsonObject(value) ? alignedFields(schema, old, value) : old
}

function alignedItems(schema: SchemaNode, old: readonly Json[], value: readonly Json[]): Json {
  const { items, list } = schema
  if (items === undefined || list.type === 'atomic') return old
  const left = new Map(old.map(item => [keyOf(schema, item), item]))
  if (left.size < old.length) return old
  const inOrder = value.flatMap(item => {
    const key = keyOf(schema, item)
    const found = left.get(key)
    if (found === undefined || !left.delete(key)) return []
    return [aligned(items, found, item)]
  })
  return [...inOrder, ...left.values()]
}

function alignedFields({ properties, additional }: SchemaNode, old: JsonObject, value: JsonObject): JsonObject {
  const changed = Object.entries(old).flatMap(([name, before]): [string, Json][] => {
    const inner = properties.get(name) ?? additional
    const now = value[name]
    if (typeof inner !== 'object' || before === undefined || now === undefined || before === now) return []
    const next = aligned(inner, before, now)
    return next === before ? [] : [[name, next]]
  })
  return changed.length === 0 ? old : { ...old, ...Object.fromEntries(changed) }
}

function keyOf(schema: SchemaNode, item: Json): string {
  return stableText(identityOf(schema, item) ?? item)
}
