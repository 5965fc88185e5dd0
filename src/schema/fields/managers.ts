import { isJsonObject, isSameJson, type Json, type JsonObject, textAt } from '../json.ts'
import { readFieldsV1, writeFieldsV1 } from './fields-v1.ts'
import { type FieldSet, isEmptySet } from './set.ts'

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

/** Writes `metadata.managedFields`: appliers first, then by time; undefined when nobody has set anything. */
export function writeManagers(entries: readonly ManagerEntry[]): readonly Json[] | undefined {
  const kept = entries.filter(({ fields }) => !isEmptySet(fields))
  return kept.length === 0 ? undefined : kept.toSorted(inOrder).map(writeEntry)
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

function writeEntry(entry: ManagerEntry): JsonObject {
  const { manager, operation, apiVersion, subresource, time, fields } = entry
  return {
    manager,
    operation,
    apiVersion,
    ...(time === undefined ? {} : { time }),
    fieldsType: 'FieldsV1',
    fieldsV1: writeFieldsV1(fields),
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
