import { decode, encode, Tagged } from 'cborg'
import { asBuffer, type ByteString, byteString, bytesOf, type Digest, digestBytes, digestOf } from '#base'
import { kindNumber, kindOf } from '../inode.ts'
import type { FileKind } from '../vfs.ts'
import { snapshotFault } from './faults.ts'
import type { NodeRef } from './marks.ts'

/**
 * Manifest nodes are dag-cbor blocks (ipld.io/specs/codecs/dag-cbor); links are CIDs under tag 42. In IPLD schema, all
 * structs as tuples:
 *
 *     type Directory struct { version Int (1), self Self, count Int, height Int, items [Item] }
 *     type Self      struct { ino Int, owner Owner, times Times, xattrs Xattrs }
 *     type Item      union  { Entry (height 0) | Ref (else: to Page at height 1, to Index above) }
 *     type Page      [Entry]      type Index [Ref]
 *     type Ref       struct { first Bytes, node Link, bytes Int, count Int }
 *     type Entry     union  { [name, kind, ino, node Link, bytes]  for directories
 *                           | [name, kind, ino, owner, times, xattrs, ...what the kind has] }
 *     type Owner     struct { mode Int, uid Int, gid Int, nlink Int }
 *     type Times     struct { access Int, modify Int, change Int, birth Int }  nanoseconds
 *     type Xattrs    union  { [[name, value]] | [node Link, bytes] | null }
 *
 * A file has size, used bytes and a link to its content or null; a symlink its target; a device its number.
 */
export interface Recorded {
  readonly kind: FileKind
  readonly ino: number
  readonly mode: number
  readonly uid: number
  readonly gid: number
  readonly nlink: number
  readonly atimeNs: bigint
  readonly mtimeNs: bigint
  readonly ctimeNs: bigint
  readonly btimeNs: bigint
  readonly xattrs: Xattrs
  readonly rdev: number
  readonly size: number
  readonly usedBytes: number
  /** Root of the content; undefined for an empty file. */
  readonly content: Link | undefined
  readonly target: ByteString
}

/** Attributes beside the entry, in a node of their own, or none. */
export type Xattrs = readonly Xattr[] | NodeRef | undefined

export interface Xattr {
  readonly name: ByteString
  /** The value, or the raw chunk that holds it. */
  readonly value: Uint8Array | NodeRef
}

/** A link to a block. */
interface Link {
  readonly codec: number
  readonly digest: Digest
}

/** A name in a directory of a manifest. */
export type ManifestEntry =
  | { readonly name: ByteString; readonly kind: 'directory'; readonly ino: number; readonly node: NodeRef }
  | {
      readonly name: ByteString
      readonly kind: Exclude<FileKind, 'directory'>
      readonly ino: number
      readonly inode: Recorded
    }

/** Where a page or index node is, and what it begins with. */
export interface PageRef extends NodeRef {
  readonly first: ByteString
  readonly count: number
}

/** A directory's own node. */
export interface DirectoryNode {
  readonly self: Recorded
  readonly count: number
  readonly items: Items
}

type Items =
  | { readonly height: 0; readonly entries: readonly ManifestEntry[] }
  | { readonly height: number; readonly refs: readonly PageRef[] }

/** Codecs of the links of a manifest, by their number in the multicodec table. */
export const DAG_CBOR = 0x71
const RAW = 0x55

/** Encodes a directory's node around entries or references that are encoded already. */
export function encodeDirectory(
  self: Recorded,
  shape: { count: number; height: number },
  items: readonly Uint8Array[],
): Buffer {
  const head = [1, [self.ino, ownerOf(self), timesOf(self), xattrsOf(self.xattrs)], shape.count, shape.height]
  return Buffer.concat([arrayHead(5), ...head.map(part => encode(part)), arrayHead(items.length), ...items])
}

/** Encodes a page of entries or an index of references. */
export function encodeList(items: readonly Uint8Array[]): Buffer {
  return Buffer.concat([arrayHead(items.length), ...items])
}

