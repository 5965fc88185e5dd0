import { fillZeros } from '#base'
import type { Attributes, FileKind } from '#storage/fs'
import { PREFERRED_IO_BYTES } from '../limits.ts'
import { STATX } from './flags.ts'
import { ATTR, ATTR_OUT, ENTRY_OUT, STATX_OUT } from './replies.ts'

/** `S_IFMT` bits by kind; shifted down by 12 they are the `DT_` numbers of readdir(3). */
export const TYPE_BITS: Readonly<Record<FileKind, number>> = {
  fifo: 0o010000,
  charDevice: 0o020000,
  directory: 0o040000,
  blockDevice: 0o060000,
  file: 0o100000,
  symlink: 0o120000,
  socket: 0o140000,
}

/** The kind in `st_mode`; undefined for bits that name none. */
export function kindOfMode(mode: number): FileKind | undefined {
  const bits = mode & 0o170000
  return KINDS.find(kind => TYPE_BITS[kind] === bits)
}

const KINDS: readonly FileKind[] = ['file', 'directory', 'symlink', 'fifo', 'socket', 'charDevice', 'blockDevice']

/** Writes `fuse_entry_out`, 128 bytes: the inode found, with how long name and attributes may be trusted. */
export function writeEntry(out: Uint8Array, offset: number, attributes: Attributes, ttlMs: number): number {
  const { seconds, nanoseconds } = ttlParts(ttlMs)
  const attr = ttlParts(ttlOf(attributes, ttlMs))
  ENTRY_OUT.write(
    out,
    {
      nodeid: attributes.ino,
      generation: 0,
      entryValid: seconds,
      attrValid: attr.seconds,
      entryValidNsec: nanoseconds,
      attrValidNsec: attr.nanoseconds,
    },
    offset,
  )
  writeAttr(out, offset + ENTRY_OUT.size, attributes)
  return ENTRY_BYTES
}

/** Bytes of `fuse_entry_out`. */
export const ENTRY_BYTES = ENTRY_OUT.size + ATTR.size

/** Writes a `fuse_entry_out` that says: this name does not exist, believe it for so long. */
export function writeNoEntry(out: Uint8Array, offset: number, ttlMs: number): number {
  fillZeros(out.subarray(offset, offset + ENTRY_BYTES))
  const { seconds, nanoseconds } = ttlParts(ttlMs)
  const nothing = { nodeid: 0, generation: 0, attrValid: 0, attrValidNsec: 0 }
  ENTRY_OUT.write(out, { ...nothing, entryValid: seconds, entryValidNsec: nanoseconds }, offset)
  return ENTRY_BYTES
}

/** Writes `fuse_attr_out`, 104 bytes. */
export function writeAttrOut(out: Uint8Array, offset: number, attributes: Attributes, ttlMs: number): number {
  const { seconds, nanoseconds } = ttlParts(ttlOf(attributes, ttlMs))
  ATTR_OUT.write(out, { attrValid: seconds, attrValidNsec: nanoseconds, dummy: 0 }, offset)
  writeAttr(out, offset + ATTR_OUT.size, attributes)
  return ATTR_OUT.size + ATTR.size
}

/** Writes `fuse_statx_out`, 288 bytes: as {@link writeAttrOut}, with the time of birth. */
export function writeStatxOut(out: Uint8Array, offset: number, attributes: Attributes, ttlMs: number): number {
  const ttl = ttlParts(ttlOf(attributes, ttlMs))
  const [atime, btime, ctime, mtime] = [
    timeParts(attributes.atimeNs),
    timeParts(attributes.btimeNs),
    timeParts(attributes.ctimeNs),
    timeParts(attributes.mtimeNs),
  ]
  STATX_OUT.write(
    out,
    {
      attrValid: ttl.seconds,
      attrValidNsec: ttl.nanoseconds,
      flags: 0,
      spare: ZEROES.subarray(0, 16),
      mask: STATX.BASIC_STATS | STATX.BTIME,
      blksize: PREFERRED_IO_BYTES,
      attributes: 0,
      nlink: attributes.nlink,
      uid: attributes.uid,
      gid: attributes.gid,
      mode: attributes.mode | TYPE_BITS[attributes.kind],
      spare0: 0,
      ino: attributes.ino,
      size: attributes.size,
      blocks: attributes.blocks,
      attributesMask: 0,
      atime: atime.seconds,
      atimensec: atime.nanoseconds,
      atimeReserved: 0,
      btime: btime.seconds,
      btimensec: btime.nanoseconds,
      btimeReserved: 0,
      ctime: ctime.seconds,
      ctimensec: ctime.nanoseconds,
      ctimeReserved: 0,
      mtime: mtime.seconds,
      mtimensec: mtime.nanoseconds,
      mtimeReserved: 0,
      rdevMajor: (attributes.rdev & 0xfff00) >>> 8,
      rdevMinor: (attributes.rdev & 0xff) | ((attributes.rdev >>> 12) & 0xfff00),
      devMajor: 0,
      devMinor: 0,
      spare2: ZEROES,
    },
    offset,
  )
  return STATX_OUT.size
}

const ZEROES = new Uint8Array(112)

function writeAttr(out: Uint8Array, offset: number, attributes: Attributes): void {
  const atime = timeParts(attributes.atimeNs)
  const mtime = timeParts(attributes.mtimeNs)
  const ctime = timeParts(attributes.ctimeNs)
  ATTR.write(
    out,
    {
      ino: attributes.ino,
      size: attributes.size,
      blocks: attributes.blocks,
      atime: atime.seconds,
      mtime: mtime.seconds,
      ctime: ctime.seconds,
      atimensec: atime.nanoseconds,
      mtimensec: mtime.nanoseconds,
      ctimensec: ctime.nanoseconds,
      mode: attributes.mode | TYPE_BITS[attributes.kind],
      nlink: attributes.nlink,
      uid: attributes.uid,
      gid: attributes.gid,
      rdev: attributes.rdev,
      blksize: PREFERRED_IO_BYTES,
      flags: 0,
    },
    offset,
  )
}

interface TimeParts {
  readonly seconds: number
  readonly nanoseconds: number
}

/** A time as the kernel counts it: seconds, rounded down, and the nanoseconds above them. */
function timeParts(timeNs: bigint): TimeParts {
  const seconds = timeNs / 1_000_000_000n
  const nanoseconds = Number(timeNs - seconds * 1_000_000_000n)
  if (nanoseconds < 0) return { seconds: Number(seconds) - 1, nanoseconds: nanoseconds + 1_000_000_000 }
  return { seconds: Number(seconds), nanoseconds }
}

/** The time of these parts, in nanoseconds. */
export function timeOfParts(seconds: number, nanoseconds: number): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds)
}

function ttlOf({ isPassing }: Attributes, ttlMs: number): number {
  return isPassing === true ? 0 : ttlMs
}

function ttlParts(ttlMs: number): TimeParts {
  const seconds = Math.floor(ttlMs / 1000)
  return { seconds, nanoseconds: Math.round((ttlMs - seconds * 1000) * 1_000_000) }
}
