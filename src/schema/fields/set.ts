import type { PathElement } from './path.ts'

/** A set of paths as a tree: each node says whether its own path is in the set. Never changed once it is made. */
export interface FieldSet {
  readonly isMember: boolean
  readonly below: ReadonlyMap<PathElement, FieldSet>
}

/** A set that is being made. */
export interface FieldDraft extends FieldSet {
  isMember: boolean
  readonly below: Map<PathElement, FieldDraft>
}

const NONE: ReadonlyMap<PathElement, FieldSet> = new Map()

/** The set without paths. */
export const EMPTY_SET: FieldSet = { isMember: false, below: NONE }

/** One path that ends here. */
export const LEAF: FieldSet = { isMember: true, below: NONE }

/** A set to be filled. */
export function fieldDraft(): FieldDraft {
  return { isMember: false, below: new Map() }
}

/** Adds a path. */
export function insert(draft: FieldDraft, path: readonly PathElement[]): void {
  let at = draft
  for (const element of path) {
    let next = at.below.get(element)
    if (next === undefined) {
      next = fieldDraft()
      at.below.set(element, next)
    }
    at = next
  }
  at.isMember = true
}

/** Puts a set below a path at which there is nothing yet. */
export function graft(draft: FieldDraft, path: readonly PathElement[], node: FieldDraft): void {
  const last = path.length - 1
  let at = draft
  for (const [index, element] of path.entries()) {
    const next = index === last ? node : (at.below.get(element) ?? fieldDraft())
    at.below.set(element, next)
    at = next
  }
}

/** True when there is no path in the set. */
export function isEmptySet(set: FieldSet): boolean {
  if (set.isMember) return false
  for (const node of set.below.values()) if (!isEmptySet(node)) return false
  return true
}

/** True for a path of the set. */
export function hasPath(set: FieldSet, path: readonly PathElement[]): boolean {
  let at: FieldSet | undefined = set
  for (const element of path) at = at?.below.get(element)
  return at?.isMember === true
}

/** Paths in one or the other. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === EMPTY_SET) return b
  if (b === EMPTY_SET) return a
  const below = new Map(a.below)
  for (const [element, node] of b.below) {
    const other = below.get(element)
    below.set(element, other === undefined ? node : union(other, node))
  }
  return { isMember: a.isMember || b.isMember, below }
}

/** Paths in both. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  const below = new Map<PathElement, FieldSet>()
  for (const [element, node] of a.below) {
    const other = b.below.get(element)
    if (other === undefined) continue
    const both = intersection(node, other)
    if (!isEmptySet(both)) below.set(element, both)
  }
  return { isMember: a.isMember && b.isMember, below }
}

/** Paths of the first that are not in the second; those below a path of the second stay. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  if (b.below.size === 0) return a.isMember && b.isMember ? { isMember: false, below: a.below } : a
  const below = new Map<PathElement, FieldSet>()
  for (const [element, node] of a.below) {
    const other = b.below.get(element)
    const left = other === undefined ? node : difference(node, other)
    if (!isEmptySet(left)) below.set(element, left)
  }
  return { isMember: a.isMember && !b.isMember, below }
}

/** Those whose first element passes. */
export function filterTop(set: FieldSet, keeps: (element: PathElement) => boolean): FieldSet {
  return { isMember: set.isMember, below: new Map([...set.below].filter(([element]) => keeps(element))) }
}

/** True when both have the same paths. */
export function isSameSet(a: FieldSet, b: FieldSet): boolean {
  return isAlike(a, b) || (isEmptySet(difference(a, b)) && isEmptySet(difference(b, a)))
}

// Most that are the same are so node by node.
function isAlike(a: FieldSet, b: FieldSet): boolean {
  if (a.isMember !== b.isMember || a.below.size !== b.below.size) return false
  for (const [element, node] of a.below) {
    const other = b.below.get(element)
    if (other === undefined || !isAlike(node, other)) return false
  }
  return true
}

/** Every path of a set, parents before what is below them. */
export function* pathsOf(set: FieldSet, above: readonly PathElement[] = []): Generator<readonly PathElement[]> {
  if (set.isMember && above.length > 0) yield above
  for (const [element, node] of set.below) yield* pathsOf(node, [...above, element])
}
