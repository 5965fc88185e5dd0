import { isSameJson, type Json } from '../json.ts'
import { UPDATE_MANAGERS_MAX } from '../limits.ts'
import type { KubeObject } from '../object.ts'
import type { ObjectShape } from '../shape.ts'
import { bare } from './bare.ts'
import { type Comparison, compare } from './compare.ts'
import {
  isReset,
  isSameManager,
  type ManagerEntry,
  readManagers,
  storedManagers,
  touches,
  writeManagers,
  writingManagers,
} from './managers.ts'
import { reconciled } from './reconcile.ts'
import { difference, EMPTY_SET, type FieldSet, filterTop, isEmptySet, union } from './set.ts'

/** Who writes, what of the object, and when. */
export interface FieldManager {
  readonly name: string
  readonly apiVersion: string
  /** Empty for the object itself. */
  readonly subresource: string
  /** What this write sets; the rest of the object is as it was. */
  readonly part: 'object' | 'spec' | 'status'
  /** RFC 3339 to the second. */
  readonly time: string
}

/** A write that was not an apply: `old` is undefined for a new object. */
export interface FieldWrite {
  readonly shape: ObjectShape
  readonly old: KubeObject | undefined
  readonly now: KubeObject
  readonly by: FieldManager
}

/**
 * `metadata.managedFields` after a write, in steps: what it set is its manager's, what it removed is nobody's. A client may send
 * other entries with the object, or have them all forgotten; from then on nobody is noted until the next apply. Undefined when
 * nobody is to be noted.
 */
export function* notingUpdate({ shape, old, now, by }: FieldWrite): Generator<void, Json | undefined> {
  const live = old?.metadata['managedFields']
  const sent = by.subresource === '' ? now.metadata['managedFields'] : live
  const given = managersGiven(live, sent)
  if (old !== undefined && isVoidList(given)) return undefined
  yield
  const found = compare(shape, bare(old), bare(now))
  yield
  const changes = { changed: partOf(found.changed, by.part), removed: partOf(found.removed, by.part) }
  if (isEmptySet(changes.changed) && isEmptySet(changes.removed)) return given
  const entries = reconciled(shape, storedManagers(given))
  const left = withoutChanges(entries, changes)
  yield
  const next = capped(withUpdate(left, changes.changed, by))
  yield
  return yield* writingManagers(next)
}

/** The paths of a set that a write of a part is about. */
export function partOf(set: FieldSet, part: FieldManager['part']): FieldSet {
  if (part === 'object' || set.below.size === 0) return set
  return filterTop(set, element => (element === 'f:status') === (part === 'status'))
}

/** Entries without what others have changed or removed. */
export function withoutChanges(entries: readonly ManagerEntry[], { changed, removed }: Comparison): ManagerEntry[] {
  return entries.flatMap(entry => {
    if (!touches(entry, changed) && !touches(entry, removed)) return [entry]
    const fields = difference(difference(entry.fields, changed), removed)
    return isEmptySet(fields) ? [] : [{ ...entry, fields, stored: undefined }]
  })
}

/** Entries with what a manager has set beside what it had before. */
export function withUpdate(
  entries: readonly ManagerEntry[],
  changed: FieldSet,
  { name, apiVersion, subresource, time }: FieldManager,
): readonly ManagerEntry[] {
  if (isEmptySet(changed)) return entries
  const entry: ManagerEntry = {
    manager: name,
    operation: 'Update',
    apiVersion,
    subresource,
    time,
    fields: { ...changed, isMember: false },
  }
  const before = entries.find(other => isSameManager(other, entry))
  const others = entries.filter(other => other !== before)
  return [...others, { ...entry, fields: union(before?.fields ?? EMPTY_SET, entry.fields) }]
}

// Those that a client sent when they can be read; else those of the object, so that clients that know nothing of them lose
// nothing.
function managersGiven(live: Json | undefined, sent: Json | undefined): Json | undefined {
  if (sent === undefined || sent === live || isSameJson(sent, live)) return live
  if (isReset(sent)) return undefined
  const entries = readManagers(sent)
  return entries === undefined || entries.length === 0 ? live : writeManagers(entries)
}

function isVoidList(json: Json | undefined): boolean {
  return !Array.isArray(json) || json.length === 0
}

// The oldest updates become one entry for each version, so that an object that many write does not grow.
function capped(entries: readonly ManagerEntry[]): readonly ManagerEntry[] {
  const updates = entries.filter(({ operation }) => operation === 'Update')
  if (updates.length <= UPDATE_MANAGERS_MAX) return entries
  const oldest = updates.toSorted((a, b) => ((a.time ?? '') < (b.time ?? '') ? -1 : 1))
  const merged = new Map<string, ManagerEntry[]>()
  let count = updates.length
  for (const entry of oldest) {
    if (count <= UPDATE_MANAGERS_MAX) break
    const bucket = merged.get(entry.apiVersion) ?? []
    if (bucket.push(entry) > 1) count -= 1
    merged.set(entry.apiVersion, bucket)
  }
  const gone = new Set([...merged.values()].filter(bucket => bucket.length > 1).flat())
  const ancient = [...merged.values()].filter(bucket => bucket.length > 1).map(ancientEntry)
  return [...entries.filter(entry => !gone.has(entry)), ...ancient]
}

function ancientEntry(bucket: readonly ManagerEntry[]): ManagerEntry {
  const fields = bucket.reduce((all, entry) => union(all, entry.fields), EMPTY_SET)
  const { apiVersion = '', time } = bucket.at(-1) ?? {}
  return { manager: 'ancient-changes', operation: 'Update', apiVersion, subresource: '', time, fields }
}
