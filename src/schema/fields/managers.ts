import { runSteps } from '#base'
import { isJsonObject, isSameJson, type Json, type JsonObject, textAt } from '../json.ts'
import { readFieldsV1, storedFieldsV1, writingFieldsV1 } from './fields-v1.ts'
import { type FieldSet, intersection, isEmptySet } from './set.ts'

/** Which fields of an object somebody has set, and how (k8s.io/apimachinery meta/v1 ManagedFieldsEntry). */
export interface ManagerEntry {
  readonly manager: string
  /** `Apply` by a server-side apply: what is no longer applied goes. `Update` by all else. */
  readonly operation: 'Apply' | 'Update'
  readonly apiVersion: string
  /** Empty for the object itself. */
  readonly subresource: string
  /** RFC 3339 to the second; undefined when it is not known. */
  readonly time: string | undefined
  readonly fields: FieldSet
  /** The entry as it was stored, when it is still so. */
  readonly stored?: JsonObject | undefined
}

/** Reads `metadata.managedFields`; undefined when an entry is not well formed. */
export function readManagers(json: Json | undefined): readonly ManagerEntry[] | undefined {
  if (!Array.isArray(json)) return json === undefined ? [] : undefined
  const entries: ManagerEntry[] = []
  for (const item of json) {
    const entry = readEntry(item)
    if (entry === undefined) return undefined
    const same = entries.findIndex(other => isSameManager(other, entry))
    if (same >= 0) entries[same] = entry
    else entries.push(entry)
  }
  return entries
}

/** Reads what {@link writeManagers} wrote; the fields of an entry are read when they are asked for. */
export function storedManagers(json: Json | undefined): readonly ManagerEntry[] {
  return Array.isArray(json) ? json.filter(isJsonObject).map(storedEntry) : []
}

/** True when some path of a set is in an entry. */
export function touches(entry: ManagerEntry, set: FieldSet): boolean {
  const { stored } = entry
  return stored === undefined ? !isEmptySet(intersection(entry.fields, set)) : hasAny(stored['fieldsV1'], set)
}

/** Writes `metadata.managedFields`: appliers first, then by time; undefined when nobody has set anything. */
export function writeManagers(entries: readonly ManagerEntry[]): readonly Json[] | undefined {
  return runSteps(writingManagers(entries))
}

/** As {@link writeManagers}, in steps. */
export function* writingManagers(entries: readonly ManagerEntry[]): Generator<void, readonly Json[] | undefined> {
  const kept = entries.filter(entry => entry.stored !== undefined || !isEmptySet(entry.fields)).sort(inOrder)
  const written: Json[] = []
  for (const entry of kept) written.push(yield* writingEntry(entry))
  return written.length === 0 ? undefined : written
}

/** True for entries of one manager: an applier is the same whatever version it applies. */
export function isSameManager(a: ManagerEntry, b: ManagerEntry): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    a.subresource === b.subresource &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion)
  )
}

/** True for what a client sends to have all managers forgotten: no entry, or one that is empty. */
export function isReset(json: Json | undefined): boolean {
  return Array.isArray(json) && (json.length === 0 || (json.length === 1 && isSameJson(json[0], {})))
}

/** A manager as conflicts name it, such as `"kubectl-edit" using apps/v1`. */
export function managerText({ manager, subresource, operation, apiVersion }: ManagerEntry): string {
  const part = subresource === '' ? '' : ` with subresource ${JSON.stringify(subresource)}`
  return `${JSON.stringify(manager)}${part}${operation === 'Update' ? ` using ${apiVersion}` : ''}`
}

function readEntry(json: Json): ManagerEntry | undefined {
  if (!isJsonObject(json)) return undefined
  const { operation, fieldsType } = json
  const apiVersion = textAt(json, 'apiVersion') ?? ''
  const fields = readFieldsV1(json['fieldsV1'] ?? {})
  if ((operation !== 'Apply' && operation !== 'Update') || apiVersion === '') return undefined
  if (fieldsType !== 'FieldsV1' || fields === undefined) return undefined
  const [manager, subresource] = [textAt(json, 'manager') ?? '', textAt(json, 'subresource') ?? '']
  return { manager, operation, apiVersion, subresource, time: textAt(json, 'time'), fields }
}

function storedEntry(stored: JsonObject): ManagerEntry {
  let fields: FieldSet | undefined
  return {
    manager: textAt(stored, 'manager') ?? '',
    operation: stored['operation'] === 'Apply' ? 'Apply' : 'Update',
    apiVersion: textAt(stored, 'apiVersion') ?? '',
    subresource: textAt(stored, 'subresource') ?? '',
    time: textAt(stored, 'time'),
    get fields() {
      fields ??= storedFieldsV1(stored['fieldsV1'])
      return fields
    },
    stored,
  }
}

function hasAny(json: Json | undefined, set: FieldSet): boolean {
  if (!isJsonObject(json)) return false
  for (const [element, node] of set.below) {
    const inner = json[element]
    if (!isJsonObject(inner)) continue
    if (node.isMember && (Object.hasOwn(inner, '.') || isSameJson(inner, {}))) return true
    if (hasAny(inner, node)) return true
  }
  return false
}

function* writingEntry(entry: ManagerEntry): Generator<void, JsonObject> {
  if (entry.stored !== undefined) return entry.stored
  const { manager, operation, apiVersion, subresource, time, fields } = entry
  return {
    manager,
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: yield* writingFieldsV1(fields),
    ...(subresource === '' ? {} : { subresource }),
  }
}

function inOrder(a: ManagerEntry, b: ManagerEntry): number {
  const [one, other] = [placeOf(a), placeOf(b)]
  return one < other ? -1 : one > other ? 1 : 0
}

function placeOf({ operation, time = '', manager, apiVersion, subresource }: ManagerEntry): string {
  return [operation, time, manager, apiVersion, subresource].join('\0')
}
