import {
  isJsonObject,
  type Json,
  type JsonObject,
  listFacts,
  mergeKeyOf,
  type ObjectShape,
  patchStrategy,
  type Shape,
} from '#schema'
import { apiFault } from '../faults.ts'
import { itemName, orderedItems, withoutItems, withItems } from './strategic-lists.ts'

/**
 * Strategic merge patch (kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch; directives as
 * in k8s.io/apimachinery/pkg/util/strategicpatch): as a merge patch, but lists of objects that have a key are merged item by
 * item. Takes time in proportion to object and patch together. Faults: BadRequest.
 */
export function strategicPatch(shape: ObjectShape, target: JsonObject, patch: JsonObject): JsonObject {
  return mergeObject(shape, target, patch)
}

function mergeObject(shape: Shape | undefined, target: JsonObject, patch: JsonObject): JsonObject {
  const { directive, retained, fields, gone, orders } = readDirectives(patch)
  if (directive === 'replace') return withoutDirectives(patch)
  if (directive === 'delete') return {}
  const merged = new Map(Object.entries(retained === undefined ? target : retain(target, retained, fields)))
  for (const [name, items] of gone) {
    const before = merged.get(name)
    if (Array.isArray(before)) merged.set(name, withoutItems(before, items))
  }
  for (const [name, value] of fields) {
    const next = mergeField(fieldOf(shape, name), merged.get(name), value)
    if (next === undefined) merged.delete(name)
    else merged.set(name, next)
  }
  for (const [name, order] of orders) {
    const list = merged.get(name)
    const before = target[name]
    if (!Array.isArray(list)) continue
    const key = fieldOf(shape, name).mergeKey
    merged.set(name, orderedItems({ list, before: Array.isArray(before) ? before : [], order, key }))
  }
  return Object.fromEntries(merged)
}

interface Directives {
  readonly directive: string | undefined
  readonly retained: readonly Json[] | undefined
  readonly fields: ReadonlyMap<string, Json>
  /** By field: items that go from a list of words. */
  readonly gone: ReadonlyMap<string, readonly Json[]>
  /** By field: the order of its items, each named as the list names them. */
  readonly orders: ReadonlyMap<string, readonly Json[]>
}

function readDirectives(patch: JsonObject): Directives {
  const { $patch: directive, $retainKeys: retained, ...rest } = patch
  if (directive !== undefined && !DIRECTIVES.has(directive)) throw malformed('$patch must be replace, delete or merge')
  const [fields, gone, orders] = [
    new Map<string, Json>(),
    new Map<string, readonly Json[]>(),
    new Map<string, readonly Json[]>(),
  ]
  for (const [key, value = null] of Object.entries(rest)) {
    if (key.startsWith(DELETE)) gone.set(key.slice(DELETE.length), listOf(key, value))
    else if (key.startsWith(ORDER)) orders.set(key.slice(ORDER.length), listOf(key, value))
    else fields.set(key, value)
  }
  const names = retained === undefined ? undefined : listOf('$retainKeys', retained)
  return { directive: typeof directive === 'string' ? directive : undefined, retained: names, fields, gone, orders }
}

const DIRECTIVES: ReadonlySet<Json> = new Set<Json>(['replace', 'delete', 'merge'])
const DELETE = '$deleteFromPrimitiveList/'
const ORDER = '$setElementOrder/'

interface Field {
  readonly shape: Shape | undefined
  /** What tells the items of its list from each other; undefined when the list is replaced, or is of words. */
  readonly mergeKey: string | undefined
  /** A list of words to which those of a patch are added. */
  readonly isMergedSet: boolean
  readonly isReplaced: boolean
}

function fieldOf(shape: Shape | undefined, name: string): Field {
  if (shape?.kind === 'map') return { shape: shape.values, mergeKey: undefined, isMergedSet: false, isReplaced: false }
  if (shape?.kind !== 'object') return UNKNOWN
  const facts = listFacts(shape.name, name)
  return {
    shape: shape.fields.get(name),
    mergeKey: mergeKeyOf(facts),
    isMergedSet: facts.type === 'set' && facts.isMerged,
    isReplaced: patchStrategy(shape.name, name) === 'replace',
  }
}

const UNKNOWN: Field = { shape: undefined, mergeKey: undefined, isMergedSet: false, isReplaced: false }

function mergeField(field: Field, target: Json | undefined, patch: Json): Json | undefined {
  if (patch === null) return undefined
  if (isJsonObject(patch)) {
    if (field.isReplaced) return withoutDirectives(patch)
    return mergeObject(field.shape, isJsonObject(target) ? target : {}, patch)
  }
  if (!Array.isArray(patch)) return patch
  const before: readonly Json[] = Array.isArray(target) ? target : []
  if (field.isMergedSet) return withItems(before, patch)
  if (field.mergeKey === undefined) return patch.map(withoutDirectivesIn)
  return mergeList(
    { key: field.mergeKey, items: field.shape?.kind === 'list' ? field.shape.items : undefined },
    before,
    patch,
  )
}

interface KeyedList {
  readonly key: string
  readonly items: Shape | undefined
}

function mergeList({ key, items }: KeyedList, target: readonly Json[], patch: readonly Json[]): readonly Json[] {
  const isReplaced = patch.some(item => isJsonObject(item) && item['$patch'] === 'replace')
  const merged = new Map<string, Json>()
  for (const item of isReplaced ? [] : target) merged.set(itemName(item, key) ?? `#${merged.size}`, item)
  for (const item of patch) {
    if (!isJsonObject(item)) throw malformed('an item of a list that is merged must be an object')
    const { $patch: directive, ...rest } = item
    const isAlone = Object.keys(rest).length === 0
    if (directive !== undefined && isAlone && directive !== 'delete') continue
    const name = itemName(item, key)
    if (name === undefined) throw malformed(`an item of a list that is merged needs ${key}`)
    const before = merged.get(name)
    if (directive === 'delete') merged.delete(name)
    else merged.set(name, mergeObject(items, isJsonObject(before) ? before : {}, item))
  }
  return [...merged.values()]
}

function retain(target: JsonObject, names: readonly Json[], fields: ReadonlyMap<string, Json>): JsonObject {
  const kept = new Set(names)
  for (const [name, value] of fields) {
    if (value !== null && !kept.has(name)) throw malformed(`$retainKeys does not name ${name}, which the patch sets`)
  }
  return Object.fromEntries(Object.entries(target).filter(([name]) => kept.has(name)))
}

function withoutDirectives(object: JsonObject): JsonObject {
  const kept = Object.entries(object).flatMap(([key, value = null]) =>
    isDirective(key) || value === null ? [] : [[key, withoutDirectivesIn(value)] as const],
  )
  return Object.fromEntries(kept)
}

function withoutDirectivesIn(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutDirectivesIn)
  return isJsonObject(value) ? withoutDirectives(value) : value
}

function isDirective(key: string): boolean {
  return key === '$patch' || key === '$retainKeys' || key.startsWith(DELETE) || key.startsWith(ORDER)
}

function listOf(name: string, value: Json): readonly Json[] {
  if (Array.isArray(value)) return value
  throw malformed(`${name} must be a list`)
}

function malformed(why: string): Error {
  return apiFault('BadRequest', `the strategic merge patch is not understood: ${why}`)
}
