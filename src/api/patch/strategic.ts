import {
  isJsonObject,
  isSameJson,
  type Json,
  type JsonObject,
  listFacts,
  mergeKeyOf,
  type ObjectShape,
  patchStrategy,
  type Shape,
} from '#schema'
import { apiFault } from '../faults.ts'

/**
 * Strategic merge patch (kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch; directives as
 * in k8s.io/apimachinery/pkg/util/strategicpatch): as a merge patch, but lists of objects that have a key are merged item by
 * item. Faults: BadRequest.
 */
export function strategicPatch(shape: ObjectShape, target: JsonObject, patch: JsonObject): JsonObject {
  return mergeObject(shape, target, patch) ?? {}
}

// Undefined: the patch deletes it.
function mergeObject(shape: Shape | undefined, target: JsonObject, patch: JsonObject): JsonObject | undefined {
  const { $patch: directive, $retainKeys: retained, ...rest } = patch
  if (directive === 'replace') return withoutDirectives(rest)
  if (directive === 'delete') return undefined
  if (directive !== undefined && directive !== 'merge') throw malformed('$patch must be replace, delete or merge')
  const fields = shape?.kind === 'object' ? shape : undefined
  const merged = new Map(Object.entries(retained === undefined ? target : retain(target, retained)))
  for (const [key, value] of Object.entries(rest)) {
    if (key.startsWith('$setElementOrder/')) continue
    const primitive = /^\$deleteFromPrimitiveList\/(.*)$/.exec(key)?.[1]
    if (primitive !== undefined) {
      const before = merged.get(primitive)
      const gone = Array.isArray(value) ? value : []
      if (Array.isArray(before))
        merged.set(
          primitive,
          before.filter(item => !gone.some(each => isSameJson(each, item))),
        )
      continue
    }
    const order = rest[`$setElementOrder/${key}`]
    const next = mergeField({ shape: fields, key, order }, merged.get(key), value)
    if (next === undefined) merged.delete(key)
    else merged.set(key, next)
  }
  for (const [key, order] of Object.entries(rest)) {
    const name = /^\$setElementOrder\/(.*)$/.exec(key)?.[1]
    const list = name === undefined ? undefined : merged.get(name)
    if (name === undefined || !Array.isArray(list) || !Array.isArray(order)) continue
    merged.set(name, ordered(list, order, keyOf(fields, name)))
  }
  return Object.fromEntries(merged)
}

interface Field {
  readonly shape: ObjectShape | undefined
  readonly key: string
  readonly order: Json | undefined
}

function mergeField({ shape, key }: Field, target: Json | undefined, patch: Json | undefined): Json | undefined {
  if (patch === null || patch === undefined) return undefined
  const inner = shape?.fields.get(key)
  const isReplaced = shape !== undefined && patchStrategy(shape.name, key) === 'replace'
  if (isReplaced && isJsonObject(patch)) return withoutDirectives(patch)
  if (isJsonObject(patch)) return mergeObject(valueShape(inner), isJsonObject(target) ? target : {}, patch)
  if (!Array.isArray(patch)) return patch
  const facts = shape === undefined ? undefined : listFacts(shape.name, key)
  const before: readonly Json[] = Array.isArray(target) ? target : []
  if (facts?.type === 'set' && facts.isMerged) {
    return [...before, ...patch.filter(item => !before.some(each => isSameJson(each, item)))]
  }
  const mergeKey = facts === undefined ? undefined : mergeKeyOf(facts)
  if (mergeKey === undefined) return patch.map(withoutDirectivesIn)
  return mergeList({ key: mergeKey, items: inner?.kind === 'list' ? inner.items : undefined }, before, patch)
}

function mergeList(
  list: { readonly key: string; readonly items: Shape | undefined },
  target: readonly Json[],
  patch: readonly Json[],
): readonly Json[] {
  if (patch.some(item => isJsonObject(item) && item['$patch'] === 'replace')) {
    return patch.filter(item => isJsonObject(item) && item['$patch'] === undefined)
  }
  const merged = [...target]
  for (const item of patch) {
    if (!isJsonObject(item)) throw malformed('an item of a list that is merged must be an object')
    const id = item[list.key]
    if (id === undefined) throw malformed(`an item of a list that is merged needs ${list.key}`)
    const at = merged.findIndex(each => isJsonObject(each) && isSameJson(each[list.key], id))
    const before = merged[at]
    const next = mergeObject(list.items, isJsonObject(before) ? before : {}, item)
    if (next === undefined) {
      if (at >= 0) merged.splice(at, 1)
    } else if (at >= 0) merged[at] = next
    else merged.push(next)
  }
  return merged
}

// Those named in the order they are named, the others where they were between them.
function ordered(list: readonly Json[], order: readonly Json[], key: string | undefined): readonly Json[] {
  const place = (item: Json): number =>
    order.findIndex(each =>
      key === undefined
        ? isSameJson(each, item)
        : isJsonObject(each) && isJsonObject(item) && isSameJson(each[key], item[key]),
    )
  const named = list.filter(item => place(item) >= 0).sort((a, b) => place(a) - place(b))
  const result: Json[] = []
  let next = 0
  for (const item of list) {
    if (place(item) < 0) result.push(item)
    else result.push(named[next++] ?? item)
  }
  return result
}

function keyOf(shape: ObjectShape | undefined, field: string): string | undefined {
  const facts = shape === undefined ? undefined : listFacts(shape.name, field)
  return facts === undefined ? undefined : mergeKeyOf(facts)
}

function valueShape(shape: Shape | undefined): Shape | undefined {
  return shape?.kind === 'map' ? shape.values : shape
}

function retain(target: JsonObject, names: Json): JsonObject {
  if (!Array.isArray(names)) throw malformed('$retainKeys must be a list')
  return Object.fromEntries(Object.entries(target).filter(([name]) => names.includes(name)))
}

function withoutDirectives(object: JsonObject): JsonObject {
  const kept = Object.entries(object).filter(
    ([key, value]) => !key.startsWith('$') && value !== null && value !== undefined,
  )
  return Object.fromEntries(kept.map(([key, value]) => [key, withoutDirectivesIn(value ?? null)]))
}

function withoutDirectivesIn(value: Json): Json {
  if (Array.isArray(value)) return value.map(withoutDirectivesIn)
  return isJsonObject(value) ? withoutDirectives(value) : value
}

function malformed(why: string): Error {
  return apiFault('BadRequest', `the strategic merge patch is not understood: ${why}`)
}
