import { type FieldError, invalid, notSupported, required } from './field-error.ts'
import { isJsonObject, isSameJson, type Json, type JsonObject, jsonAt, numberAt, textAt } from './json.ts'

// What kinds ask of their fields, in the words of Kubernetes. Each answers what is wrong with the field of an object that
// lies at `field`, and nothing when it is not there.

/** A word must be one of a few. */
export function oneOf(
  object: Json | undefined,
  name: string,
  allowed: readonly string[],
  field: string,
): readonly FieldError[] {
  const value = jsonAt(object, name)
  if (value === undefined || (typeof value === 'string' && allowed.includes(value))) return []
  return [notSupported(below(field, name), value, [...allowed].sort())]
}

/** A text must be there and not be empty. */
export function mustHave(object: Json | undefined, name: string, field: string): readonly FieldError[] {
  return (textAt(object, name) ?? '') === '' ? [required(below(field, name))] : []
}

/** Numbers must not be below zero. */
export function notNegative(object: Json | undefined, names: readonly string[], field: string): readonly FieldError[] {
  return names.flatMap(name => {
    const value = numberAt(object, name)
    return value === undefined || value >= 0 ? [] : [invalid(below(field, name), value, NOT_NEGATIVE)]
  })
}

/** Numbers must be above zero. */
export function positive(object: Json | undefined, names: readonly string[], field: string): readonly FieldError[] {
  return names.flatMap(name => {
    const value = numberAt(object, name)
    return value === undefined || value > 0 ? [] : [invalid(below(field, name), value, 'must be greater than 0')]
  })
}

/** A port, as a number. */
export function portNumber(object: Json | undefined, name: string, field: string): readonly FieldError[] {
  const value = numberAt(object, name) ?? 0
  return value >= 1 && value <= 65_535 ? [] : [invalid(below(field, name), value, PORT_RANGE)]
}

/** A port, as a number or a name. */
export function portOrName(object: Json | undefined, name: string, field: string): readonly FieldError[] {
  const value = jsonAt(object, name)
  if (value === undefined) return []
  if (typeof value !== 'string') return portNumber(object, name, field)
  const problem = portNameProblem(value)
  return problem === undefined ? [] : [invalid(below(field, name), value, problem)]
}

/** A text must be what a rule for names says. */
export function named(
  object: Json | undefined,
  name: string,
  problemOf: (name: string) => string | undefined,
  field: string,
): readonly FieldError[] {
  const value = textAt(object, name)
  const problem = value === undefined || value === '' ? undefined : problemOf(value)
  return problem === undefined ? [] : [invalid(below(field, name), value, problem)]
}

/** Fields of an object may not change once it is there. */
export function immutable(
  now: Json | undefined,
  old: Json | undefined,
  names: readonly string[],
  field: string,
): readonly FieldError[] {
  if (old === undefined) return []
  return names
    .filter(name => !isSameJson(jsonAt(now, name), jsonAt(old, name)))
    .map(name => invalid(below(field, name), jsonAt(now, name) ?? null, 'field is immutable'))
}

/** The object without some of its fields: what is left to compare. */
export function without(object: Json | undefined, names: readonly string[]): JsonObject {
  if (!isJsonObject(object)) return {}
  return Object.fromEntries(Object.entries(object).filter(([name]) => !names.includes(name)))
}

/** What is wrong with the name of a port (RFC 6335). */
export function portNameProblem(name: string): string | undefined {
  if (name.length > 15) return 'must be no more than 15 characters'
  if (!/^[-a-z0-9]+$/i.test(name)) return 'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)'
  if (!/[a-z]/i.test(name)) return 'must contain at least one letter (a-z)'
  if (name.includes('--')) return 'must not contain consecutive hyphens'
  return name.startsWith('-') || name.endsWith('-') ? 'must not begin or end with a hyphen' : undefined
}

function below(field: string, name: string): string {
  return field === '' ? name : `${field}.${name}`
}

const NOT_NEGATIVE = 'must be greater than or equal to 0'
const PORT_RANGE = 'must be between 1 and 65535, inclusive'
