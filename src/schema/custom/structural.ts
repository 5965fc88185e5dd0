import { type FieldError, forbidden, invalid, notSupported, required } from '../field-error.ts'
import { isJsonObject, isSameJson, type Json, type JsonObject, listAt, textAt } from '../json.ts'
import { CUSTOM_ERRORS_MAX, SCHEMA_DEPTH_MAX, SCHEMA_NODES_MAX } from '../limits.ts'
import { entriesAt, SCHEMA_TYPES } from './node.ts'
import { compilePattern } from './patterns/pattern.ts'

/**
 * What keeps a schema from being structural (kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/
 * custom-resource-definitions, "Specifying a structural schema"), or from being one that is read here; in steps.
 */
export function* structuralErrors(schema: JsonObject, path: string): Generator<void, readonly FieldError[]> {
  const checking: Checking = { errors: [], nodes: 0 }
  yield* checkPlace(checking, schema, { path, level: 'root', depth: 0 })
  return checking.errors.slice(0, CUSTOM_ERRORS_MAX)
}

interface Checking {
  readonly errors: FieldError[]
  nodes: number
}

type Level = 'root' | 'item' | 'field'

interface At {
  readonly path: string
  readonly level: Level
  readonly depth: number
}

function* checkPlace(checking: Checking, schema: JsonObject, at: At): Generator<void> {
  yield
  if (!isBounded(checking, at)) return
  const { errors } = checking
  const { path, depth } = at
  checkWords(errors, schema, path)
  checkType(errors, schema, at)
  checkLists(errors, schema, path)
  if (at.level === 'root' || schema['x-kubernetes-embedded-resource'] === true) checkMeta(errors, schema, at)
  yield* checkAdditional(checking, schema, at)
  const { items } = schema
  if (isJsonObject(items))
    yield* checkPlace(checking, items, { path: `${path}.items`, level: 'item', depth: depth + 1 })
  else if (items !== undefined)
    errors.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'))
  for (const [name, each] of entriesAt(schema, 'properties')) {
    yield* checkPlace(checking, each, { path: `${path}.properties[${name}]`, level: 'field', depth: depth + 1 })
  }
  checkJunctors(checking, schema, at, schema)
}

function isBounded(checking: Checking, { path, depth }: At): boolean {
  checking.nodes += 1
  if (checking.errors.length > CUSTOM_ERRORS_MAX) return false
  if (depth <= SCHEMA_DEPTH_MAX && checking.nodes <= SCHEMA_NODES_MAX) return true
  const what = depth > SCHEMA_DEPTH_MAX ? `deeper than ${SCHEMA_DEPTH_MAX}` : `of more than ${SCHEMA_NODES_MAX} places`
  const isTold = checking.errors.some(({ reason }) => reason === 'FieldValueTooLong')
  if (!isTold)
    checking.errors.push({
      field: path,
      reason: 'FieldValueTooLong',
      message: `Too long: schemas ${what} are not read`,
    })
  return false
}

