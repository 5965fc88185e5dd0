import type { NodeStatus } from '#rpc'
import { canonicalQuantity, type Json, type JsonObject, jsonAt, numberAt } from '#schema'
import { bytesOf } from '../filesystem/limits.ts'
import { POOL_STEPS } from '../limits.ts'

/** What is kept, and what has room. */
export interface Room {
  readonly held: Pick<NodeStatus['held'], 'chunks'>
  readonly disk: NodeStatus['disk']
}

/** What is kept and what has room, for a status; what it tells already when that is near enough. */
export function roomOf(told: JsonObject, { held, disk }: Room): JsonObject {
  const step = Math.max(1, Math.ceil(disk.totalBytes / POOL_STEPS))
  const near = (name: string, bytes: number): Json => {
    const before = bytesOf(jsonAt(told, name))
    // Nothing is never near something: who waits until a machine is empty reads this.
    const isNear = before !== undefined && Math.abs(before - bytes) < step && (before === 0) === (bytes === 0)
    return (isNear ? jsonAt(told, name) : canonicalQuantity(String(bytes))) ?? '0'
  }
  const chunks = numberAt(told, 'chunks')
  const isNear =
    chunks !== undefined &&
    Math.abs(chunks - held.chunks) * BYTES_LIKELY < step &&
    (chunks === 0) === (held.chunks === 0)
  return {
    chunks: isNear ? chunks : held.chunks,
    bytesUsed: near('bytesUsed', disk.usedBytes),
    bytesFree: near('bytesFree', disk.freeBytes),
  }
}

// The default size of a chunk: many small ones count as little as they take.
const BYTES_LIKELY = 1024 * 1024
