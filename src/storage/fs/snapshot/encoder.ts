import { assert, type Digest } from '#base'
import { fileDag } from '../content/cid.ts'
import type { TreeShape } from '../content/shape.ts'
import type { Sealer } from '../home/sealer.ts'
import type { Inode } from '../inode.ts'
import type { ExtentList } from '../extent-list.ts'
import type { Tables } from '../home/tables.ts'
import type { Ino } from '../vfs.ts'
import type { Captured, CapturedEntry, Piece } from './capture.ts'
import { INLINE_ENTRIES_MAX, INLINE_ENTRY_BYTES_MAX, INLINE_XATTR_BYTES_MAX, PAGE_REFS_MAX } from './limits.ts'
import type { ManifestStore } from './manifest-store.ts'
import type { DirectoryManifest, NodeRef } from './marks.ts'
import {
  encodeDirectory,
  encodeEntry,
  encodeList,
  encodeRef,
  encodeXattrs,
  type PageRef,
  type Recorded,
  type Xattr,
  type Xattrs,
} from './node.ts'
import { type EncodedEntry, groupRefs, splitPages } from './paging.ts'

/** A directory whose pieces are coming. */
interface Open {
  readonly refs: PageRef[]
  /** Entries behind the last full page. */
  entries: EncodedEntry[]
}

/** What an encoder works with. */
export interface EncoderParts {
  readonly tables: Tables
  readonly store: ManifestStore
  readonly sealer: Sealer
  readonly shape: TreeShape
}

/** Makes manifest nodes of captured pieces. Content that was not sealed then is sealed for it. */
export class Encoder {
  readonly #parts: EncoderParts
  readonly #open = new Map<Ino, Open>()
  /** Directories whose entry is still to be made in the one above. */
  readonly #below = new Map<Ino, NodeRef>()
  #made = new Map<Ino, DirectoryManifest>()
  #stores: Promise<Digest>[] = []

  constructor(parts: EncoderParts) {
    this.#parts = parts
  }

  /** Takes the next piece; its nodes are on their way to be stored. */
  async add(piece: Piece): Promise<void> {
    const open = this.#open.get(piece.dir) ?? { refs: [], entries: [] }
    this.#open.set(piece.dir, open)
    if (piece.kind === 'end') {
      this.#open.delete(piece.dir)
      const manifest = this.#directory(piece.self, open)
      this.#made.set(piece.dir, manifest)
      this.#below.set(piece.dir, manifest)
    } else if (piece.kind === 'pages') {
      open.refs.push(...this.#pages(splitPages(open.entries.splice(0))), ...piece.refs)
    } else {
      for (const entry of piece.entries) await this.#encode(entry, open)
      if (open.entries.length <= INLINE_ENTRIES_MAX) return
      const pages = splitPages(open.entries)
      open.entries = pages.pop() ?? []
      open.refs.push(...this.#pages(pages))
    }
  }

  /** Resolves to the directories that have become complete since the last call, when all nodes so far survive a power cut. */
  async stored(): Promise<ReadonlyMap<Ino, DirectoryManifest>> {
    const [made, stores] = [this.#made, this.#stores]
    this.#made = new Map()
    this.#stores = []
    await Promise.all(stores)
    await this.#parts.store.sync()
    return made
  }

  #directory(self: Captured, { refs: pages, entries }: Open): DirectoryManifest {
    const bytes = entries.reduce((sum, entry) => sum + entry.bytes.length, 0)
    const isInline = pages.length === 0 && entries.length <= INLINE_ENTRIES_MAX && bytes <= INLINE_ENTRY_BYTES_MAX
    const recorded = this.#record(self.inode, self.xattrs)
    if (isInline) {
      const items = entries.map(entry => entry.bytes)
      const node = encodeDirectory(recorded, { count: entries.length, height: 0 }, items)
      return { ...this.#add(node), isPaged: false }
    }
    let refs: readonly PageRef[] = [...pages, ...this.#pages(splitPages(entries))]
    let height = 1
    for (; refs.length > PAGE_REFS_MAX; height++) {
      refs = groupRefs(refs, height).map(group => this.#ref(group.map(encodeRef), group))
    }
    const count = refs.reduce((sum, ref) => sum + ref.count, 0)
    return { ...this.#add(encodeDirectory(recorded, { count, height }, refs.map(encodeRef))), isPaged: true }
  }

  #pages(pages: readonly (readonly EncodedEntry[])[]): PageRef[] {
    return pages.map(page => {
      const [first] = page
      assert(first !== undefined, 'a page has an entry')
      const { digest, bytes } = this.#add(encodeList(page.map(entry => entry.bytes)))
      return { first: first.name, digest, bytes, count: page.length }
    })
  }

  async #encode(entry: CapturedEntry, open: Open): Promise<void> {
    const { inode, name } = entry
    const { ino, kind } = inode
    if (kind !== 'directory') {
      const seen = entry.extents === undefined ? inode : await this.#sealed(inode, entry.extents)
      open.entries.push({ name, bytes: encodeEntry({ name, kind, ino, inode: this.#record(seen, entry.xattrs) }) })
      return
    }
    const node = this.#below.get(ino) ?? entry.node ?? this.#parts.tables.marks.manifest(ino)
    this.#below.delete(ino)
    // One that was removed while pieces were taken one by one is left out; its name is marked.
    if (node !== undefined) open.entries.push({ name, bytes: encodeEntry({ name, kind, ino, node }) })
  }

  async #sealed(inode: Inode, extents: ExtentList): Promise<Inode> {
    const { tree, usedBytes } = await this.#parts.sealer.treeOf(inode, extents)
    const sealed = { root: tree.digest, bytes: tree.size, visibleBytes: tree.size, usedBytes }
    return { ...inode, tree: tree.size === 0 ? undefined : sealed }
  }

  #record(inode: Inode, xattrs: readonly Xattr[]): Recorded {
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
      xattrs: this.#xattrs(xattrs),
    }
  }

  #xattrs(xattrs: readonly Xattr[]): Xattrs {
    if (xattrs.length === 0) return undefined
    const sizeOf = ({ name, value }: Xattr): number => name.length + (value instanceof Uint8Array ? value.length : 0)
    if (xattrs.reduce((sum, xattr) => sum + sizeOf(xattr), 0) <= INLINE_XATTR_BYTES_MAX) return xattrs
    const outside = xattrs.map(({ name, value }): Xattr => {
      const isLarge = value instanceof Uint8Array && value.length > INLINE_XATTR_BYTES_MAX
      return { name, value: isLarge ? this.#add(value) : value }
    })
    return this.#add(encodeXattrs(outside))
  }

  #ref(items: readonly Uint8Array[], refs: readonly PageRef[]): PageRef {
    const [first] = refs
    assert(first !== undefined, 'a group has a page')
    const count = refs.reduce((sum, ref) => sum + ref.count, 0)
    return { ...this.#add(encodeList(items)), first: first.first, count }
  }

  #add(bytes: Uint8Array): NodeRef {
    const { ref, stored } = this.#parts.store.add(bytes)
    stored.catch(() => undefined)
    this.#stores.push(stored)
    return ref
  }
}
