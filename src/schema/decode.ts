import { schemaFault } from './faults.ts'
import type { FieldError } from './field-error.ts'
import { required } from './field-error.ts'
import { isJsonObject, type Json, type JsonObject } from './json.ts'
import { VALUE_DEPTH_MAX } from './limits.ts'
import { canonicalQuantity, quantityOf } from './quantity.ts'
import { mistypedText, type Standing } from './mistyped.ts'
import type { ObjectShape, Shape } from './shape.ts'

/** An object as its shape has it: fields it does not know are left out and told. */
export interface Decoded {
  readonly value: JsonObject
  /** Paths of the fields left out, such as `spec.replica`. */
  readonly unknown: readonly string[]
  /** Required fields that are not there. */
  readonly missing: readonly FieldError[]
}

/**
 * Reads a JSON object by its shape. `null` stands for a field that is not there, as Kubernetes has it. Faults: BadRequest
 * for a value of another type, in the words of Kubernetes. Custom resources are read by their schema.
 */
export function decode(shape: ObjectShape, value: JsonObject): Decoded {
  if (shape.custom !== undefined) return shape.custom.decode(value)
  const decoding: Decoding = { unknown: [], missing: [] }
  const decoded = decodeObject(decoding, shape, value, { owner: shape.name, field: '', path: '', depth: 0 })
  return { value: decoded, ...decoding }
}

interface Decoding {
  readonly unknown: string[]
  readonly missing: FieldError[]
}

interface At extends Standing {
  readonly depth: number
}

function decodeValue(decoding: Decoding, shape: Shape, value: Json, at: At): Json {
  if (at.depth > VALUE_DEPTH_MAX) throw schemaFault('BadRequest', `${at.path}: nested too deeply`)
  switch (shape.kind) {
    case 'object':
      if (!isJsonObject(value)) throw mistyped(shape, value, at)
      return decodeObject(decoding, shape, value, at)
    case 'list':
      if (!Array.isArray(value)) throw mistyped(shape, value, at)
      return value.map((item, index) =>
        decodeValue(decoding, shape.items, item, { ...at, path: `${at.path}[${index}]`, depth: at.depth + 1 }),
      )
    case 'map':
      if (!isJsonObject(value)) throw mistyped(shape, value, at)
      return mapEntries(value, (key, item) =>
        decodeValue(decoding, shape.values, item, { ...at, path: below(at.path, key), depth: at.depth + 1 }),
      )
    default:
      if (!isScalar(shape, value)) throw mistyped(shape, value, at)
      return shape.kind === 'quantity' ? (canonicalQuantity(value) ?? value) : value
  }
}

function decodeObject(decoding: Decoding, shape: ObjectShape, value: JsonObject, at: At): JsonObject {
  for (const name of shape.required) {
    if (value[name] === undefined || value[name] === null) decoding.missing.push(required(below(at.path, name)))
  }
  return mapEntries(value, (name, item) => {
    const field = shape.fields.get(name)
    const path = below(at.path, name)
    if (field !== undefined) return decodeValue(decoding, field, item, inside(shape, name, { at, path }))
    if (shape.keepsUnknown === true) return item
    decoding.unknown.push(path)
    return undefined
  })
}

function inside(
  { name: owner }: ObjectShape,
  name: string,
  { at, path }: { readonly at: At; readonly path: string },
): At {
  return { owner, field: at.field === '' ? name : `${at.field}.${name}`, path, depth: at.depth + 1 }
}

// Without those that are null or left out; itself when that changes nothing. Keys such as `__proto__` stay keys.
function mapEntries(value: JsonObject, run: (key: string, item: Json) => Json | undefined): JsonObject {
  const keys = Object.keys(value)
  let entries: [string, Json][] | undefined
  for (const [index, key] of keys.entries()) {
    const item = value[key]
    const made = item === null || item === undefined ? undefined : run(key, item)
    if (entries === undefined && made !== undefined && made === item) continue
    entries ??= keys.slice(0, index).map(before => [before, value[before] ?? null])
    if (made !== undefined) entries.push([key, made])
  }
  return entries === undefined ? value : Object.fromEntries(entries)
}

type Scalar = Exclude<Shape, { readonly kind: 'object' | 'list' | 'map' }>

function isScalar(shape: Scalar, value: Json): boolean {
  switch (shape.kind) {
    case 'any':
      return true
    case 'boolean':
      return typeof value === 'boolean'
    case 'bytes':
      return typeof value === 'string' && BASE64.test(value)
    case 'int-or-string':
      return typeof value === 'string' || Number.isSafeInteger(value)
    case 'integer':
      return Number.isSafeInteger(value) && (shape.bits === 64 || Math.trunc(Number(value)) === (Number(value) | 0))
    case 'number':
      return typeof value === 'number'
    case 'quantity':
      return quantityOf(value) !== undefined
    case 'string':
      return typeof value === 'string'
    case 'time':
    case 'micro-time':
      return typeof value === 'string' && TIME.test(value) && !Number.isNaN(Date.parse(value))
  }
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/

function mistyped(shape: Shape, value: Json, at: At): Error {
  return schemaFault('BadRequest', mistypedText(shape, value, at))
}

/** The path of a field below another, as Kubernetes writes it; keys that are no names stand in brackets. */
export function below(path: string, key: string): string {
  if (!/^[A-Za-z0-9_$-]+$/.test(key)) return `${path}[${key}]`
  return path === '' ? key : `${path}.${key}`
}
