import type { Environment } from '@marcbachmann/cel-js'
import { isJsonObject, type Json, type JsonObject } from '../../json.ts'
import type { SchemaNode } from '../node.ts'
import { isSameObject, RuleObject } from './rule-object.ts'
import { durationOf } from './values.ts'

/**
 * What the places of one schema are in CEL. Objects that no rule names are `dyn`, so that large schemas do not cost more
 * than their rules do.
 */
export class RuleTypes {
  readonly #env: Environment
  readonly #named: ReadonlySet<string>
  readonly #made = new Map<SchemaNode, ObjectType>()

  /** `named`: the names of fields that rules mention. Types are made in `env` as they are asked for. */
  constructor(env: Environment, named: ReadonlySet<string>) {
    this.#env = env
    this.#named = named
  }

  /** The name of the type of a place; `path` makes the names of objects' types. */
  nameOf(schema: SchemaNode, path: string): string {
    if (schema.isIntOrString || schema.isNullable) return 'dyn'
    switch (schema.type) {
      case 'string':
        return FORMATS[schema.limits.format ?? ''] ?? 'string'
      case 'integer':
        return 'int'
      case 'number':
        return 'double'
      case 'boolean':
        return 'bool'
      case 'array':
        return schema.items === undefined ? 'list' : `list<${this.nameOf(schema.items, `${path}.item`)}>`
      case 'object':
        return this.#objectName(schema, path)
      case undefined:
        return 'dyn'
    }
  }

  /** A JSON value as rules see it. */
  valueOf(schema: SchemaNode, value: Json): unknown {
    if (value === null) return value
    if (Array.isArray(value)) {
      const { items } = schema
      return items === undefined ? plainValue(value) : value.map((item: Json) => this.valueOf(items, item))
    }
    if (isJsonObject(value)) return this.#objectValue(schema, value)
    if (typeof value === 'string') return textValue(schema.limits.format ?? '', value)
    if (typeof value !== 'number') return value
    return schema.type !== 'number' && Number.isInteger(value) ? BigInt(value) : value
  }

  #objectName(schema: SchemaNode, path: string): string {
    const { additional, properties } = schema
    if (typeof additional === 'object') return `map<string, ${this.nameOf(additional, `${path}.value`)}>`
    if (additional === true) return 'map<string, dyn>'
    if (properties.size === 0 && !schema.isEmbedded) return schema.keepsUnknown ? 'dyn' : 'map<string, dyn>'
    return this.#typeOf(schema, path).name
  }

  #objectValue(schema: SchemaNode, value: JsonObject): unknown {
    const { additional } = schema
    if (typeof additional === 'object') {
      return new Map(Object.entries(value).map(([key, each]) => [key, this.valueOf(additional, each ?? null)]))
    }
    const type = this.#made.get(schema)
    return type === undefined ? plainValue(value) : type.make(value)
  }

  #typeOf(schema: SchemaNode, path: string): ObjectType {
    const known = this.#made.get(schema)
    if (known !== undefined) return known
    const fields: Record<string, string> = {}
    const places = new Map<string, { readonly name: string; readonly schema: SchemaNode }>()
    for (const [name, inner] of schema.properties) {
      for (const field of fieldNames(name)) {
        const isTyped = this.#named.has(field) || inner.type !== 'object'
        fields[field] = isTyped ? this.nameOf(inner, `${path}.${field}`) : 'dyn'
        places.set(field, { name, schema: inner })
      }
    }
    const read = (field: string, raw: JsonObject): unknown => {
      const place = places.get(field)
      const value = place === undefined ? undefined : raw[place.name]
      if (place === undefined || value === undefined) return undefined
      return this.valueOf(place.schema, value)
    }
    // CEL tells types by their constructors.
    class Value extends RuleObject {
      override read = read
    }
    const made = { name: path, make: (value: JsonObject) => new Value(value) }
    this.#made.set(schema, made)
    this.#env.registerType(path, { ctor: Value, fields })
    this.#env.registerOperator(`${path} == ${path}`, (a: unknown, b: unknown) => isSameObject(a, b))
    return made
  }
}

interface ObjectType {
  readonly name: string
  readonly make: (value: JsonObject) => unknown
}

function plainValue(value: Json): unknown {
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(plainValue)
  if (!isJsonObject(value)) return value
  return new Map(Object.entries(value).map(([key, each]) => [key, plainValue(each ?? null)]))
}

function textValue(format: string, text: string): unknown {
  switch (FORMATS[format]) {
    case TIMESTAMP:
      return new Date(text)
    case DURATION:
      return durationOf(text)
    case 'bytes':
      return Buffer.from(text, 'base64')
    default:
      return text
  }
}

// What rules may call a field; words that CEL keeps for itself stand behind a dot as they are, too.
function fieldNames(name: string): readonly string[] {
  const escaped = escapedName(name)
  return [...new Set([...(escaped === undefined ? [] : [escaped]), ...(IDENTIFIER.test(name) ? [name] : [])])]
}

/**
 * The name of a field in CEL, by upstream's escapes; undefined for one that rules cannot name
 * (kubernetes.io/docs/reference/using-api/cel, "Escaping").
 */
export function escapedName(name: string): string | undefined {
  if (RESERVED.has(name)) return `__${name}__`
  const escaped = name
    .replaceAll('__', '__underscores__')
    .replaceAll('.', '__dot__')
    .replaceAll('-', '__dash__')
    .replaceAll('/', '__slash__')
  return IDENTIFIER.test(escaped) ? escaped : undefined
}

const TIMESTAMP = 'google.protobuf.Timestamp'
const DURATION = 'google.protobuf.Duration'
const FORMATS: Readonly<Record<string, string>> = {
  'date-time': TIMESTAMP,
  date: TIMESTAMP,
  duration: DURATION,
  byte: 'bytes',
}
const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/
const RESERVED: ReadonlySet<string> = new Set(
  'true false null in as break const continue else for function if import let loop package namespace return var void while'.split(
    ' ',
  ),
)
