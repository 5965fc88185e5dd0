/** A JSON value as parsed: what objects are made of. Never changed once it is part of an object. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject

/** A JSON object. `__proto__` is an ordinary key of it: objects made here have no prototype that could answer. */
export interface JsonObject {
  readonly [key: string]: Json | undefined
}

/** True for a JSON object: no list, not null. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value at a path of names; undefined where something on the way is not there. */
export function jsonAt(value: Json | undefined, ...names: readonly string[]): Json | undefined {
  let at = value
  for (const name of names) {
    if (!isJsonObject(at) || !Object.hasOwn(at, name)) return undefined
    at = at[name]
  }
  return at
}

/** The text at a path, or undefined. */
export function textAt(value: Json | undefined, ...names: readonly string[]): string | undefined {
  const found = jsonAt(value, ...names)
  return typeof found === 'string' ? found : undefined
}

/** The number at a path, or undefined. */
export function numberAt(value: Json | undefined, ...names: readonly string[]): number | undefined {
  const found = jsonAt(value, ...names)
  return typeof found === 'number' ? found : undefined
}

/** The list at a path; empty when there is none. */
export function listAt(value: Json | undefined, ...names: readonly string[]): readonly Json[] {
  const found = jsonAt(value, ...names)
  return Array.isArray(found) ? found : []
}

/** The texts in the list at a path; what else is in it is left out. */
export function textsAt(value: Json | undefined, ...names: readonly string[]): readonly string[] {
  return listAt(value, ...names).filter(item => typeof item === 'string')
}

/** A word or number as text; empty for all else. */
export function wordOf(value: Json | undefined): string {
  return typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : ''
}

/** True when two values are the same JSON, whatever the order of keys. */
export function isSameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, index) => isSameJson(item, b[index]))
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false
  const keys = definedKeys(a)
  return keys.length === definedKeys(b).length && keys.every(key => Object.hasOwn(b, key) && isSameJson(a[key], b[key]))
}

/** Sets a field of an object that is being made: `__proto__` is a field as any other. */
export function putField(object: Record<string, Json | undefined>, name: string, value: Json | undefined): void {
  if (name !== '__proto__') object[name] = value
  else Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true })
}

function definedKeys(value: JsonObject): string[] {
  return Object.keys(value).filter(key => value[key] !== undefined)
}
