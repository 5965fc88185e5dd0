import type { NodeStatus } from '#rpc'
import { isJsonObject, type JsonObject, type KubeObject, numberAt, textAt } from '#schema'
import { POOL_STEPS } from '../limits.ts'

/** The pool that keeps what is not put elsewhere. */
export const DEFAULT_POOL = 'default'

/** The pool of a machine that has only this one. */
export function defaultPool(): JsonObject {
  return { apiVersion: 'cairn.dev/v1', kind: 'Pool', metadata: { name: DEFAULT_POOL }, spec: {} }
}

/**
 * The status of the default pool. Amounts are told in steps of a part of the whole, so that an object is not written whenever
 * a file is.
 */
export function poolStatus(pool: KubeObject, { held, disk }: NodeStatus): JsonObject {
  const old: JsonObject = isJsonObject(pool['status']) ? pool['status'] : {}
  const step = Math.max(1, Math.ceil(disk.totalBytes / POOL_STEPS))
  const near = (name: string, bytes: number): string => {
    const told = Number(textAt(old, name) ?? Number.NaN)
    return Math.abs(told - bytes) < step ? String(told) : String(bytes)
  }
  const told = numberAt(old, 'chunks')
  const isNear = told !== undefined && Math.abs(told - held.chunks) * BYTES_LIKELY < step
  const { generation } = pool.metadata
  return {
    ...old,
    phase: 'Ready',
    chunks: isNear ? told : held.chunks,
    bytesUsed: near('bytesUsed', disk.usedBytes),
    bytesFree: near('bytesFree', disk.freeBytes),
    missing: 0,
    message: (numberAt(pool, 'spec', 'replicas') ?? 1) > 1 ? 'one machine keeps one copy, whatever is wanted' : '',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}

/** The status of a pool that no machine keeps. */
export function absentStatus(pool: KubeObject): JsonObject {
  const { generation } = pool.metadata
  return {
    ...(isJsonObject(pool['status']) ? pool['status'] : {}),
    phase: 'Degraded',
    message: 'there is only the pool default yet: nothing is kept in this one',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}

// The default size of a chunk: many small ones count as little as they take.
const BYTES_LIKELY = 1024 * 1024
