import type { FilesystemRow } from '#rpc'
import { canonicalQuantity, type JsonObject, jsonAt, type KubeObject, numberAt } from '#schema'
import { bytesOf } from './limits.ts'

/** True when what a filesystem holds differs from what its object tells by so much that it is worth a write. */
export function isUsageNews(object: KubeObject, row: FilesystemRow): boolean {
  const status = jsonAt(object, 'status')
  return (
    isFar(bytesOf(jsonAt(status, 'bytesUsed')), row.bytesUsed) ||
    isFar(numberAt(status, 'inodesUsed'), row.inodesUsed) ||
    numberAt(status, 'snapshots') !== row.snapshots
  )
}

/** What a filesystem holds, for its status. */
export function usageOf({ id, bytesUsed, inodesUsed, snapshots }: FilesystemRow): JsonObject {
  return { id, bytesUsed: canonicalQuantity(String(bytesUsed)) ?? '0', inodesUsed, snapshots }
}

// By more than a hundredth.
function isFar(told: number | undefined, now: number): boolean {
  return told === undefined || Math.abs(told - now) > told / 100
}
