import { readdirSync, readFileSync, statSync } from 'node:fs'
import type { FsyncKind, Turn } from './scenario.ts'

const SECTOR = 512
const PROBE_BYTES = 64 << 20
const PROBE_COUNT = 200
/** Work of others on the disk may add to what is counted, and a sync may be shared; nearly all must be there. */
const ENOUGH = 0.9

/** What the disk itself saw of a target's fsync, as its counters say. See Linux Documentation/block/stat.rst. */
export interface FsyncTruth extends Readonly<Record<FsyncKind, number>> {
  /** The share of the bytes that was on it when fsync of a new file returned. */
  readonly content: number
  /** Cache flushes for each fsync of a block written anew. */
  readonly rewrite: number
  /** Cache flushes for each fsync of a new small file. */
  readonly create: number
}

/** True when an fsync of this kind reached the disk, as far as the disk counts: see what its own fsync showed. */
export function reachesDisk(truth: FsyncTruth, ofDisk: FsyncTruth, kind: FsyncKind): boolean {
  return truth[kind] >= ENOUGH * Math.min(1, ofDisk[kind])
}

/** Finds out what the fsync of a target does, or undefined where the disk has no counters. */
export async function fsyncTruth({ folder, job }: Turn, diskFolder: string): Promise<FsyncTruth | undefined> {
  const counters = countersOf(diskFolder)
  if (counters === undefined) return undefined
  const during = async (step: () => Promise<unknown>): Promise<Counters> => {
    const before = readCounters(counters)
    await step()
    const after = readCounters(counters)
    return { bytes: after.bytes - before.bytes, flushes: after.flushes - before.flushes }
  }
  const file = { path: `${folder}/truth`, bytes: PROBE_BYTES, count: PROBE_COUNT }
  const content = await during(() => job('writeLarge', file))
  const rewrite = await during(() => job('writeRandomSynced', file))
  const create = await during(() =>
    job('createFilesSynced', { path: `${folder}/truths`, count: PROBE_COUNT, bytes: 4096 }),
  )
  return {
    content: content.bytes / PROBE_BYTES,
    rewrite: rewrite.flushes / PROBE_COUNT,
    create: create.flushes / PROBE_COUNT,
  }
}

interface Counters {
  readonly bytes: number
  readonly flushes: number
}

/** Counters of the block device a folder is on. */
function countersOf(folder: string): string | undefined {
  const { dev } = statSync(folder)
  const [major, minor] = [(dev >> 8) & 0xfff, (dev & 0xff) | ((dev >> 12) & 0xfff00)]
  const named = readdirSync('/sys/dev/block').find(name => name === `${major}:${minor}`)
  return named === undefined ? undefined : `/sys/dev/block/${named}/stat`
}

function readCounters(path: string): Counters {
  const fields = readFileSync(path, 'latin1').trim().split(/\s+/).map(Number)
  return { bytes: (fields[6] ?? 0) * SECTOR, flushes: fields[15] ?? 0 }
}
