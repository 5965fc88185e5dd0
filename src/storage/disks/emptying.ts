import { type Clock, type Digest, isFault } from '#base'
import type { ListedChunk } from '#storage/chunks'
import type { Disks } from './disks.ts'
import { DISK_GROUPS, MOVED_AT_ONCE } from './limits.ts'
import type { DiskPart } from './part.ts'

/** What a disk is emptied with. */
export interface EmptyingParts {
  readonly disks: Disks
  readonly clock: Clock
  /** How many times slower it goes just now than it could. */
  readonly slowness: () => number
}

/** What one round of emptying did. */
export interface Emptied {
  readonly moved: number
  /** Copies that no other disk of this machine has room for. */
  readonly noRoom: number
}

/**
 * One round through a disk that is drained: what it holds goes to the other disks, is durable there and only then forgotten here;
 * what was merely cached is forgotten. A kill at any moment leaves each chunk on one disk at least. Faults: Io; of one that is
 * told to end: the reason of its signal.
 */
export async function emptyDisk(parts: EmptyingParts, id: string, signal: AbortSignal): Promise<Emptied> {
  const from = parts.disks.parts.find(each => each.id === id)
  let [moved, noRoom] = [0, 0]
  if (from === undefined) return { moved, noRoom }
  const move = async (chunks: readonly ListedChunk[]): Promise<void> => {
    const done = await moveSome(parts, from, chunks, signal)
    moved += done.moved
    noRoom += done.noRoom
  }
  const waiting: ListedChunk[] = []
  const groups = groupsOf(from)
  for (let group = 0; group < groups; group++) {
    const chunks = await from.store.list(group, groups)
    await from.store.drop(chunks.filter(({ state }) => state === 'cached').map(({ digest }) => digest))
    waiting.push(...chunks.filter(({ state }) => state === 'held'))
    while (waiting.length >= MOVED_AT_ONCE) await move(waiting.splice(0, MOVED_AT_ONCE))
    if (group % GROUPS_PER_TURN === 0) await parts.clock.sleep(1, signal)
  }
  if (waiting.length > 0) await move(waiting)
  if (moved > 0) await from.store.compact(signal)
  return { moved, noRoom }
}

const GROUPS_PER_TURN = 16

// So many that there are some chunks in each.
function groupsOf({ store }: DiskPart): number {
  const { held, cached } = store.stat().states
  return Math.min(2 ** Math.ceil(Math.log2(1 + (held.chunks + cached.chunks) / MOVED_AT_ONCE)), DISK_GROUPS)
}

async function moveSome(
  { disks, clock, slowness }: EmptyingParts,
  from: DiskPart,
  chunks: readonly ListedChunk[],
  signal: AbortSignal,
): Promise<Emptied> {
  const startMs = clock.monotonicMs()
  const at = new Map<Digest, DiskPart>()
  let noRoom = 0
  for (const chunk of chunks) {
    signal.throwIfAborted()
    const to = await moveOne(disks, from, chunk)
    if (to === 'noRoom') noRoom++
    else if (to !== undefined) at.set(chunk.digest, to)
  }
  for (const part of new Set(at.values())) await part.store.sync()
  const safe: Digest[] = []
  for (const [digest, part] of at) if (await part.store.has(digest)) safe.push(digest)
  await from.store.delete(safe)
  await clock.sleep(1 + (clock.monotonicMs() - startMs) * (slowness() - 1), signal)
  return { moved: safe.length, noRoom }
}

// Undefined: it is gone, or damaged and no copy any more.
async function moveOne(
  disks: Disks,
  from: DiskPart,
  { digest, bytes }: ListedChunk,
): Promise<DiskPart | 'noRoom' | undefined> {
  const body = new Uint8Array(new SharedArrayBuffer(bytes))
  try {
    await from.store.read(digest, body, 0)
  } catch (error) {
    if (isFault(error, 'ChunkMissing') || isFault(error, 'ChunkDamaged')) return undefined
    throw error
  }
  const takers = disks.takersFor(digest).filter(part => part !== from)
  const there = takers.filter(part => part.store.find(digest) !== undefined)
  for (const part of [...there, ...takers]) {
    try {
      await part.store.put(body, digest)
      return part
    } catch (error) {
      if (!isFault(error, 'NoSpace')) throw error
    }
  }
  return 'noRoom'
}

/** Forgets the further copies of what lies on two disks, as when one was away and came back. Faults: Io. */
export async function dropTwins({ disks, clock }: EmptyingParts, signal: AbortSignal): Promise<number> {
  let dropped = 0
  const groups = Math.max(...disks.parts.map(groupsOf))
  for (let group = 0; group < groups; group++) {
    const seen = new Map<Digest, DiskPart>()
    for (const part of disks.parts) {
      const held = (await part.store.list(group, groups)).filter(({ state }) => state === 'held')
      const twins = held.map(({ digest }) => digest).filter(digest => seen.has(digest))
      for (const kept of new Set(twins.map(digest => seen.get(digest)))) await kept?.store.sync()
      const safe: Digest[] = []
      for (const digest of twins) if ((await seen.get(digest)?.store.verify(digest)) === true) safe.push(digest)
      await part.store.delete(safe)
      dropped += safe.length
      for (const { digest } of held) if (!seen.has(digest)) seen.set(digest, part)
    }
    await clock.sleep(1, signal)
  }
  return dropped
}
