import { isJsonObject, type Json } from '../json.ts'
import type { Shape } from '../shape.ts'
import { fieldShape, isNamed, isVoid, itemsByElement, listIn, mergingOf, objectIn } from './merging.ts'
import { fieldElement, type PathElement } from './path.ts'
import { EMPTY_SET, type FieldSet, LEAF } from './set.ts'

/** The paths that an object, or a value in it, mentions: its leaves, the items of its lists and the keys of its maps. */
export function coveredBy(shape: Shape | undefined, value: Json): FieldSet {
  const merging = mergingOf(shape, value)
  switch (merging.kind) {
    case 'one':
      return LEAF
    case 'fields': {
      const below = new Map<PathElement, FieldSet>()
      for (const [name, field] of Object.entries(objectIn(value))) {
        if (field === undefined) continue
        const node = coveredBy(fieldShape(shape, name), field)
        const isOwn = !isNamed(shape, name) || (isJsonObject(field) && isVoid(field))
        below.set(fieldElement(name), isOwn ? own(node) : node)
      }
      return below.size === 0 ? EMPTY_SET : { isMember: false, below }
    }
    case 'items': {
      const below = new Map<PathElement, FieldSet>()
      for (const [element, items] of itemsByElement(merging.facts, listIn(value))) {
        const [first] = items
        const isOnce = items.length === 1 && first !== undefined
        below.set(element, isOnce ? own(coveredBy(merging.items, first)) : LEAF)
      }
      return below.size === 0 ? EMPTY_SET : { isMember: false, below }
    }
  }
}

/** The set with every field on the way to its paths, but for keys of maps and items of lists. */
export function withNamedFields(shape: Shape | undefined, set: FieldSet): FieldSet {
  if (set.below.size === 0) return set
  const below = new Map<PathElement, FieldSet>()
  for (const [element, node] of set.below) {
    const name = element.startsWith('f:') ? element.slice(2) : undefined
    const inner = name === undefined ? itemsShape(shape) : fieldShape(shape, name)
    const made = withNamedFields(inner, node)
    below.set(element, name !== undefined && isNamed(shape, name) ? own(made) : made)
  }
  return { isMember: set.isMember, below }
}

function own(set: FieldSet): FieldSet {
  if (set.isMember) return set
  return set.below.size === 0 ? LEAF : { isMember: true, below: set.below }
}

function itemsShape(shape: Shape | undefined): Shape | undefined {
  return shape?.kind === 'list' ? shape.items : undefined
}
