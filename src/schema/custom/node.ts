import { assert } from '#base'
import type { ListFacts } from '../facts/lists.ts'
import { isJsonObject, type Json, type JsonObject, listAt, numberAt, textAt } from '../json.ts'
import { compilePattern, type Pattern } from './patterns/pattern.ts'

/** What a place of a schema may hold. */
export type SchemaType = 'array' | 'boolean' | 'integer' | 'number' | 'object' | 'string'

/**
 * One place of a structural schema (apiextensions.k8s.io/v1 JSONSchemaProps), ready to be walked with a value. Those within
 * allOf, anyOf, oneOf and not have limits only.
 */
export interface SchemaNode {
  readonly type: SchemaType | undefined
  readonly isIntOrString: boolean
  readonly isNullable: boolean
  /** An object of the API in its own right, with apiVersion, kind and metadata. */
  readonly isEmbedded: boolean
  readonly keepsUnknown: boolean
  readonly default: Json | undefined
  readonly properties: ReadonlyMap<string, SchemaNode>
  /** What all other names hold; `true`: anything. */
  readonly additional: SchemaNode | true | undefined
  readonly items: SchemaNode | undefined
  readonly list: ListFacts
  readonly isAtomicMap: boolean
  readonly limits: ValueLimits
  readonly rules: readonly JsonObject[]
  /** Whether it, or something in it, has a default or a rule: other parts need no walk. */
  readonly has: { readonly defaults: boolean; readonly rules: boolean }
}

/** Rules of JSON Schema for one value; undefined where there is none. */
export interface ValueLimits {
  readonly required: readonly string[]
  readonly enum: readonly Json[] | undefined
  readonly format: string | undefined
  readonly pattern: Pattern | undefined
  readonly maximum: number | undefined
  readonly minimum: number | undefined
  readonly isMaximumExclusive: boolean
  readonly isMinimumExclusive: boolean
  readonly multipleOf: number | undefined
  readonly maxLength: number | undefined
  readonly minLength: number | undefined
  readonly maxItems: number | undefined
  readonly minItems: number | undefined
  readonly maxProperties: number | undefined
  readonly minProperties: number | undefined
  readonly allOf: readonly SchemaNode[]
  readonly anyOf: readonly SchemaNode[]
  readonly oneOf: readonly SchemaNode[]
  readonly not: SchemaNode | undefined
}

/** Compiles a schema that `structuralErrors` finds nothing wrong with. */
export function readSchema(schema: JsonObject): SchemaNode {
  const fields = entriesAt(schema, 'properties')
  const properties = fields.length === 0 ? NO_FIELDS : new Map(fields.map(([name, each]) => [name, readSchema(each)]))
  const additional = additionalOf(schema['additionalProperties'])
  const items = isJsonObject(schema['items']) ? readSchema(schema['items']) : undefined
  const inside = [...properties.values(), ...[additional, items].filter(each => typeof each === 'object')]
  const own = listAt(schema, 'x-kubernetes-validations').filter(isJsonObject)
  const rules = own.length === 0 ? NO_RULES : own
  return {
    type: typeOf(textAt(schema, 'type')),
    isIntOrString: schema['x-kubernetes-int-or-string'] === true,
    isNullable: schema['nullable'] === true,
    isEmbedded: schema['x-kubernetes-embedded-resource'] === true,
    keepsUnknown: schema['x-kubernetes-preserve-unknown-fields'] === true,
    default: schema['default'],
    properties,
    additional,
    items,
    list: listOf(schema),
    isAtomicMap: schema['x-kubernetes-map-type'] === 'atomic',
    limits: Object.keys(schema).some(word => LIMITS.has(word)) ? limitsOf(schema) : NO_LIMITS,
    rules,
    has: hasOf(
      inside.some(each => each.has.defaults || each.default !== undefined),
      rules.length > 0 || inside.some(each => each.has.rules),
    ),
  }
}

