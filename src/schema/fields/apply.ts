import { runSteps } from '#base'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { ObjectShape } from '../shape.ts'
import { bare, clothed } from './bare.ts'
import { type Comparison, compare } from './compare.ts'
import { coveredBy, withNamedFields } from './cover.ts'
import { lastAppliedPaths, withLastApplied } from './last-applied.ts'
import { isSameManager, type ManagerEntry, storedManagers, writingManagers } from './managers.ts'
import { mergeApplied } from './merge.ts'
import type { PathElement } from './path.ts'
import { reconciled } from './reconcile.ts'
import { withoutPaths } from './remove.ts'
import {
  difference,
  EMPTY_SET,
  type FieldSet,
  hasPath,
  intersection,
  isEmptySet,
  isSameSet,
  LEAF,
  pathsOf,
  union,
} from './set.ts'
import { type FieldManager, partOf, withoutChanges, withUpdate } from './update.ts'

/** An object that is to be as its manager says, as far as he says it. */
export interface FieldApply {
  readonly shape: ObjectShape
  /** Undefined when there is none yet. */
  readonly live: KubeObject | undefined
  readonly config: KubeObject
  readonly by: FieldManager
  /** Fields that others have set to something else become his. */
  readonly isForced: boolean
}

/** What an apply makes of an object, with `metadata.managedFields`; or whose fields it would change. */
export type Applied =
  | { readonly ok: true; readonly object: KubeObject }
  | { readonly ok: false; readonly conflicts: readonly FieldConflict[] }

/** A field that another manager has set to something else. */
export interface FieldConflict {
  readonly manager: ManagerEntry
  readonly path: readonly PathElement[]
}

/**
 * Applies an object (kubernetes.io/docs/reference/using-api/server-side-apply; the rules of
 * sigs.k8s.io/structured-merge-diff, merge): what he applies is merged into it, and what he applied before and no longer
 * does goes unless somebody else has it. Applying one object twice is as applying it once.
 */
export function applyFields(apply: FieldApply): Applied {
  return runSteps(applyingFields(apply))
}

/** The same in steps: of an object of a mebibyte, each takes as long as a whole turn. */
export function* applyingFields(apply: FieldApply): Generator<void, Applied> {
  const { live, config, by } = apply
  const covered = coveredBy(apply.shape, bare(config))
  yield
  const mine = applierEntry(by, covered)
  yield
  if (live === undefined) return { ok: true, object: yield* withManagers(config, [mine]) }
  const entries = managersOf(live, apply)
  const before = entries.find(entry => isSameManager(entry, mine))
  const others = entries.filter(entry => entry !== before)
  yield
  const merged = yield* mergeApplied(apply.shape, bare(live), onlyPart(bare(config), by.part))
  yield
  const last = difference(before?.fields ?? EMPTY_SET, mine.fields)
  yield
  const next = pruned(apply.shape, merged, last, [...others, mine])
  yield
  const changes = changesOf(apply, next)
  yield
  const conflicts = apply.isForced ? [] : conflictsOf(apply, others, changes)
  if (conflicts.length > 0) return { ok: false, conflicts }
  const isSame = isNothing(changes) && before !== undefined && isSameSet(before.fields, mine.fields)
  yield
  const own = isSame ? before : mine
  const left = withoutChanges(others, changes)
  yield
  const object = yield* withManagers(clothed(live, next), [...left, own])
  yield
  return { ok: true, object: withLastApplied(apply, object) }
}

function applierEntry(by: FieldManager, covered: FieldSet): ManagerEntry {
  const fields = difference(partOf(covered, by.part), METADATA)
  const { name: manager, apiVersion, subresource, time } = by
  return { manager, operation: 'Apply', apiVersion, subresource, time, fields }
}

// Nobody owns metadata as such.
const METADATA: FieldSet = { isMember: false, below: new Map([['f:metadata', LEAF]]) }

// All that is there before the first apply belongs to somebody, lest the first who applies has it all.
function managersOf(live: KubeObject, { shape, by }: FieldApply): readonly ManagerEntry[] {
  const entries = reconciled(shape, storedManagers(live.metadata['managedFields']))
  if (entries.length > 0) return entries
  const { changed } = compare(shape, bare(undefined), bare(live))
  return withUpdate([], partOf(changed, by.part), { ...by, name: 'before-first-apply' })
}

function* withManagers(object: KubeObject, entries: readonly ManagerEntry[]): Generator<void, KubeObject> {
  const { managedFields: _, name, uid, creationTimestamp, ...rest } = object.metadata
  const managedFields = yield* writingManagers(entries)
  const fields = managedFields === undefined ? {} : { managedFields }
  return { ...object, metadata: { ...rest, ...fields, name, uid, creationTimestamp } }
}

// Takes out what was applied before, then puts back what anybody has, and what lay in the way.
function pruned(shape: ObjectShape, merged: Json, last: FieldSet, entries: readonly ManagerEntry[]): JsonObject {
  if (isEmptySet(last)) return asObject(merged)
  const wasMine = withNamedFields(shape, last)
  const all = withNamedFields(shape, coveredBy(shape, merged))
  const owned = withNamedFields(
    shape,
    entries.reduce((sum, { fields }) => union(sum, fields), EMPTY_SET),
  )
  const left = coverage(shape, withoutPaths(shape, merged, wasMine))
  const kept = withoutPaths(shape, merged, difference(all, union(left, owned)))
  const gone = intersection(difference(all, coverage(shape, kept)), wasMine)
  return asObject(withoutPaths(shape, merged, gone))
}

function coverage(shape: ObjectShape, value: Json | undefined): FieldSet {
  return value === undefined ? EMPTY_SET : withNamedFields(shape, coveredBy(shape, value))
}

function changesOf({ shape, live, by }: FieldApply, next: JsonObject): Comparison {
  const { changed, removed } = compare(shape, bare(live), next)
  return { changed: partOf(changed, by.part), removed: partOf(removed, by.part) }
}

// What kubectl has applied on the client's side before is its own, whatever name it had then.
function conflictsOf(apply: FieldApply, others: readonly ManagerEntry[], { changed }: Comparison): FieldConflict[] {
  const conflicts = others.flatMap(manager =>
    [...pathsOf(intersection(manager.fields, changed))].map(path => ({ manager, path })),
  )
  if (conflicts.length === 0) return conflicts
  const allowed = lastAppliedPaths(apply)
  return conflicts.filter(({ path }) => !hasPath(allowed, path))
}

function isNothing({ changed, removed }: Comparison): boolean {
  return isEmptySet(changed) && isEmptySet(removed)
}

function onlyPart(config: JsonObject, part: FieldManager['part']): JsonObject {
  const { status, ...rest } = config
  if (part === 'object') return config
  if (part === 'spec') return rest
  return status === undefined ? {} : { status }
}

function asObject(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {}
}
