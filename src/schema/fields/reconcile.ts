import type { Shape } from '../shape.ts'
import type { ManagerEntry } from './managers.ts'
import { fieldShape } from './merging.ts'
import type { PathElement } from './path.ts'
import { type FieldSet, LEAF } from './set.ts'

/**
 * Entries as the schema of today has them: whoever set a part of what is one value now has it all. People change the
 * schemas of their kinds; Kubernetes' own stay.
 */
export function reconciled(shape: Shape, entries: readonly ManagerEntry[]): readonly ManagerEntry[] {
  if (shape.kind !== 'object' || shape.custom === undefined) return entries
  return entries.map(entry => {
    const fields = asOne(shape, entry.fields)
    return fields === entry.fields ? entry : { ...entry, fields, stored: undefined }
  })
}

function asOne(shape: Shape | undefined, set: FieldSet): FieldSet {
  if (set.below.size === 0 || shape === undefined) return set
  if (isOne(shape)) return LEAF
  const below = new Map<PathElement, FieldSet>()
  let isSame = true
  for (const [element, node] of set.below) {
    const inner = element.startsWith('f:')
      ? fieldShape(shape, element.slice(2))
      : shape.kind === 'list'
        ? shape.items
        : undefined
    const made = asOne(inner, node)
    if (made !== node) isSame = false
    below.set(element, made)
  }
  return isSame ? set : { isMember: set.isMember, below }
}

function isOne(shape: Shape): boolean {
  if (shape.kind === 'object' || shape.kind === 'map') return shape.isAtomic === true
  return shape.kind !== 'list' || shape.facts === undefined || shape.facts.type === 'atomic'
}
