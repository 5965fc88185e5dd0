import type { FilesystemRow } from '#rpc'
import { type Json, jsonAt, type KubeObject, numberAt, quantityOf } from '#schema'
import type { FilesystemLimits } from './storage.ts'

/**
 * What a filesystem is to be limited to: what its object wants; where that says nothing, no limit that the object has set
 * before, and what it is limited to otherwise.
 */
export function wantedLimits(object: KubeObject, row: FilesystemRow): FilesystemLimits {
  const wanted = limitsIn(jsonAt(object, 'spec'))
  const before = limitsIn(jsonAt(object, 'status'))
  const of = (name: keyof FilesystemLimits): number | undefined =>
    wanted[name] ?? (before[name] === undefined ? row[name] : undefined)
  return { bytesMax: of('bytesMax'), inodesMax: of('inodesMax') }
}

/** The limits that a spec or status names. */
export function limitsIn(part: Json | undefined): FilesystemLimits {
  return { bytesMax: bytesOf(jsonAt(part, 'bytesMax')), inodesMax: numberAt(part, 'inodesMax') }
}

/** True when both allow the same. */
export function isSameLimit(a: FilesystemLimits, b: FilesystemLimits): boolean {
  return a.bytesMax === b.bytesMax && a.inodesMax === b.inodesMax
}

/** An amount in whole bytes, rounded up; undefined when it is none. */
export function bytesOf(amount: Json | undefined): number | undefined {
  const quantity = amount === undefined ? undefined : quantityOf(amount)
  return quantity === undefined ? undefined : Number((quantity.nanos + NANOS - 1n) / NANOS)
}

const NANOS = 1_000_000_000n
