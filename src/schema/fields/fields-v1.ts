import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import { VALUE_DEPTH_MAX } from '../limits.ts'
import { canonicalElement, type PathElement } from './path.ts'
import { EMPTY_SET, type FieldSet, LEAF } from './set.ts'

/**
 * Reads a set as `fieldsV1` of metadata.managedFields holds it: an object for each element; `.` in it says that the element
 * itself is in the set, as an empty object does. Undefined for what is no such set; elements of unknown kinds are left out.
 */
export function readFieldsV1(json: Json | undefined): FieldSet | undefined {
  if (!isJsonObject(json)) return undefined
  return readNode(json, 0)?.node
}

/** Writes a set as {@link readFieldsV1} reads it. */
export function writeFieldsV1(set: FieldSet): JsonObject {
  const entries: [string, JsonObject][] = []
  for (const [element, node] of set.below) {
    if (node.below.size === 0) {
      if (node.isMember) entries.push([element, LEAF_JSON])
      continue
    }
    const inner = writeFieldsV1(node)
    entries.push([element, node.isMember ? { '.': LEAF_JSON, ...inner } : inner])
  }
  return Object.fromEntries(entries.sort(byElement))
}

const LEAF_JSON: JsonObject = {}

interface Read {
  readonly node: FieldSet
}

function readNode(json: JsonObject, depth: number): Read | undefined {
  if (depth > VALUE_DEPTH_MAX) return undefined
  const below = new Map<PathElement, FieldSet>()
  let isMember = false
  for (const [key, value] of Object.entries(json)) {
    if (!isJsonObject(value)) return undefined
    if (key === '.') {
      isMember = true
      continue
    }
    if (!/^[fkvi]:/.test(key)) continue
    const element = canonicalElement(key)
    const inner = isEmpty(value) ? { node: LEAF } : readNode(value, depth + 1)
    if (element === undefined || inner === undefined) return undefined
    below.set(element, inner.node)
  }
  if (below.size === 0) return { node: isMember ? LEAF : EMPTY_SET }
  return { node: { isMember, below } }
}

function isEmpty(object: JsonObject): boolean {
  for (const _ in object) return false
  return true
}

function byElement([a]: readonly [string, JsonObject], [b]: readonly [string, JsonObject]): number {
  return a < b ? -1 : a > b ? 1 : 0
}
