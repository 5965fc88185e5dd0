import type { ListFacts } from '../facts/lists.ts'
import { isJsonObject, type Json } from '../json.ts'

/**
 * One step of a path into an object, as FieldsV1 writes it (sigs.k8s.io/structured-merge-diff, fieldpath): `f:NAME` a
 * field, `k:{"KEY":VALUE,...}` the item of a list with these keys, `v:VALUE` the item of a set, `i:INDEX` any other item.
 */
export type PathElement = string

/** The element of a field. */
export function fieldElement(name: string): PathElement {
  return `f:${name}`
}

/** The element of a list's item: by its keys or its value; by its index when it has not all keys. */
export function itemElement(facts: ListFacts, item: Json, index: number): PathElement {
  if (facts.type === 'set') return `v:${goJson(item)}`
  if (facts.type !== 'map' || !isJsonObject(item)) return `i:${index}`
  const keys = facts.keys.length > 1 ? facts.keys.toSorted() : facts.keys
  const said: string[] = []
  for (const key of keys) {
    const value = item[key] ?? facts.defaults?.[key]
    if (value === undefined || value === null) return `i:${index}`
    said.push(`${JSON.stringify(key)}:${goJson(value)}`)
  }
  return `k:{${said.join(',')}}`
}

/** The keys of a list that an item has not, and that have no default. */
export function missingKeys(facts: ListFacts, item: Json): readonly string[] {
  if (facts.type !== 'map') return []
  return facts.keys.filter(key => !isJsonObject(item) || (item[key] ?? facts.defaults?.[key] ?? null) === null)
}

/** A path as Kubernetes shows it in conflicts, such as `.spec.containers[name="web"].image`. */
export function pathText(path: readonly PathElement[]): string {
  return path.map(elementText).join('')
}

/** An element in the one form that equal elements have; undefined for what is none. */
export function canonicalElement(text: string): PathElement | undefined {
  const rest = text.slice(2)
  switch (text.slice(0, 2)) {
    case 'f:':
      return text
    case 'i:':
      return /^-?[0-9]{1,9}$/.test(rest) ? text : undefined
    case 'v:':
      return readJson(rest, value => `v:${goJson(value)}`)
    case 'k:':
      return readJson(rest, value => (isJsonObject(value) ? `k:${goJson(value)}` : undefined))
    default:
      return undefined
  }
}

function elementText(element: PathElement): string {
  const rest = element.slice(2)
  switch (element.slice(0, 2)) {
    case 'f:':
      return `.${rest}`
    case 'k:':
      return readJson(rest, value => (isJsonObject(value) ? `[${keysText(value)}]` : undefined)) ?? `[${rest}]`
    case 'v:':
      return `[=${rest}]`
    default:
      return `[${rest}]`
  }
}

function keysText(keys: Readonly<Record<string, Json | undefined>>): string {
  return Object.entries(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')
}

function readJson<T>(text: string, run: (value: Json) => T): T | undefined {
  try {
    const value: Json = JSON.parse(text)
    return run(value)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

// As Go's encoding/json writes it, keys in order, so that Kubernetes' own clients make the same elements.
function goJson(value: Json): string {
  const text = JSON.stringify(isJsonObject(value) ? sorted(value) : value)
  return HTML.test(text) ? text.replace(HTML_ALL, escaped) : text
}

function sorted(value: Readonly<Record<string, Json | undefined>>): Readonly<Record<string, Json | undefined>> {
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`
}

const HTML = /[<>&\u2028\u2029]/
const HTML_ALL = /[<>&\u2028\u2029]/g
