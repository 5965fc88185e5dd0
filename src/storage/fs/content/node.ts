import { assert, DIGEST_BYTES, type Digest, digestOf } from '#base'
import {
  CODEC,
  encodeDataField,
  encodeLink,
  fileDataFieldBytes,
  LINK_DIGEST_AT,
  linkBytes,
  type PbLink,
  UNIXFS_TYPE,
} from './dag-pb.ts'
import { contentFault } from './faults.ts'
import { childCount, childPlace, type Place, type Subtree, type TreeShape } from './shape.ts'

/** An interior node, decoded. All but the digests of the children follows from its place. */
export interface TreeNode extends Place {
  /** The digests of the children one behind the other, 32 bytes each. Never changed. */
  readonly digests: Buffer
}

/**
 * Encodes an interior node: dag-pb, links before data, UnixFS type file with blocksizes and filesize, links without
 * names, no mode or mtime. Byte for byte what `ipfs add` makes with profile unixfs-v1-2025.
 */
export function encodeNode(shape: TreeShape, node: TreeNode): Buffer {
  const layout = layoutOf(shape, node)
  const { count, each, last } = layout
  assert(node.digests.length === count * DIGEST_BYTES, 'a node has a digest for each child')
  const bytes = Buffer.allocUnsafe(layout.nodeBytes)
  bytes.fill(encodeLink(linkTo(each, digestAt(node, 0))), 0, (count - 1) * layout.linkBytes)
  encodeLink(linkTo(last, digestAt(node, count - 1))).copy(bytes, (count - 1) * layout.linkBytes)
  for (let i = 0; i < count - 1; i++) {
    node.digests.copy(bytes, i * layout.linkBytes + LINK_DIGEST_AT, i * DIGEST_BYTES, (i + 1) * DIGEST_BYTES)
  }
  const blockBytes = Array.from({ length: count }, (_, i) => (i < count - 1 ? each.bytes : last.bytes))
  const data = encodeDataField({ type: UNIXFS_TYPE.file, fileBytes: node.bytes, blockBytes })
  data.copy(bytes, layout.nodeBytes - data.length)
  return bytes
}

/**
 * Decodes the interior node at a place. Only the one canonical encoding passes: the digests are taken from where they
 * must stand, and the node encoded anew must give the same bytes. Fault: NodeInvalid.
 */
export function decodeNode(shape: TreeShape, place: Place, bytes: Buffer): TreeNode {
  const layout = layoutOf(shape, place)
  if (bytes.length !== layout.nodeBytes) throw invalid(place, `has ${bytes.length} bytes, not ${layout.nodeBytes}`)
  const digests = Buffer.allocUnsafe(layout.count * DIGEST_BYTES)
  for (let i = 0; i < layout.count; i++) {
    const at = i * layout.linkBytes + LINK_DIGEST_AT
    bytes.copy(digests, i * DIGEST_BYTES, at, at + DIGEST_BYTES)
  }
  const node: TreeNode = { height: place.height, bytes: place.bytes, digests }
  if (!encodeNode(shape, node).equals(bytes)) throw invalid(place, 'is not in canonical form')
  return node
}

/** Bytes of the encoded node at a place; of the leaf itself at height 0. */
export function nodeBytes(shape: TreeShape, place: Place): number {
  return place.height === 0 ? place.bytes : layoutOf(shape, place).nodeBytes
}

/** Bytes of a subtree's blocks, interior nodes included: what its link calls Tsize. A function of the place alone. */
export function dagBytes(shape: TreeShape, place: Place): number {
  if (place.height === 0) return place.bytes
  const { count, each, last, nodeBytes: own } = layoutOf(shape, place)
  return own + (count - 1) * each.dagBytes + last.dagBytes
}

/** The digest of child `index`. */
export function digestAt(node: TreeNode, index: number): Digest {
  return digestOf(node.digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES))
}

/** Child `index` with all below it. */
export function childAt(shape: TreeShape, node: TreeNode, index: number): Subtree {
  const { height, bytes } = childPlace(shape, node, index)
  return { digest: digestAt(node, index), height, bytes }
}

interface Child extends Place {
  readonly dagBytes: number
}

/** All children but the last are alike, so links have one length and digests stand at a fixed distance. */
interface NodeLayout {
  readonly count: number
  /** Each child but the last. */
  readonly each: Child
  readonly last: Child
  readonly linkBytes: number
  readonly nodeBytes: number
}

function layoutOf(shape: TreeShape, place: Place): NodeLayout {
  assert(place.height > 0 && place.bytes > 0, 'a leaf is no node')
  const count = childCount(shape, place)
  const last = childOf(shape, childPlace(shape, place, count - 1))
  const each = count === 1 ? last : childOf(shape, childPlace(shape, place, 0))
  const linksBytes = (count - 1) * linkBytes(0, each.dagBytes) + linkBytes(0, last.dagBytes)
  const dataBytes = fileDataFieldBytes(place.bytes, { count, each: each.bytes, last: last.bytes })
  return { count, each, last, linkBytes: linkBytes(0, each.dagBytes), nodeBytes: linksBytes + dataBytes }
}

function childOf(shape: TreeShape, place: Place): Child {
  return { height: place.height, bytes: place.bytes, dagBytes: dagBytes(shape, place) }
}

function linkTo(child: Child, digest: Digest): PbLink {
  return { codec: child.height === 0 ? CODEC.raw : CODEC.dagPb, digest, name: NO_NAME, dagBytes: child.dagBytes }
}

function invalid(place: Place, what: string): Error {
  return contentFault('NodeInvalid', `content node of height ${place.height} over ${place.bytes} bytes ${what}`)
}

const NO_NAME = Buffer.alloc(0)
