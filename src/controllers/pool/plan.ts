import type { CopiesStatus } from '#rpc'
import {
  canonicalQuantity,
  isJsonObject,
  type JsonObject,
  DEFAULT_POOL,
  jsonAt,
  type KubeObject,
  numberAt,
  ONE_POOL,
  textAt,
} from '#schema'
import { roomFor } from '#storage/placement'
import { bytesOf } from '../filesystem/limits.ts'
import { roomOf } from './room.ts'

/** The pool that every cloud has. */
export function defaultPool(): JsonObject {
  return { apiVersion: 'cairn.dev/v1', kind: 'Pool', metadata: { name: DEFAULT_POOL }, spec: {} }
}

/** How many copies a pool wants and needs in a cloud of so many machines (DESIGN's default pool). */
export function copiesOf(
  pool: KubeObject,
  machines: number,
): { readonly replicas: number; readonly minReplicas: number } {
  const placement = textAt(pool, 'spec', 'placement')
  const wanted = numberAt(pool, 'spec', 'replicas') ?? Math.min(2, Math.max(1, machines))
  const replicas = placement === 'all' ? Math.max(1, machines) : wanted
  const minReplicas = numberAt(pool, 'spec', 'minReplicas') ?? (machines > 2 ? 2 : 1)
  return { replicas, minReplicas: Math.min(replicas, minReplicas) }
}

/** A machine as a pool sees it. */
export interface PoolMachine {
  readonly isOnline: boolean
  readonly disks: readonly KubeObject[]
}

/**
 * The status of the default pool. Amounts are told in steps of a part of the whole, so that an object is not written whenever
 * a file is.
 */
export function poolStatus(pool: KubeObject, machines: readonly PoolMachine[], safety?: CopiesStatus): JsonObject {
  const told: JsonObject = isJsonObject(pool['status']) ? pool['status'] : {}
  // What is not known now is not told as it was.
  const old = Object.fromEntries(Object.entries(told).filter(([name]) => !SAFETY.includes(name)))
  const { generation } = pool.metadata
  const copies = copiesOf(pool, machines.length)
  const online = machines.filter(each => each.isOnline).length
  const disks = machines.flatMap(each => each.disks)
  const usedBytes = sum(disks.map(disk => bytesIn(disk, 'bytesUsed')))
  const free = machines.map(each => sum(each.disks.map(disk => bytesIn(disk, 'bytesFree'))))
  const chunks = sum(disks.map(disk => numberAt(disk, 'status', 'chunks') ?? 0))
  const freeBytes = roomFor(Math.min(copies.replicas, Math.max(1, machines.length)), free)
  const disk = { usedBytes, freeBytes, totalBytes: usedBytes + sum(free) }
  return {
    ...old,
    ...copies,
    phase: online < Math.min(copies.replicas, machines.length) || isShort(safety) ? 'Degraded' : 'Ready',
    ...roomOf(old, { held: { chunks }, disk }),
    ...safetyOf(machines.length, safety),
    message: messageOf(copies, { online, machines: machines.length, safety }),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  }
}

const SAFETY = ['missing', 'missingBytes', 'owingGroups', 'damaged', 'lost', 'away', 'misplaced', 'repairSeconds']

function isShort(safety: CopiesStatus | undefined): boolean {
  if (safety === undefined) return false
  const { missingCopies, damagedChunks, lostChunks, awayChunks } = safety
  return missingCopies + damagedChunks + lostChunks + awayChunks > 0
}

// In two digits, so that an object is not written with each chunk that is mended.
function safetyOf(machines: number, safety: CopiesStatus | undefined): JsonObject {
  if (safety === undefined) return machines > 1 ? {} : { missing: 0 }
  const { missingCopies, missingBytes, owingGroups, secondsLeft } = safety
  return {
    missing: rough(missingCopies),
    missingBytes: canonicalQuantity(String(rough(missingBytes))) ?? '0',
    owingGroups: rough(owingGroups),
    damaged: safety.damagedChunks,
    lost: safety.lostChunks,
    away: safety.awayChunks,
    misplaced: rough(safety.misplacedChunks),
    ...(secondsLeft === undefined ? {} : { repairSeconds: rough(secondsLeft) }),
  }
}

function rough(amount: number): number {
  return Number(amount.toPrecision(2))
}

function messageOf(
  { replicas, minReplicas }: { readonly replicas: number; readonly minReplicas: number },
  { online, machines, safety }: MessageFacts,
): string {
  if (online < minReplicas) {
    const needed = `${minReplicas} copies are needed before a write is acknowledged`
    return `${needed}, and ${online} of ${machines} machines can be reached: nothing can be written`
  }
  if (machines === 1) return replicas > 1 ? 'one machine keeps one copy, whatever is wanted' : ''
  if (machines < replicas) return `${replicas} copies are wanted, and there are ${machines} machines for them`
  const reached = online < machines ? `${online} of ${machines} machines can be reached` : ''
  // The same as `cairn status` says, but for what passes with every chunk.
  if (safety === undefined || safety.isSafe || !isShort(safety)) return reached
  const { missingCopies, damagedChunks, lostChunks, awayChunks } = safety
  const said = [reached]
  if (lostChunks > 0) said.push(`${lostChunks} chunks of files are on no machine: see cairn doctor`)
  if (awayChunks > 0) said.push(`${awayChunks} chunks of files are on no machine that answers`)
  if (missingCopies > 0) said.push('some files have fewer copies than wanted: they are being made')
  if (damagedChunks > 0) said.push(`${damagedChunks} damaged chunks are not yet put right`)
  return said.filter(text => text !== '').join('; ')
}

interface MessageFacts {
  readonly online: number
  readonly machines: number
  readonly safety: CopiesStatus | undefined
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

function bytesIn(disk: KubeObject, name: string): number {
  return bytesOf(jsonAt(disk, 'status', name)) ?? 0
}

function sum(amounts: readonly number[]): number {
  return amounts.reduce((all, each) => all + each, 0)
}
