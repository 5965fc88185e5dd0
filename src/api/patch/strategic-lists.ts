import { isJsonObject, type Json } from '#schema'

/** What tells an item of a list from the others, as text: the value of its key. Undefined when it has none. */
export function itemName(item: Json, key: string): string | undefined {
  const value = isJsonObject(item) ? item[key] : undefined
  return value === undefined || value === null ? undefined : JSON.stringify(value)
}

/** A list of words with more of them, each there once. */
export function withItems(list: readonly Json[], more: readonly Json[]): readonly Json[] {
  const seen = new Map<string, Json>()
  for (const item of [...list, ...more]) {
    const name = JSON.stringify(item)
    if (!seen.has(name)) seen.set(name, item)
  }
  return [...seen.values()]
}

/** A list of words without some of them. */
export function withoutItems(list: readonly Json[], gone: readonly Json[]): readonly Json[] {
  const names = new Set(gone.map(item => JSON.stringify(item)))
  return list.filter(item => !names.has(JSON.stringify(item)))
}

/** A list that was merged, what it was before, and the order a patch wants. */
export interface Ordering {
  readonly list: readonly Json[]
  readonly before: readonly Json[]
  readonly order: readonly Json[]
  /** Undefined for a list of words. */
  readonly key: string | undefined
}

/**
 * The list in the order a patch wants: items it names come in its order, the others stay before those that they were
 * before (k8s.io/apimachinery/pkg/util/strategicpatch, normalizeElementOrder).
 */
export function orderedItems({ list, before, order, key }: Ordering): readonly Json[] {
  const nameOf = (item: Json) => (key === undefined ? JSON.stringify(item) : (itemName(item, key) ?? ''))
  const wanted = placesOf(order.map(nameOf))
  const old = placesOf(before.map(nameOf))
  const place = (places: ReadonlyMap<string, number>, item: Json): number => places.get(nameOf(item)) ?? Infinity
  const named = list.filter(item => wanted.has(nameOf(item))).sort((a, b) => place(wanted, a) - place(wanted, b))
  const others = list.filter(item => !wanted.has(nameOf(item)))
  const ordered: Json[] = []
  let next = 0
  for (const item of named) {
    const at = old.get(nameOf(item))
    for (let other = others[next]; other !== undefined; other = others[next]) {
      if (at === undefined || place(old, other) >= at) break
      ordered.push(other)
      next += 1
    }
    ordered.push(item)
  }
  return [...ordered, ...others.slice(next)]
}

function placesOf(names: readonly string[]): ReadonlyMap<string, number> {
  return new Map(names.map((name, index) => [name, index]))
}
