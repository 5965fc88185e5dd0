import type { Digest } from '#base'

/** Codecs of the blocks we make, by their number in the multicodec table; both fit one varint byte. */
export const CODEC = { raw: 0x55, dagPb: 0x70 } as const

export type Codec = (typeof CODEC)[keyof typeof CODEC]

/** A link of a dag-pb node. */
export interface PbLink {
  readonly codec: Codec
  readonly digest: Digest
  /** UTF-8; empty in files. */
  readonly name: Buffer
  /** Bytes of the block linked to and of all below it (Tsize). */
  readonly dagBytes: number
}

/** UnixFS types, by their number in unixfs.proto. */
export const UNIXFS_TYPE = { directory: 1, file: 2, symlink: 4, shard: 5 } as const

/** The UnixFS message inside a dag-pb node; an absent field is left out, as are mode and mtime always. */
export interface Unixfs {
  readonly type: (typeof UNIXFS_TYPE)[keyof typeof UNIXFS_TYPE]
  readonly data?: Uint8Array
  readonly fileBytes?: number
  /** File bytes below each child. */
  readonly blockBytes?: readonly number[]
  readonly hashType?: number
  readonly fanout?: number
}

/** Bytes of a CIDv1 with SHA-256: version, codec, hash function, length, digest. */
const CID_BYTES = 36

/** Where the digest starts in an encoded link shorter than 128 bytes: link header, hash header, CID header. */
export const LINK_DIGEST_AT = 2 + 2 + 4

/** Encodes a dag-pb node in its canonical order: links, then data (ipld.io/specs/codecs/dag-pb). */
export function encodePbNode(links: readonly PbLink[], unixfs: Unixfs): Buffer {
  return Buffer.concat([...links.map(encodeLink), encodeDataField(unixfs)])
}

/** Encodes one link as it stands in a node, header included. */
export function encodeLink(link: PbLink): Buffer {
  const inner = linkInnerBytes(link.name.length, link.dagBytes)
  const bytes = Buffer.alloc(1 + varintBytes(inner) + inner)
  let at = writeTagged(bytes, 0x12, inner, 0)
  at = writeTagged(bytes, 0x0a, CID_BYTES, at)
  bytes.set([1, link.codec, 0x12, 32], at)
  at += 4 + bytes.write(link.digest, at + 4, 'latin1')
  at = writeTagged(bytes, 0x12, link.name.length, at)
  at += link.name.copy(bytes, at)
  writeTagged(bytes, 0x18, link.dagBytes, at)
  return bytes
}

/** Bytes of {@link encodeLink}'s answer. */
export function linkBytes(nameBytes: number, dagBytes: number): number {
  const inner = linkInnerBytes(nameBytes, dagBytes)
  return 1 + varintBytes(inner) + inner
}

function linkInnerBytes(nameBytes: number, dagBytes: number): number {
  return 2 + CID_BYTES + 1 + varintBytes(nameBytes) + nameBytes + 1 + varintBytes(dagBytes)
}

/** Encodes the data field of a node, header included. */
export function encodeDataField(unixfs: Unixfs): Buffer {
  const inner = unixfsBytes(unixfs)
  const bytes = Buffer.alloc(1 + varintBytes(inner) + inner)
  let at = writeTagged(bytes, 0x0a, inner, 0)
  at = writeTagged(bytes, 0x08, unixfs.type, at)
  if (unixfs.data !== undefined) {
    at = writeTagged(bytes, 0x12, unixfs.data.length, at)
    bytes.set(unixfs.data, at)
    at += unixfs.data.length
  }
  if (unixfs.fileBytes !== undefined) at = writeTagged(bytes, 0x18, unixfs.fileBytes, at)
  for (const block of unixfs.blockBytes ?? []) at = writeTagged(bytes, 0x20, block, at)
  if (unixfs.hashType !== undefined) at = writeTagged(bytes, 0x28, unixfs.hashType, at)
  if (unixfs.fanout !== undefined) writeTagged(bytes, 0x30, unixfs.fanout, at)
  return bytes
}

/** Bytes of {@link encodeDataField}'s answer for a file node, without making it. */
export function fileDataFieldBytes(fileBytes: number, children: { count: number; each: number; last: number }): number {
  const blocks = (children.count - 1) * (1 + varintBytes(children.each)) + 1 + varintBytes(children.last)
  const inner = 2 + 1 + varintBytes(fileBytes) + blocks
  return 1 + varintBytes(inner) + inner
}

function unixfsBytes(unixfs: Unixfs): number {
  let bytes = 1 + varintBytes(unixfs.type)
  if (unixfs.data !== undefined) bytes += 1 + varintBytes(unixfs.data.length) + unixfs.data.length
  for (const block of unixfs.blockBytes ?? []) bytes += 1 + varintBytes(block)
  for (const value of [unixfs.fileBytes, unixfs.hashType, unixfs.fanout]) {
    if (value !== undefined) bytes += 1 + varintBytes(value)
  }
  return bytes
}

/** Bytes of a protobuf varint; values are integers of 0 to 2^53 - 1. */
function varintBytes(value: number): number {
  let bytes = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) bytes++
  return bytes
}

/** Writes a one-byte tag and a varint; answers where the next byte goes. */
function writeTagged(bytes: Buffer, tag: number, value: number, at: number): number {
  bytes[at++] = tag
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes[at++] = (rest % 128) | 128
  bytes[at++] = rest
  return at
}
