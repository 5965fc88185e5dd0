import { assert, type ByteString, byteString, struct, u8, u64 } from '#base'
import { inoOf, kindNumber, kindOf } from './inode.ts'
import type { Cookie, FileKind, Ino } from './vfs.ts'

/** A name in a directory. */
export interface Entry {
  readonly ino: Ino
  readonly kind: FileKind
  /** Its place in the listing. */
  readonly cookie: Cookie
}

/** Row v1 under `d{parent}{name}`. */
export const EntryRow = struct({ version: u8, kind: u8, ino: u64, cookie: u64 })
assert(EntryRow.size === 18, 'entry row v1 has 18 bytes')

/** Row v1 under `c{parent}{cookie}`; the name follows. */
export const ListRow = struct({ version: u8, kind: u8, ino: u64 })
assert(ListRow.size === 10, 'list row v1 has 10 bytes')

const ENTRY_ROW_VERSION = 1

export function encodeEntry(entry: Entry): Buffer {
  return EntryRow.bytes({
    version: ENTRY_ROW_VERSION,
    kind: kindNumber(entry.kind),
    ino: entry.ino,
    cookie: entry.cookie,
  })
}

export function decodeEntry(bytes: Uint8Array): Entry {
  const row = EntryRow.read(bytes)
  assert(row.version === ENTRY_ROW_VERSION, `entry row of version ${row.version}`)
  return { ino: inoOf(row.ino), kind: kindOf(row.kind), cookie: row.cookie as Cookie }
}

export function encodeListed(entry: Entry, name: ByteString): Buffer {
  const bytes = Buffer.allocUnsafe(ListRow.size + name.length)
  ListRow.write(bytes, { version: ENTRY_ROW_VERSION, kind: kindNumber(entry.kind), ino: entry.ino })
  bytes.write(name, ListRow.size, 'latin1')
  return bytes
}

export function decodeListed(bytes: Uint8Array): { name: ByteString; ino: Ino; kind: FileKind } {
  const row = ListRow.read(bytes)
  assert(row.version === ENTRY_ROW_VERSION, `list row of version ${row.version}`)
  return { name: byteString(bytes.subarray(ListRow.size)), ino: inoOf(row.ino), kind: kindOf(row.kind) }
}
