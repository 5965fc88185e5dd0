import { runSteps } from '#base'
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

/** Reads what {@link writeFieldsV1} wrote, without looking whether it did. */
export function storedFieldsV1(json: Json | undefined): FieldSet {
  if (!isJsonObject(json)) return EMPTY_SET
  const below = new Map<PathElement, FieldSet>()
  let isMember = false
  for (const element in json) {
    const value = json[element]
    if (element === '.') isMember = true
    else below.set(element, isJsonObject(value) && isEmpty(value) ? LEAF : storedFieldsV1(value))
  }
  return below.size === 0 && !isMember ? EMPTY_SET : { isMember, below }
}

/** Writes a set as {@link readFieldsV1} reads it. */
export function writeFieldsV1(set: FieldSet): JsonObject {
  return runSteps(writingFieldsV1(set))
}

/** As {@link writeFieldsV1}, in steps. */
export function* writingFieldsV1(set: FieldSet): Generator<void, JsonObject> {
  // No element is `__proto__`: each begins with what it is.
  const json: Record<PathElement, JsonObject> = {}
  let count = 0
  for (const element of inOrder([...set.below.keys()])) {
    const node = set.below.get(element) ?? EMPTY_SET
    if (node.below.size > 0) json[element] = yield* writingNode(node)
    else if (node.isMember) json[element] = LEAF_JSON
    count += 1
    if (count % ELEMENTS_IN_STEP === 0) yield
  }
  return json
}

function* writingNode(node: FieldSet): Generator<void, JsonObject> {
  const inner = yield* writingFieldsV1(node)
  return node.isMember ? { '.': LEAF_JSON, ...inner } : inner
}

function inOrder(elements: PathElement[]): readonly PathElement[] {
  const isInOrder = elements.every((element, index) => index === 0 || (elements[index - 1] ?? '') < element)
  return isInOrder ? elements : elements.sort()
}

const LEAF_JSON: JsonObject = {}
const ELEMENTS_IN_STEP = 1000

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
