import { CID } from 'multiformats/cid'
import { create } from 'multiformats/hashes/digest'
import { createHash } from 'node:crypto'
import { type ByteString, bytesOf, type Digest, digestBytes, digestOf } from '#base'
import { CODEC, type Codec, encodePbNode, type PbLink, UNIXFS_TYPE, type Unixfs } from './dag-pb.ts'
import { dagBytes } from './node.ts'
import { rootOf, type Tree, type TreeShape } from './shape.ts'

/** The root block of something published: what a directory's link to it says. */
export interface Dag {
  readonly codec: Codec
  readonly digest: Digest
  /** Bytes of the root block and of all below it. */
  readonly dagBytes: number
}

/** The public name of a block: CIDv1 with SHA-256, in base32, as `ipfs add --cid-version 1` prints it. */
export function cidText(dag: { readonly codec: number; readonly digest: Digest }): string {
  return CID.createV1(dag.codec, create(SHA2_256, digestBytes(dag.digest))).toString()
}

/** The published form of a file: its sealed tree as it stands. */
export function fileDag(shape: TreeShape, tree: Tree): Dag {
  const root = rootOf(shape, tree)
  return { codec: root.height === 0 ? CODEC.raw : CODEC.dagPb, digest: root.digest, dagBytes: dagBytes(shape, root) }
}

/** The CID of a file, which equals that of `ipfs add` with profile unixfs-v1-2025 when the shape is the profile's. */
export function cidOfTree(shape: TreeShape, tree: Tree): string {
  return cidText(fileDag(shape, tree))
}

/** The published form of a symbolic link: one UnixFS node that holds the target. */
export function symlinkDag(target: ByteString): Dag {
  return pbDag([], { type: UNIXFS_TYPE.symlink, data: bytesOf(target) })
}

/** The published form of a dag-pb node over what its links say of their children. */
export function pbDag(links: readonly PbLink[], unixfs: Unixfs): Dag {
  const block = encodePbNode(links, unixfs)
  const digest = digestOf(createHash('sha256').update(block).digest())
  return { codec: CODEC.dagPb, digest, dagBytes: links.reduce((sum, link) => sum + link.dagBytes, block.length) }
}

/** The multicodec number of sha2-256. */
const SHA2_256 = 0x12
