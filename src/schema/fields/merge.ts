import { type Json, type JsonObject, putField } from '../json.ts'
import type { Shape } from '../shape.ts'
import { fieldShape, itemsByElement, listIn, type Merging, mergingOf, objectIn } from './merging.ts'
import type { PathElement } from './path.ts'

/**
 * What an object becomes when another is applied to it: nothing goes, what both have is as applied, lists in the order of
 * what is applied. In steps.
 */
export function* mergeApplied(
  shape: Shape | undefined,
  live: Json | undefined,
  applied: Json | undefined,
): Generator<void, Json> {
  if (applied === undefined || applied === null) return live ?? null
  if (typeof applied !== 'object') return applied
  const merging = mergingOf(shape, applied)
  if (live === undefined || merging.kind === 'one' || mergingOf(shape, live).kind !== merging.kind) return applied
  return merging.kind === 'fields'
    ? yield* mergeFields(shape, live, applied)
    : yield* mergeItems(merging, live, applied)
}

function* mergeFields(shape: Shape | undefined, live: Json, applied: Json): Generator<void, JsonObject> {
  const merged: Record<string, Json | undefined> = { ...objectIn(live) }
  for (const [name, value] of Object.entries(objectIn(applied))) {
    yield
    const there = Object.hasOwn(merged, name) ? merged[name] : undefined
    if (value !== there) putField(merged, name, yield* mergeApplied(fieldShape(shape, name), there, value))
  }
  return merged
}

// Items that only the live list has stay before the shared item that follows them.
function* mergeItems(
  { facts, items }: Extract<Merging, { readonly kind: 'items' }>,
  live: Json,
  applied: Json,
): Generator<void, readonly Json[]> {
  const old = itemsByElement(facts, listIn(live))
  const wanted = itemsByElement(facts, listIn(applied))
  const left = [...old.keys()]
  const shared = [...wanted.keys()].filter(element => old.has(element))
  const merged: Json[] = []
  let at = 0
  let round = 0
  const passKept = (until: PathElement | undefined): void => {
    for (; at < left.length && left[at] !== until; at += 1) {
      const element = left[at] ?? ''
      if (!wanted.has(element)) merged.push(...(old.get(element) ?? []))
    }
  }
  for (const [element, [value]] of wanted) {
    passKept(shared[round])
    const before = old.get(element)
    merged.push(yield* mergeApplied(items, before?.length === 1 ? before[0] : undefined, value))
    if (element !== shared[round]) continue
    round += 1
    at += 1
  }
  passKept(undefined)
  return merged
}
