import type { Json } from '../json.ts'
import type { Shape } from '../shape.ts'
import { fieldShape, listIn, mergingOf, objectIn } from './merging.ts'
import { fieldElement, itemElement } from './path.ts'
import type { FieldSet } from './set.ts'

/** A value without the paths of a set; undefined when that leaves nothing of it. */
export function withoutPaths(shape: Shape | undefined, value: Json, set: FieldSet): Json | undefined {
  if (set.below.size === 0) return value
  const merging = mergingOf(shape, value)
  switch (merging.kind) {
    case 'one':
      return value
    case 'fields': {
      const entries: [string, Json][] = []
      for (const [name, field] of Object.entries(objectIn(value))) {
        const node = set.below.get(fieldElement(name))
        if (field === undefined || node?.isMember === true) continue
        const left = node === undefined ? field : withoutPaths(fieldShape(shape, name), field, node)
        if (left !== undefined) entries.push([name, left])
      }
      return entries.length === 0 ? undefined : Object.fromEntries(entries)
    }
    case 'items': {
      const items: Json[] = []
      for (const [index, item] of listIn(value).entries()) {
        const node = set.below.get(itemElement(merging.facts, item, index))
        if (node?.isMember === true) continue
        items.push(node === undefined ? item : (withoutPaths(merging.items, item, node) ?? {}))
      }
      return items.length === 0 ? undefined : items
    }
  }
}