export function encodeEntry(entry: ManifestEntry): Uint8Array {
  const start = [bytesOf(entry.name), kindNumber(entry.kind), entry.ino]
  if (entry.kind === 'directory') return encode([...start, linkTo(DAG_CBOR, entry.node.digest), entry.node.bytes])
  const { inode } = entry
  return encode([...start, ownerOf(inode), timesOf(inode), xattrsOf(inode.xattrs), ...bodyOf(inode)])
}

export function encodeRef(ref: PageRef): Uint8Array {
  return encode([bytesOf(ref.first), linkTo(DAG_CBOR, ref.digest), ref.bytes, ref.count])
}

export function encodeXattrs(xattrs: readonly Xattr[]): Uint8Array {
  return encode(xattrsOf(xattrs))
}

export function decodeDirectory(bytes: Uint8Array): DirectoryNode {
  const [version, self, count, height, items] = listOf(decodeBlock(bytes))
  if (version !== 1) throw snapshotFault('ManifestInvalid', `a manifest of version ${String(version)} is not known`)
  const [ino, owner, times, xattrs] = listOf(self)
  const level = numberOf(height)
  return {
    self: {
      ...recorded('directory', numberOf(ino)),
      ...readOwner(owner),
      ...readTimes(times),
      xattrs: readXattrs(xattrs),
    },
    count: numberOf(count),
    items:
      level === 0
        ? { height: 0, entries: listOf(items).map(readEntry) }
        : { height: level, refs: listOf(items).map(readRef) },
  }
}

export function decodePage(bytes: Uint8Array): ManifestEntry[] {
  return listOf(decodeBlock(bytes)).map(readEntry)
}

export function decodeIndex(bytes: Uint8Array): PageRef[] {
  return listOf(decodeBlock(bytes)).map(readRef)
}

export function decodeXattrs(bytes: Uint8Array): readonly Xattr[] {
  return listOf(decodeBlock(bytes)).map(readXattr)
}

/** True when the value lies in a node of its own. */
export function isRef(value: unknown): value is NodeRef {
  return typeof value === 'object' && value !== null && 'digest' in value
}

function bodyOf(inode: Recorded): unknown[] {
  if (inode.kind === 'file') {
    const { content } = inode
    return [inode.size, inode.usedBytes, content === undefined ? null : linkTo(content.codec, content.digest)]
  }
  if (inode.kind === 'symlink') return [bytesOf(inode.target)]
  return inode.kind === 'charDevice' || inode.kind === 'blockDevice' ? [inode.rdev] : []
}

function ownerOf(inode: Recorded): unknown {
  return [inode.mode, inode.uid, inode.gid, inode.nlink]
}

function timesOf(inode: Recorded): unknown {
  return [inode.atimeNs, inode.mtimeNs, inode.ctimeNs, inode.btimeNs]
}

function xattrsOf(xattrs: Xattrs): unknown {
  if (xattrs === undefined) return null
  if (isRef(xattrs)) return [linkTo(DAG_CBOR, xattrs.digest), xattrs.bytes]
  return xattrs.map(({ name, value }) => [
    bytesOf(name),
    isRef(value) ? [linkTo(RAW, value.digest), value.bytes] : value,
  ])
}

// CIDv1 with SHA-256, behind the zero byte that dag-cbor wants.
function linkTo(codec: number, digest: Digest): Tagged {
  return new Tagged(LINK_TAG, Buffer.concat([Buffer.from([0, 1, codec, 0x12, 32]), digestBytes(digest)]))
}

function arrayHead(count: number): Buffer {
  if (count < 24) return Buffer.from([0x80 | count])
  return count < 256 ? Buffer.from([0x98, count]) : Buffer.from([0x99, count >> 8, count & 255])
}

