import { LRUCache } from 'lru-cache'
import { createHash } from 'node:crypto'
import { type Awaitable, andThen, type Digest, digestOf } from '#base'
import type { ChunkSource } from '../chunk-source.ts'
import { MANIFEST_CACHE_BYTES } from './limits.ts'
import type { NodeRef } from './marks.ts'
import {
  decodeDirectory,
  decodeIndex,
  decodePage,
  decodeXattrs,
  type DirectoryNode,
  isRef,
  type ManifestEntry,
  type PageRef,
  type Recorded,
  type Xattr,
} from './node.ts'

/** Where manifest nodes are read and written: chunks below, decoded nodes in memory. */
export class ManifestStore {
  readonly #chunks: ChunkSource
  readonly #nodes = new LRUCache<string, { value: unknown; bytes: number }>({
    maxSize: MANIFEST_CACHE_BYTES,
    sizeCalculation: node => node.bytes * DECODED_FACTOR + 100,
  })

  constructor(chunks: ChunkSource) {
    this.#chunks = chunks
  }

  /** The name of a node, which is stored when `stored` resolves. Faults: those of `ChunkSource.put`. */
  add(bytes: Uint8Array): { readonly ref: NodeRef; readonly stored: Promise<Digest> } {
    const digest = digestOf(createHash('sha256').update(bytes).digest())
    return { ref: { digest, bytes: bytes.length }, stored: this.#chunks.put(bytes) }
  }

  /** Resolves when every node stored before survives a power cut. */
  sync(): Promise<void> {
    return this.#chunks.sync()
  }

  directory(ref: NodeRef): Awaitable<DirectoryNode> {
    return this.#read('d', ref, decodeDirectory)
  }

  page(ref: NodeRef): Awaitable<readonly ManifestEntry[]> {
    return this.#read('p', ref, decodePage)
  }

  index(ref: NodeRef): Awaitable<readonly PageRef[]> {
    return this.#read('i', ref, decodeIndex)
  }

  /** Extended attributes with their values. */
  async xattrs(inode: Recorded): Promise<{ readonly name: string; readonly value: Uint8Array }[]> {
    const found: { name: string; value: Uint8Array }[] = []
    for (const { name, value } of await this.xattrList(inode)) {
      found.push({ name, value: isRef(value) ? await this.chunk(value) : value })
    }
    return found
  }

  /** Extended attributes; large values by reference. */
  xattrList(inode: Recorded): Awaitable<readonly Xattr[]> {
    const { xattrs } = inode
    if (xattrs === undefined) return []
    return isRef(xattrs) ? this.#read('x', xattrs, decodeXattrs) : xattrs
  }

  /** The bytes of a whole chunk. */
  chunk(ref: NodeRef): Awaitable<Uint8Array> {
    const bytes = new Uint8Array(ref.bytes)
    return andThen(this.#chunks.read(ref.digest, bytes, 0), () => bytes)
  }

  /** References to all pages of a directory that has pages, in order. */
  async pages(node: DirectoryNode): Promise<readonly PageRef[]> {
    const { items } = node
    if (!('refs' in items)) return []
    let refs = items.refs
    for (let height = items.height; height > 1; height--) {
      const below: PageRef[] = []
      for (const ref of refs) below.push(...(await this.index(ref)))
      refs = below
    }
    return refs
  }

  #read<Value>(kind: string, ref: NodeRef, decode: (bytes: Uint8Array) => Value): Awaitable<Value> {
    const key = kind + ref.digest
    const known = this.#nodes.get(key)
    if (known !== undefined) return known.value as Value
    return andThen(this.chunk(ref), bytes => {
      const value = decode(bytes)
      this.#nodes.set(key, { value, bytes: ref.bytes })
      return value
    })
  }
}

/** Memory of a decoded node, in multiples of its encoded length. */
const DECODED_FACTOR = 5
