import { asBuffer, fillZeros } from '#base'
import type { DirectoryEntry } from '#storage/fs'
import { ENTRY_BYTES, TYPE_BITS, writeEntry } from './attributes.ts'
import { DIRENT } from './replies.ts'

/** Bytes an entry takes in a READDIR reply: a `fuse_dirent`, its name, padding to 8. */
export function direntBytes(entry: DirectoryEntry): number {
  return (DIRENT.size + entry.name.length + 7) & ~7
}

/** Bytes an entry takes in a READDIRPLUS reply. */
export function direntPlusBytes(entry: DirectoryEntry): number {
  return ENTRY_BYTES + direntBytes(entry)
}

/** Writes a `fuse_dirent` of {@link direntBytes}. */
export function writeDirent(out: Uint8Array, offset: number, entry: DirectoryEntry): void {
  const { ino, cookie, name, kind } = entry
  DIRENT.write(out, { ino, off: cookie, namelen: name.length, type: TYPE_BITS[kind] >>> 12 }, offset)
  const nameStart = offset + DIRENT.size
  asBuffer(out).write(name, nameStart, 'latin1')
  fillZeros(out.subarray(nameStart + name.length, offset + direntBytes(entry)))
}

/**
 * Writes a `fuse_direntplus` of {@link direntPlusBytes}. The kernel counts a lookup for each entry with attributes
 * and ignores the rest of the others.
 */
export function writeDirentPlus(out: Uint8Array, offset: number, entry: DirectoryEntry, ttlMs: number): void {
  if (entry.attributes === undefined) fillZeros(out.subarray(offset, offset + ENTRY_BYTES))
  else writeEntry(out, offset, entry.attributes, ttlMs)
  writeDirent(out, offset + ENTRY_BYTES, entry)
}
