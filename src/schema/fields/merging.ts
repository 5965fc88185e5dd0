import type { ListFacts } from '../facts/lists.ts'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { Shape } from '../shape.ts'
import { itemElement, type PathElement } from './path.ts'

/** How a value is owned: as one, by its fields, or by its items. */
export type Merging =
  | { readonly kind: 'one' }
  | { readonly kind: 'fields'; readonly shape: Shape | undefined }
  | { readonly kind: 'items'; readonly facts: ListFacts; readonly items: Shape }

/**
 * How a value of a shape is owned. Without a shape (fields that a custom resource keeps although its schema does not name
 * them) objects are owned by their fields and all else as one.
 */
export function mergingOf(shape: Shape | undefined, value: Json | undefined): Merging {
  if (shape === undefined) return isJsonObject(value) ? { kind: 'fields', shape } : ONE
  switch (shape.kind) {
    case 'object':
    case 'map':
      return shape.isAtomic === true || !isJsonObject(value ?? {}) ? ONE : { kind: 'fields', shape }
    case 'list':
      return shape.facts === undefined || shape.facts.type === 'atomic' || !Array.isArray(value ?? [])
        ? ONE
        : { kind: 'items', facts: shape.facts, items: shape.items }
    default:
      return ONE
  }
}

const ONE: Merging = { kind: 'one' }

/** The shape of a field; undefined for one that is not known. */
export function fieldShape(shape: Shape | undefined, name: string): Shape | undefined {
  if (shape?.kind === 'object') return shape.fields.get(name)
  return shape?.kind === 'map' ? shape.values : undefined
}

/** True for a field that a shape names, other than the key of a map. */
export function isNamed(shape: Shape | undefined, name: string): boolean {
  return shape?.kind === 'object' && shape.fields.has(name)
}

/** The items of a list by their elements; more than one where a list that people wrote has duplicates. */
export function itemsByElement(facts: ListFacts, list: readonly Json[]): ReadonlyMap<PathElement, readonly Json[]> {
  const items = new Map<PathElement, Json[]>()
  for (const [index, item] of list.entries()) {
    const element = itemElement(facts, item, index)
    const same = items.get(element)
    if (same === undefined) items.set(element, [item])
    else same.push(item)
  }
  return items
}

/** A value as an object; empty when it is none. */
export function objectIn(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : NOTHING
}

/** A value as a list; empty when it is none. */
export function listIn(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : []
}

/** True for a value that is not there, or an object or list without anything in it. */
export function isVoid(value: Json | undefined): boolean {
  if (Array.isArray(value)) return value.length === 0
  if (!isJsonObject(value)) return value === undefined || value === null
  for (const _ in value) return false
  return true
}

const NOTHING: JsonObject = {}