function decodeBlock(bytes: Uint8Array): unknown {
  return decode(bytes, { strict: true, allowIndefinite: false, tags: { [LINK_TAG]: content => readLink(content()) } })
}

function readEntry(value: unknown): ManifestEntry {
  const [nameBytes, kindValue, inoValue, ...rest] = listOf(value)
  const [name, kind, ino] = [byteString(bytesIn(nameBytes)), kindOf(numberOf(kindValue)), numberOf(inoValue)]
  if (kind === 'directory')
    return { name, kind, ino, node: { digest: linkIn(rest[0]).digest, bytes: numberOf(rest[1]) } }
  const [owner, times, xattrs, first, second, third] = rest
  const base = { ...recorded(kind, ino), ...readOwner(owner), ...readTimes(times), xattrs: readXattrs(xattrs) }
  if (kind === 'file') {
    const content = third === null ? undefined : linkIn(third)
    return { name, kind, ino, inode: { ...base, size: numberOf(first), usedBytes: numberOf(second), content } }
  }
  if (kind === 'symlink') return { name, kind, ino, inode: { ...base, target: byteString(bytesIn(first)) } }
  return { name, kind, ino, inode: first === undefined ? base : { ...base, rdev: numberOf(first) } }
}

function readRef(value: unknown): PageRef {
  const [first, node, bytes, count] = listOf(value)
  return {
    first: byteString(bytesIn(first)),
    digest: linkIn(node).digest,
    bytes: numberOf(bytes),
    count: numberOf(count),
  }
}

function recorded(kind: FileKind, ino: number) {
  return { kind, ino, rdev: 0, size: 0, usedBytes: 0, content: undefined, target: '' }
}

function readOwner(value: unknown): Pick<Recorded, 'mode' | 'uid' | 'gid' | 'nlink'> {
  const [mode, uid, gid, nlink] = listOf(value).map(numberOf)
  return { mode: mode ?? 0, uid: uid ?? 0, gid: gid ?? 0, nlink: nlink ?? 0 }
}

function readTimes(value: unknown): Pick<Recorded, 'atimeNs' | 'mtimeNs' | 'ctimeNs' | 'btimeNs'> {
  const [atimeNs = 0n, mtimeNs = 0n, ctimeNs = 0n, btimeNs = 0n] = listOf(value).map(bigintOf)
  return { atimeNs, mtimeNs, ctimeNs, btimeNs }
}

function readXattrs(value: unknown): Xattrs {
  if (value === null) return undefined
  const list = listOf(value)
  if (Array.isArray(list[0])) return list.map(readXattr)
  return { digest: linkIn(list[0]).digest, bytes: numberOf(list[1]) }
}

function readXattr(item: unknown): Xattr {
  const [name, value] = listOf(item)
  if (!Array.isArray(value)) return { name: byteString(bytesIn(name)), value: bytesIn(value) }
  return { name: byteString(bytesIn(name)), value: { digest: linkIn(value[0]).digest, bytes: numberOf(value[1]) } }
}

function readLink(content: unknown): Link {
  const bytes = asBuffer(bytesIn(content))
  if (bytes.length !== 37 || bytes[0] !== 0 || bytes[1] !== 1 || bytes[3] !== 0x12) throw wrong('a link')
  return { codec: bytes[2] ?? 0, digest: digestOf(bytes.subarray(5)) }
}

function linkIn(value: unknown): Link {
  if (typeof value === 'object' && value !== null && 'codec' in value && 'digest' in value) return value as Link
  throw wrong('a link')
}

function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  throw wrong('a list')
}

function bytesIn(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  throw wrong('bytes')
}

function numberOf(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw wrong('a number')
}

function bigintOf(value: unknown): bigint {
  if (typeof value === 'bigint' || typeof value === 'number') return BigInt(value)
  throw wrong('a time')
}

function wrong(what: string): Error {
  return snapshotFault('ManifestInvalid', `a manifest node has no ${what} where one belongs`)
}

const LINK_TAG = 42
