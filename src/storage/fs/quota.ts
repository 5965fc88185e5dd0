import { assert, type ByteString, struct, u8, u64 } from '#base'
import { attributesOf, type Inode, inoOf, ROOT_INO } from './inode.ts'
import type { Ino } from './vfs.ts'

/** The id of the limits on a whole filesystem: all but its root directory counts, whatever else it counts against. */
export const WHOLE_ID = 0

/**
 * A limit on what lies below a directory, as XFS project quotas: inodes inherit the root's id when they are made, and
 * names cannot be moved or linked from one root to another (EXDEV). Usage is kept in the same commits that change it.
 */
export interface Quota {
  /** {@link WHOLE_ID}, or above it; never used again. */
  readonly id: number
  /** The directory it was set on. */
  readonly ino: Ino
  /** Undefined: no limit. */
  readonly bytesMax: number | undefined
  readonly inodesMax: number | undefined
  readonly bytesUsed: number
  readonly inodesUsed: number
}

/** A quota, and the path of its directory now. */
export interface PlacedQuota extends Quota {
  readonly path: ByteString
}

/** Row v1 under `q{id}`; a limit of 0 stands for none. */
export const QuotaRow = struct({
  version: u8,
  ino: u64,
  bytesMax: u64,
  inodesMax: u64,
  bytesUsed: u64,
  inodesUsed: u64,
})
assert(QuotaRow.size === 41, 'quota row v1 has 41 bytes')

export function encodeQuota(quota: Quota): Buffer {
  const { ino, bytesUsed, inodesUsed } = quota
  const [bytesMax, inodesMax] = [quota.bytesMax ?? 0, quota.inodesMax ?? 0]
  return QuotaRow.bytes({ version: 1, ino, bytesMax, inodesMax, bytesUsed, inodesUsed })
}

export function decodeQuota(id: number, bytes: Uint8Array): Quota {
  const row = QuotaRow.read(bytes)
  assert(row.version === 1, `quota row of version ${row.version}`)
  const { bytesUsed, inodesUsed } = row
  return {
    id,
    ino: inoOf(row.ino),
    bytesMax: row.bytesMax === 0 ? undefined : row.bytesMax,
    inodesMax: row.inodesMax === 0 ? undefined : row.inodesMax,
    bytesUsed,
    inodesUsed,
  }
}

/** What bytes of a file take at most, wherever in it they are. */
export function roomFor(bytes: number): number {
  return Math.ceil(bytes / SPACE_STEP_BYTES) * SPACE_STEP_BYTES
}

/** Bytes an inode counts for: the space its content takes. */
export function chargedBytes(inode: Inode): number {
  return inode.kind === 'file' ? attributesOf(inode).blocks * 512 : 0
}

/** What is counted of a filesystem that was just made. */
export const WHOLE_EMPTY: Quota = {
  id: WHOLE_ID,
  ino: ROOT_INO,
  bytesMax: undefined,
  inodesMax: undefined,
  bytesUsed: 0,
  inodesUsed: 0,
}

/** True when a quota limits anything, and does not only count. */
export function isLimited({ bytesMax, inodesMax }: Quota): boolean {
  return bytesMax !== undefined || inodesMax !== undefined
}

/** True when the quota lets these be added. */
export function fits(quota: Quota, more: { readonly bytes: number; readonly inodes: number }): boolean {
  const bytesFit = more.bytes <= 0 || quota.bytesMax === undefined || quota.bytesUsed + more.bytes <= quota.bytesMax
  const inodesFit =
    more.inodes <= 0 || quota.inodesMax === undefined || quota.inodesUsed + more.inodes <= quota.inodesMax
  return bytesFit && inodesFit
}

// See `attributesOf`.
const SPACE_STEP_BYTES = 4096
