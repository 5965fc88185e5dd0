import type { NodeStatus } from '#rpc'
import {
  canonicalQuantity,
  DEFAULT_POOL,
  isJsonObject,
  type Json,
  type JsonObject,
  type KubeObject,
  jsonAt,
  numberAt,
  ONE_POOL,
} from '#schema'
import { bytesOf } from '../filesystem/limits.ts'
import { POOL_STEPS } from '../limits.ts'

/** The pool of a machine that has only this one. */
export function defaultPool(): JsonObject {
  return { apiVersion: 'cairn.dev/v1', kind: 'Pool', metadata: { name: DEFAULT_POOL }, spec: {} }
}

/**
 * The status of the default pool. Amounts are told in steps of a part of the whole, so that an object is not written whenever
 * a file is.
 */
export function poolStatus(pool: KubeObject, { held, disk }: Pick<NodeStatus, 'held' | 'disk'>): JsonObject {
  const old: JsonObject = isJsonObject(pool['status']) ? pool['status'] : {}
  const { generation } = pool.metadata
  return {
    ...old,
    phase: 'Ready',
    ...roomOf(old, { held, disk }),
    missing: 0,
    message: (numberAt(pool, 'spec', 'replicas') ?? 1) > 1 ? 'one machine keeps one copy, whatever is wanted' : '',
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}

/** What is kept and what has room, for a status; what it tells already when that is near enough. */
export function roomOf(told: JsonObject, { held, disk }: Pick<NodeStatus, 'held' | 'disk'>): JsonObject {
  const step = Math.max(1, Math.ceil(disk.totalBytes / POOL_STEPS))
  const near = (name: string, bytes: number): Json => {
    const before = bytesOf(jsonAt(told, name))
    const isNear = before !== undefined && Math.abs(before - bytes) < step
    return (isNear ? jsonAt(told, name) : canonicalQuantity(String(bytes))) ?? '0'
  }
  const chunks = numberAt(told, 'chunks')
  const isNear = chunks !== undefined && Math.abs(chunks - held.chunks) * BYTES_LIKELY < step
  return {
    chunks: isNear ? chunks : held.chunks,
    bytesUsed: near('bytesUsed', disk.usedBytes),
    bytesFree: near('bytesFree', disk.freeBytes),
  }
}

/** The status of a pool that no machine keeps. */
export function absentStatus(pool: KubeObject): JsonObject {
  const { generation } = pool.metadata
  return {
    ...(isJsonObject(pool['status']) ? pool['status'] : {}),
    phase: 'Degraded',
    message: `${ONE_POOL}, ${DEFAULT_POOL}: nothing is kept in this one, and it can be deleted`,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}

// The default size of a chunk: many small ones count as little as they take.
const BYTES_LIKELY = 1024 * 1024
