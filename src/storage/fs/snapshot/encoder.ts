import { assert, type Digest } from '#base'
import { fileDag } from '../content/cid.ts'
import type { TreeShape } from '../content/shape.ts'
import type { Sealer } from '../home/sealer.ts'
import type { Inode } from '../inode.ts'
import type { Ino } from '../vfs.ts'
import type { CapturedDirectory, CapturedEntry } from './capture.ts'
import { INLINE_ENTRIES_MAX, INLINE_ENTRY_BYTES_MAX, INLINE_XATTR_BYTES_MAX, PAGE_REFS_MAX } from './limits.ts'
import type { ManifestStore } from './manifest-store.ts'
import type { DirectoryManifest, NodeRef } from './marks.ts'
import {
  encodeDirectory,
  encodeEntry,
  encodeList,
  encodeRef,
  encodeXattrs,
  type ManifestEntry,
  type PageRef,
  type Recorded,
  type Xattr,
  type Xattrs,
} from './node.ts'
import { type EncodedEntry, groupRefs, splitPages } from './paging.ts'

/** What directories captured together have become, and the stores of their nodes that are under way. */
export interface Batch {
  readonly built: Map<Ino, DirectoryManifest>
  readonly stores: Promise<Digest>[]
}

/** Makes manifest nodes of what was captured. Content that was not sealed then is sealed for it. */
export class Encoder {
  readonly #parts: { readonly store: ManifestStore; readonly sealer: Sealer; readonly shape: TreeShape }

  constructor(parts: { readonly store: ManifestStore; readonly sealer: Sealer; readonly shape: TreeShape }) {
    this.#parts = parts
  }

  /** The manifest of a directory. */
  async directory(captured: CapturedDirectory, batch: Batch): Promise<DirectoryManifest> {
    const [only, second] = captured.pieces
    if (only?.kind === 'entries' && second === undefined) {
      const entries = await this.entries(only.entries, batch)
      const bytes = entries.reduce((sum, entry) => sum + entry.bytes.length, 0)
      const isInline = entries.length <= INLINE_ENTRIES_MAX && bytes <= INLINE_ENTRY_BYTES_MAX
      if (isInline) return this.#inline(captured, entries, batch)
      return this.paged(captured, this.pages(splitPages(entries), batch), batch)
    }
    const refs: PageRef[] = []
    for (const piece of captured.pieces) {
      if (piece.kind === 'pages') refs.push(...piece.refs)
      else refs.push(...this.pages(splitPages(await this.entries(piece.entries, batch)), batch))
    }
    return this.paged(captured, refs, batch)
  }

  /** The manifest of a directory over pages. */
  paged(captured: Omit<CapturedDirectory, 'pieces'>, pages: readonly PageRef[], batch: Batch): DirectoryManifest {
    let refs = pages
    let height = 1
    for (; refs.length > PAGE_REFS_MAX; height++) {
      refs = groupRefs(refs, height).map(group => this.#ref(group.map(encodeRef), group, batch))
    }
    const count = refs.reduce((sum, ref) => sum + ref.count, 0)
    const node = encodeDirectory(this.#self(captured, batch), { count, height }, refs.map(encodeRef))
    return { ...this.#add(node, batch), isPaged: true }
  }

  /** Stores pages. */
  pages(pages: readonly (readonly EncodedEntry[])[], batch: Batch): PageRef[] {
    return pages.map(page => {
      const [first] = page
      assert(first !== undefined, 'a page has an entry')
      const { digest, bytes } = this.#add(encodeList(page.map(entry => entry.bytes)), batch)
      return { first: first.name, digest, bytes, count: page.length }
    })
  }

  async entries(captured: readonly CapturedEntry[], batch: Batch): Promise<EncodedEntry[]> {
    const encoded: EncodedEntry[] = []
    for (const entry of captured) {
      const made =
        entry.extents === undefined ? this.#entry(entry, entry.inode, batch) : await this.#unsealed(entry, batch)
      encoded.push({ name: entry.name, bytes: encodeEntry(made) })
    }
    return encoded
  }

  async #unsealed(entry: CapturedEntry, batch: Batch): Promise<ManifestEntry> {
    const { tree, usedBytes } = await this.#parts.sealer.treeOf(entry.inode, entry.extents ?? [])
    const sealed = { root: tree.digest, bytes: tree.size, visibleBytes: tree.size, usedBytes }
    return this.#entry(entry, { ...entry.inode, tree: tree.size === 0 ? undefined : sealed }, batch)
  }

  #entry(entry: CapturedEntry, inode: Inode, batch: Batch): ManifestEntry {
    const { name } = entry
    const { ino, kind } = inode
    if (kind !== 'directory') return { name, kind, ino, inode: this.#record(inode, entry.xattrs, batch) }
    const node = batch.built.get(ino) ?? entry.node
    assert(node !== undefined, 'a directory comes after those below it')
    return { name, kind, ino, node }
  }

  #inline(captured: CapturedDirectory, entries: readonly EncodedEntry[], batch: Batch): DirectoryManifest {
    const shape = { count: entries.length, height: 0 }
    const node = encodeDirectory(
      this.#self(captured, batch),
      shape,
      entries.map(entry => entry.bytes),
    )
    return { ...this.#add(node, batch), isPaged: false }
  }

  #self(captured: Omit<CapturedDirectory, 'pieces'>, batch: Batch): Recorded {
    return this.#record(captured.inode, captured.xattrs, batch)
  }

  #record(inode: Inode, xattrs: readonly Xattr[], batch: Batch): Recorded {
    const { ino, kind, mode, uid, gid, nlink, rdev, size, target, atimeNs, mtimeNs, ctimeNs, btimeNs, tree } = inode
    const dag = tree === undefined ? undefined : fileDag(this.#parts.shape, { digest: tree.root, size: tree.bytes })
    return {
      ino,
      kind,
      mode,
      uid,
      gid,
      nlink,
      rdev,
      size,
      target,
      atimeNs,
      mtimeNs,
      ctimeNs,
      btimeNs,
      usedBytes: tree?.usedBytes ?? 0,
      content:
        dag === undefined
          ? undefined
          : {
              codec: dag.codec,
              digest: dag.digest,
            },
      xattrs: this.#xattrs(xattrs, batch),
    }
  }

  #xattrs(xattrs: readonly Xattr[], batch: Batch): Xattrs {
    if (xattrs.length === 0) return undefined
    const sizeOf = ({ name, value }: Xattr): number => name.length + (value instanceof Uint8Array ? value.length : 0)
    if (xattrs.reduce((sum, xattr) => sum + sizeOf(xattr), 0) <= INLINE_XATTR_BYTES_MAX) return xattrs
    const outside = xattrs.map(({ name, value }): Xattr => {
      const isLarge = value instanceof Uint8Array && value.length > INLINE_XATTR_BYTES_MAX
      return { name, value: isLarge ? this.#add(value, batch) : value }
    })
    return this.#add(encodeXattrs(outside), batch)
  }

  #ref(items: readonly Uint8Array[], refs: readonly PageRef[], batch: Batch): PageRef {
    const [first] = refs
    assert(first !== undefined, 'a group has a page')
    const count = refs.reduce((sum, ref) => sum + ref.count, 0)
    return { ...this.#add(encodeList(items), batch), first: first.first, count }
  }

  #add(bytes: Uint8Array, batch: Batch): NodeRef {
    const { ref, stored } = this.#parts.store.add(bytes)
    stored.catch(() => undefined)
    batch.stores.push(stored)
    return ref
  }
}
