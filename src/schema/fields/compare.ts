import { isSameJson, type Json } from '../json.ts'
import type { Shape } from '../shape.ts'
import { fieldShape, isVoid, itemsByElement, listIn, type Merging, mergingOf, objectIn } from './merging.ts'
import { fieldElement, type PathElement } from './path.ts'
import { type FieldDraft, type FieldSet, fieldDraft, graft, insert } from './set.ts'

/** What one object has other than another. */
export interface Comparison {
  /** Paths that were not there, or have another value now. */
  readonly changed: FieldSet
  /** Paths that are no longer there. */
  readonly removed: FieldSet
}

/** Compares two values of a shape by path. What is the same object in both is not looked at. */
export function compare(shape: Shape | undefined, old: Json | undefined, now: Json | undefined): Comparison {
  const walk: Walk = { changed: fieldDraft(), removed: fieldDraft(), path: [] }
  compareValues(walk, shape, old, now)
  return walk
}

interface Walk {
  readonly changed: FieldDraft
  readonly removed: FieldDraft
  readonly path: PathElement[]
}

function compareValues(walk: Walk, shape: Shape | undefined, old: Json | undefined, now: Json | undefined): void {
  if (old === now) return
  const before = mergingOf(shape, old)
  const after = mergingOf(shape, now)
  if (old !== undefined && now !== undefined && before.kind !== after.kind) {
    graft(walk.removed, walk.path, wholeOf(shape, old))
    graft(walk.changed, walk.path, wholeOf(shape, now))
  } else if (old === undefined && now !== undefined) graft(walk.changed, walk.path, wholeOf(shape, now))
  else if (now === undefined && old !== undefined) graft(walk.removed, walk.path, wholeOf(shape, old))
  else if (after.kind === 'one' || (isVoid(old) && isVoid(now))) note(walk, old, now)
  else if (after.kind === 'fields') compareFields(walk, shape, old, now)
  else compareItems(walk, after, old, now)
}

// Every path of a value that was not there before, or is there no longer: also those of what lies between.
function wholeOf(shape: Shape | undefined, value: Json): FieldDraft {
  const merging = mergingOf(shape, value)
  if (merging.kind === 'one' || isVoid(value)) return { isMember: true, below: new Map() }
  const below = new Map<PathElement, FieldDraft>()
  if (merging.kind === 'fields') {
    for (const [name, field] of Object.entries(objectIn(value))) {
      if (field !== undefined) below.set(fieldElement(name), wholeOf(fieldShape(shape, name), field))
    }
  } else {
    for (const [element, [first, ...more]] of itemsByElement(merging.facts, listIn(value))) {
      below.set(
        element,
        first === undefined || more.length > 0 ? { isMember: true, below: new Map() } : wholeOf(merging.items, first),
      )
    }
  }
  return { isMember: true, below }
}

function compareFields(walk: Walk, shape: Shape | undefined, old: Json | undefined, now: Json | undefined): void {
  const before = objectIn(old)
  const after = objectIn(now)
  for (const name of Object.keys(after)) {
    const value = Object.hasOwn(before, name) ? before[name] : undefined
    if (value === after[name]) continue
    walk.path.push(fieldElement(name))
    compareValues(walk, fieldShape(shape, name), value, after[name])
    walk.path.pop()
  }
  for (const name of Object.keys(before)) {
    if (Object.hasOwn(after, name)) continue
    walk.path.push(fieldElement(name))
    compareValues(walk, fieldShape(shape, name), before[name], undefined)
    walk.path.pop()
  }
}

function compareItems(
  walk: Walk,
  { facts, items }: Extract<Merging, { readonly kind: 'items' }>,
  old: Json | undefined,
  now: Json | undefined,
): void {
  // Most lists are as they were, and telling that is cheaper than telling their items.
  if (isSameJson(old, now)) return
  const before = itemsByElement(facts, listIn(old))
  const after = itemsByElement(facts, listIn(now))
  const elements = new Set([...after.keys(), ...before.keys()])
  for (const element of elements) {
    const [was, is] = [before.get(element), after.get(element)]
    walk.path.push(element)
    if ((was?.length ?? 0) > 1 || (is?.length ?? 0) > 1) note(walk, was, is)
    else compareValues(walk, items, was?.[0], is?.[0])
    walk.path.pop()
  }
}

function note(walk: Walk, old: Json | undefined, now: Json | undefined): void {
  if (now === undefined) insert(walk.removed, walk.path)
  else if (old === undefined || !isSameJson(old, now)) insert(walk.changed, walk.path)
}