/** The fields of a schema's part that are schemas themselves, such as its properties. */
export function entriesAt(schema: JsonObject, name: string): readonly (readonly [string, JsonObject])[] {
  const part = schema[name]
  if (!isJsonObject(part)) return []
  return Object.entries(part).flatMap(([key, value]) => (isJsonObject(value) ? [[key, value] as const] : []))
}

/** All types a place may have. */
export const SCHEMA_TYPES: readonly SchemaType[] = ['array', 'boolean', 'integer', 'number', 'object', 'string']

function typeOf(text: string | undefined): SchemaType | undefined {
  return SCHEMA_TYPES.find(type => type === text)
}

function additionalOf(value: Json | undefined): SchemaNode | true | undefined {
  return isJsonObject(value) ? readSchema(value) : value === true ? true : undefined
}

function listOf(schema: JsonObject): ListFacts {
  switch (textAt(schema, 'x-kubernetes-list-type')) {
    case 'map':
      return {
        type: 'map',
        mergeKey: undefined,
        keys: wordsAt(schema, 'x-kubernetes-list-map-keys'),
        ...keyDefaults(schema),
      }
    case 'set':
      return SET
    default:
      return ATOMIC
  }
}

function keyDefaults(schema: JsonObject): { readonly defaults?: Readonly<Record<string, Json>> } {
  const items = schema['items']
  if (!isJsonObject(items)) return {}
  const fields = new Map(entriesAt(items, 'properties'))
  const defaults = wordsAt(schema, 'x-kubernetes-list-map-keys').flatMap(key => {
    const value = fields.get(key)?.['default']
    return value === undefined ? [] : [[key, value] as const]
  })
  return defaults.length === 0 ? {} : { defaults: Object.fromEntries(defaults) }
}

function limitsOf(schema: JsonObject): ValueLimits {
  const nested = (name: string) => listAt(schema, name).filter(isJsonObject).map(readSchema)
  const pattern = textAt(schema, 'pattern') ?? ''
  const values = schema['enum']
  return {
    required: wordsAt(schema, 'required'),
    enum: Array.isArray(values) && values.length > 0 ? values : undefined,
    format: textAt(schema, 'format'),
    pattern: pattern === '' ? undefined : compiled(pattern),
    maximum: numberAt(schema, 'maximum'),
    minimum: numberAt(schema, 'minimum'),
    isMaximumExclusive: schema['exclusiveMaximum'] === true,
    isMinimumExclusive: schema['exclusiveMinimum'] === true,
    multipleOf: numberAt(schema, 'multipleOf'),
    maxLength: numberAt(schema, 'maxLength'),
    minLength: numberAt(schema, 'minLength'),
    maxItems: numberAt(schema, 'maxItems'),
    minItems: numberAt(schema, 'minItems'),
    maxProperties: numberAt(schema, 'maxProperties'),
    minProperties: numberAt(schema, 'minProperties'),
    allOf: nested('allOf'),
    anyOf: nested('anyOf'),
    oneOf: nested('oneOf'),
    not: isJsonObject(schema['not']) ? readSchema(schema['not']) : undefined,
  }
}

function compiled(pattern: string): Pattern {
  const made = compilePattern(pattern)
  assert(made.kind === 'pattern', 'a checked pattern compiles')
  return made
}

function wordsAt(schema: JsonObject, name: string): readonly string[] {
  return listAt(schema, name).filter(each => typeof each === 'string')
}

// Large schemas have thousands of places, most of them without any of these: they share one.
function hasOf(defaults: boolean, rules: boolean): SchemaNode['has'] {
  return defaults || rules ? { defaults, rules } : HAS_NOTHING
}

const HAS_NOTHING: SchemaNode['has'] = { defaults: false, rules: false }
const NO_FIELDS: ReadonlyMap<string, SchemaNode> = new Map()
const NO_RULES: readonly JsonObject[] = []
const ATOMIC: ListFacts = { type: 'atomic' }
const SET: ListFacts = { type: 'set', isMerged: false }
const NO_LIMITS = limitsOf({})
const LIMITS: ReadonlySet<string> = new Set([...Object.keys(NO_LIMITS), 'exclusiveMaximum', 'exclusiveMinimum'])
