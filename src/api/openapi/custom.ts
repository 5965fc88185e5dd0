import { isJsonObject, type Json, type JsonObject } from '#schema'
import type { Dialect } from './dialect.ts'

/**
 * The schema of a custom resource: what its definition says, with the fields that every object has. Swagger 2.0 cannot say
 * all of it: what it has no words for is left out there, and with it what lies below a field that may hold anything.
 */
export function customSchema(dialect: Dialect, openapi: JsonObject, metadata: JsonObject): JsonObject {
  const written = dialect === 'v3' ? withEmbedded(openapi, metadata) : simplified(openapi, 0)
  return { ...withObjectFields(written, metadata), type: 'object' }
}

function withObjectFields(schema: JsonObject, metadata: JsonObject): JsonObject {
  const properties = schema['properties']
  return {
    ...schema,
    properties: {
      ...(isJsonObject(properties) ? properties : {}),
      apiVersion: { type: 'string', description: 'The version of the schema this object is written in.' },
      kind: { type: 'string', description: 'What kind of object this is.' },
      metadata,
    },
  }
}

// Objects within objects have the fields that every object has, too. The same schema when there are none.
function withEmbedded(schema: JsonObject, metadata: JsonObject): JsonObject {
  const changed: [string, Json][] = []
  for (const word of ['items', 'additionalProperties']) {
    const inner = schema[word]
    const made = isJsonObject(inner) ? withEmbedded(inner, metadata) : inner
    if (made !== undefined && made !== inner) changed.push([word, made])
  }
  const { properties } = schema
  if (isJsonObject(properties)) {
    const made = Object.entries(properties).flatMap(([name, inner]): [string, Json][] => {
      const next = isJsonObject(inner) ? withEmbedded(inner, metadata) : inner
      return next === undefined || next === inner ? [] : [[name, next]]
    })
    if (made.length > 0) changed.push(['properties', { ...properties, ...Object.fromEntries(made) }])
  }
  const next = changed.length === 0 ? schema : { ...schema, ...Object.fromEntries(changed) }
  return schema['x-kubernetes-embedded-resource'] === true ? withObjectFields(next, metadata) : next
}

// k8s.io/apiextensions-apiserver/pkg/controller/openapi/v2: what kubectl before 1.27 can read.
function simplified(schema: JsonObject, depth: number): JsonObject {
  const isOpen = schema['x-kubernetes-preserve-unknown-fields'] === true || schema['nullable'] === true
  if (schema['x-kubernetes-int-or-string'] === true) return { ...kept(schema, NAMING), format: 'int-or-string' }
  if (isOpen && depth > 0) return kept(schema, NAMING)
  const plain = kept(schema, PLAIN)
  const items = schema['items']
  const values = schema['additionalProperties']
  const properties = schema['properties']
  return {
    ...plain,
    ...(isJsonObject(items) ? { items: simplified(items, depth + 1) } : {}),
    ...(isJsonObject(values) ? { additionalProperties: simplified(values, depth + 1) } : {}),
    ...(isJsonObject(properties) ? { properties: each(properties, depth + 1) } : {}),
  }
}

function each(properties: JsonObject, depth: number): JsonObject {
  return Object.fromEntries(
    Object.entries(properties).map(([name, value]) => [name, isJsonObject(value) ? simplified(value, depth) : {}]),
  )
}

function kept(schema: JsonObject, words: ReadonlySet<string>): JsonObject {
  return Object.fromEntries(
    Object.entries(schema).filter((entry): entry is [string, Json] => words.has(entry[0]) || isExtension(entry[0])),
  )
}

function isExtension(word: string): boolean {
  return word.startsWith('x-kubernetes-') && word !== 'x-kubernetes-validations'
}

const NAMING: ReadonlySet<string> = new Set(['description', 'title'])

const PLAIN: ReadonlySet<string> = new Set([
  ...NAMING,
  'type',
  'format',
  'pattern',
  'required',
  'enum',
  'default',
  'example',
  'minimum',
  'maximum',
  'exclusiveMinimum',
  'exclusiveMaximum',
  'multipleOf',
  'minLength',
  'maxLength',
  'minItems',
  'maxItems',
  'uniqueItems',
  'minProperties',
  'maxProperties',
])