// JSON Schema that no version of Kubernetes takes here, and patterns.
function checkWords(errors: FieldError[], schema: JsonObject, path: string): void {
  for (const [word, rule] of Object.entries(FORBIDDEN)) {
    if (schema[word] !== undefined) errors.push(forbidden(`${path}.${word}`, `${word} ${rule}`))
  }
  if (schema['uniqueItems'] === true) errors.push(forbidden(`${path}.uniqueItems`, UNIQUE_ITEMS))
  if (schema['type'] === 'null') {
    errors.push(forbidden(`${path}.type`, 'type cannot be set to null, use nullable as an alternative'))
  }
  const pattern = textAt(schema, 'pattern') ?? ''
  const made = pattern === '' ? undefined : compilePattern(pattern)
  if (made?.kind !== 'refused') return
  errors.push(invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${made.why}`))
}

function checkType(errors: FieldError[], schema: JsonObject, { path, level }: At): void {
  const type = textAt(schema, 'type') ?? ''
  const isFree = schema[INT_OR_STRING] === true || schema[PRESERVE] === true
  if (type === '' && schema[EMBEDDED] === true) {
    errors.push(required(`${path}.type`, 'must be object if x-kubernetes-embedded-resource is true'))
  } else if (type === '' && !isFree) errors.push(required(`${path}.type`, EMPTY_TYPE[level]))
  else if (type !== '' && type !== 'null' && !SCHEMA_TYPES.some(each => each === type)) {
    errors.push(notSupported(`${path}.type`, type, SCHEMA_TYPES))
  }
  if (type !== '' && type !== 'object' && schema[EMBEDDED] === true) {
    errors.push(invalid(`${path}.type`, type, 'must be object if x-kubernetes-embedded-resource is true'))
  }
  if (level === 'root' && type !== '' && type !== 'object') {
    errors.push(invalid(`${path}.type`, type, 'must be object at the root'))
  }
  if (type === 'array' && schema['items'] === undefined) errors.push(required(`${path}.items`, 'must be specified'))
  if (schema[PRESERVE] === false) errors.push(invalid(`${path}.${PRESERVE}`, false, 'must be true or undefined'))
  if (schema[INT_OR_STRING] !== true) return
  if (type !== '') errors.push(invalid(`${path}.type`, type, 'must be empty if x-kubernetes-int-or-string is true'))
  for (const word of [PRESERVE, EMBEDDED]) {
    if (schema[word] === true) {
      errors.push(invalid(`${path}.${word}`, true, 'must be false if x-kubernetes-int-or-string is true'))
    }
  }
}

function checkLists(errors: FieldError[], schema: JsonObject, path: string): void {
  const listType = textAt(schema, 'x-kubernetes-list-type')
  const mapType = textAt(schema, 'x-kubernetes-map-type')
  const keys = listAt(schema, 'x-kubernetes-list-map-keys')
  const type = textAt(schema, 'type') ?? ''
  if (mapType !== undefined && mapType !== 'granular' && mapType !== 'atomic') {
    errors.push(notSupported(`${path}.x-kubernetes-map-type`, mapType, ['atomic', 'granular']))
  }
  if (mapType !== undefined && type !== 'object') {
    errors.push(invalid(`${path}.type`, type, 'must be object if x-kubernetes-map-type is specified'))
  }
  if (listType !== undefined && !['atomic', 'set', 'map'].includes(listType)) {
    errors.push(notSupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']))
  }
  if (listType !== undefined && type !== 'array') {
    const detail = 'must be array if x-kubernetes-list-type is specified'
    errors.push(type === '' ? required(`${path}.type`, detail) : invalid(`${path}.type`, type, detail))
  }
  if (listType === 'map') checkMapKeys(errors, schema, keys, path)
  else if (keys.length > 0) {
    errors.push(forbidden(`${path}.x-kubernetes-list-map-keys`, 'must not be set if x-kubernetes-list-type is not map'))
  }
}

function checkMapKeys(errors: FieldError[], schema: JsonObject, keys: readonly Json[], path: string): void {
  const items = schema['items']
  if (!isJsonObject(items) || items['type'] !== 'object') {
    errors.push(
      invalid(
        `${path}.items.type`,
        textAt(items, 'type') ?? '',
        "must be object if parent array's x-kubernetes-list-type is map",
      ),
    )
    return
  }
  if (keys.length === 0) {
    errors.push(required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'))
  }
  const fields = new Map(entriesAt(items, 'properties'))
  for (const [index, given] of keys.entries()) {
    const key = typeof given === 'string' ? given : ''
    const field = `${path}.x-kubernetes-list-map-keys[${index}]`
    const inner = fields.get(key)
    if (inner === undefined) errors.push(invalid(field, key, 'must be one of the names of properties of the items'))
    else if (['array', 'object'].includes(textAt(inner, 'type') ?? '')) {
      errors.push(
        invalid(
          `${path}.items.properties[${key}].type`,
          inner['type'],
          "must be a scalar type if parent array's x-kubernetes-list-type is map",
        ),
      )
    } else if (inner['default'] === undefined && !listAt(items, 'required').includes(key)) {
      errors.push(
        required(
          `${path}.items.properties[${key}].default`,
          'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
        ),
      )
    }
  }
}

function checkMeta(errors: FieldError[], schema: JsonObject, { path, level }: At): void {
  const properties = new Map(entriesAt(schema, 'properties'))
  for (const name of ['apiVersion', 'kind']) {
    const type = properties.get(name)?.['type']
    if (properties.has(name) && type !== 'string')
      errors.push(invalid(`${path}.properties[${name}].type`, type ?? '', 'must be string'))
  }
  const metadata = properties.get('metadata')
  if (metadata !== undefined && metadata['type'] !== 'object') {
    errors.push(invalid(`${path}.properties[metadata].type`, metadata['type'] ?? '', 'must be object'))
  }
  if (metadata === undefined || level !== 'root') return
  const isPlain = entriesAt(metadata, 'properties').every(([name]) => name === 'name' || name === 'generateName')
  const others = Object.keys(metadata).filter(word => !['type', 'properties', 'description'].includes(word))
  if (!isPlain || others.length > 0) {
    errors.push(
      forbidden(
        `${path}.properties[metadata]`,
        'must not specify anything other than name and generateName, but metadata is implicitly specified',
      ),
    )
  }
}

function* checkAdditional(checking: Checking, schema: JsonObject, { path, level, depth }: At): Generator<void> {
  const additional = schema['additionalProperties']
  const field = `${path}.additionalProperties`
  if (additional === undefined) return
  if (level === 'root') checking.errors.push(forbidden(field, 'must not be used at the root'))
  if (schema[EMBEDDED] === true) {
    checking.errors.push(forbidden(field, 'must not be used if x-kubernetes-embedded-resource is set'))
  }
  if (entriesAt(schema, 'properties').length > 0) {
    checking.errors.push(forbidden(field, 'additionalProperties and properties are mutual exclusive'))
  }
  if (additional === false) checking.errors.push(forbidden(field, 'additionalProperties cannot be set to false'))
  if (isJsonObject(additional))
    yield* checkPlace(checking, additional, { path: field, level: 'field', depth: depth + 1 })
}

// Rules within allOf, anyOf, oneOf and not are of values only; `outer` is where the same place is described.
function checkJunctors(checking: Checking, schema: JsonObject, at: At, outer: JsonObject | undefined): void {
  const isFree = outer?.[INT_OR_STRING] === true
  for (const name of ['allOf', 'anyOf', 'oneOf']) {
    for (const [index, each] of listAt(schema, name).entries()) {
      const isPattern =
        isFree && (isIntOrString(schema, name) || (name === 'allOf' && index === 0 && isIntOrString(each, 'anyOf')))
      if (!isJsonObject(each) || isPattern) continue
      checkValueRules(checking, each, { ...at, path: `${at.path}.${name}[${index}]`, depth: at.depth + 1 }, outer)
    }
  }
  const { not } = schema
  if (isJsonObject(not)) checkValueRules(checking, not, { ...at, path: `${at.path}.not`, depth: at.depth + 1 }, outer)
}

function isIntOrString(schema: Json | undefined, name: string): boolean {
  return name === 'anyOf' && isSameJson(listAt(schema, name), [{ type: 'integer' }, { type: 'string' }])
}

function checkValueRules(checking: Checking, schema: JsonObject, at: At, outer: JsonObject | undefined): void {
  if (!isBounded(checking, at)) return
  const { errors } = checking
  const { path, depth } = at
  checkWords(errors, schema, path)
  for (const [word, rule] of Object.entries(NOT_NESTED)) {
    if (isSet(schema[word])) errors.push(forbidden(`${path}.${word}`, `must be ${rule} to be structural`))
  }
  const known = new Map(outer === undefined ? [] : entriesAt(outer, 'properties'))
  const others = outer?.['additionalProperties']
  for (const [name, each] of entriesAt(schema, 'properties')) {
    const field = `${path}.properties[${name}]`
    if (name === 'metadata') errors.push(forbidden(field, 'must not be specified in a nested context'))
    const inner = known.get(name) ?? (isJsonObject(others) ? others : undefined)
    if (inner === undefined)
      errors.push(required(`${at.path.replace(JUNCTORS, '')}.properties[${name}]`, `because it is defined in ${field}`))
    else checkValueRules(checking, each, { path: field, level: 'field', depth: depth + 1 }, inner)
  }
  const { items } = schema
  if (isJsonObject(items)) {
    const inner = outer?.['items']
    const field = `${path}.items`
    if (!isJsonObject(inner))
      errors.push(required(`${at.path.replace(JUNCTORS, '')}.items`, `because it is defined in ${field}`))
    else checkValueRules(checking, items, { path: field, level: 'item', depth: depth + 1 }, inner)
  }
  checkJunctors(checking, schema, at, outer)
}

function isSet(value: Json | undefined): boolean {
  return value !== undefined && value !== false && value !== '' && !(Array.isArray(value) && value.length === 0)
}

const INT_OR_STRING = 'x-kubernetes-int-or-string'
const PRESERVE = 'x-kubernetes-preserve-unknown-fields'
const EMBEDDED = 'x-kubernetes-embedded-resource'
const JUNCTORS = /(?:\.(?:allOf|anyOf|oneOf)\[[0-9]+\]|\.not)+/g
const UNIQUE_ITEMS = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'

const EMPTY_TYPE: Readonly<Record<Level, string>> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

const FORBIDDEN: Readonly<Record<string, string>> = {
  $ref: 'is not supported',
  additionalItems: 'is not supported',
  definitions: 'is not supported',
  dependencies: 'is not supported',
  id: 'is not supported',
  patternProperties: 'is not supported',
}

const NOT_NESTED: Readonly<Record<string, string>> = {
  type: 'empty',
  additionalProperties: 'undefined',
  default: 'undefined',
  title: 'empty',
  description: 'empty',
  nullable: 'false',
  externalDocs: 'undefined',
  [PRESERVE]: 'false',
  [EMBEDDED]: 'false',
  [INT_OR_STRING]: 'false',
  'x-kubernetes-list-map-keys': 'empty',
  'x-kubernetes-list-type': 'undefined',
  'x-kubernetes-map-type': 'undefined',
  'x-kubernetes-validations': 'empty',
}
