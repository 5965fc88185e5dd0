import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { SchemaNode } from './node.ts'

/** A value with the defaults of what it leaves out; the same value when it leaves nothing out. */
export function withDefaults(schema: SchemaNode, value: Json): Json {
  if (!schema.has.defaults) return value
  if (Array.isArray(value)) return defaultItems(schema, value)
  return isJsonObject(value) ? defaultFields(schema, value) : value
}

function defaultItems({ items }: SchemaNode, list: readonly Json[]): Json {
  if (items === undefined) return list
  const filled = list.map(item => withDefaults(items, item))
  return filled.every((item, index) => item === list[index]) ? list : filled
}

function defaultFields(schema: SchemaNode, object: JsonObject): JsonObject {
  const changed: [string, Json][] = []
  for (const [name, inner] of schema.properties) {
    if (inner.default === undefined && !inner.has.defaults) continue
    const given = Object.hasOwn(object, name) ? object[name] : undefined
    const isMissing = given === undefined || (given === null && !inner.isNullable)
    const value = isMissing ? inner.default : given
    if (value === undefined) continue
    const filled = withDefaults(inner, value)
    if (filled !== given) changed.push([name, filled])
  }
  if (typeof schema.additional === 'object') changed.push(...defaultOthers(schema.additional, schema, object))
  return changed.length === 0 ? object : { ...object, ...Object.fromEntries(changed) }
}

function defaultOthers(inner: SchemaNode, { properties }: SchemaNode, object: JsonObject): [string, Json][] {
  return Object.entries(object).flatMap(([name, given]): [string, Json][] => {
    if (given === undefined || properties.has(name)) return []
    const value = given === null && !inner.isNullable ? (inner.default ?? given) : given
    const filled = withDefaults(inner, value)
    return filled === given ? [] : [[name, filled]]
  })
}
