import { LRUCache } from 'lru-cache'
import { atMost, assert, type Awaitable, andThen, type ByteString, byteStringOfText } from '#base'
import type { Reader } from '../client/reader.ts'
import { nextData, nextHole } from '../content/seek.ts'
import { EMPTY_TREE, type Tree } from '../content/shape.ts'
import type { TreeStore } from '../content/tree-store.ts'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import { ExtentList } from '../extent-list.ts'
import { attributesOf, inoOf, ROOT_INO } from '../inode.ts'
import type { Content } from '../operation.ts'
import type { Attributes, Cookie, DirectoryEntry, Ino, ListOptions, Reply } from '../vfs.ts'
import { VIRTUAL_NODES_MAX } from './limits.ts'
import type { ManifestStore } from './manifest-store.ts'
import type { NodeRef } from './marks.ts'
import { type DirectoryNode, isRef, type ManifestEntry, type Recorded } from './node.ts'
import { type Snapshot, SNAPSHOT_ID_MAX, type SnapshotList } from './table.ts'
import { entriesFrom, findEntry } from './walk.ts'

/** The name in the root under which snapshots are found. It is not listed. */
export const SNAPSHOTS_NAME: ByteString = '.snapshots'

/** The directory of that name. Numbers behind it: the snapshot's id, then the number the file had when it was kept. */
export const SNAPSHOTS_INO = inoOf(2 ** 52)
const INOS_PER_SNAPSHOT = 2 ** 52 / (SNAPSHOT_ID_MAX + 1)

/** What a view works with. */
export interface ViewParts {
  readonly store: ManifestStore
  readonly table: SnapshotList
  readonly trees: TreeStore
  readonly reader: Reader
  /** The live root's attributes: `.snapshots` belongs to whom it belongs. */
  readonly root: () => Reply<Attributes>
}

/** Something in a snapshot that was looked up: what is needed to go on from there. */
export type Node =
  | { readonly kind: 'directory'; readonly parent: Ino; readonly ref: NodeRef }
  | { readonly kind: 'other'; readonly inode: Recorded }

/** A directory with its own manifest node. */
interface Directory {
  readonly parent: Ino
  readonly node: DirectoryNode
}

/**
 * Snapshots as directories. Nodes are known by number from look-up until the kernel forgets them; one that is asked for
 * after a restart, or was crowded out, is ESTALE, upon which the kernel looks its path up again.
 */
export class SnapshotView {
  readonly #parts: ViewParts
  readonly #nodes = new LRUCache<Ino, Node>(atMost(VIRTUAL_NODES_MAX))

  constructor(parts: ViewParts) {
    this.#parts = parts
  }

  lookup(parent: Ino, name: ByteString): Reply<Attributes> {
    if (parent === SNAPSHOTS_INO) return this.#lookupSnapshot(name)
    return andThen(this.#directory(parent), directory => {
      if (isErrno(directory)) return directory
      if (name === '..') return this.attributes(directory.parent)
      return andThen(findEntry(this.#parts.store, directory.node, name), entry =>
        entry === undefined ? ERRNO.ENOENT : this.attributes(this.#remember(parent, entry)),
      )
    })
  }

  forget(ino: Ino): void {
    this.#nodes.delete(ino)
  }

  attributes(ino: Ino): Reply<Attributes> {
    if (ino === ROOT_INO) return this.#parts.root()
    if (ino === SNAPSHOTS_INO) return this.#ownAttributes()
    return andThen(this.#inode(ino), inode => (isErrno(inode) ? inode : attributesOfRecorded(ino, inode)))
  }

  /** A number the kernel kept over a restart is refused here, where it looks the path up again, and not at reading. */
  open(ino: Ino): Reply<void> {
    const node = ino === SNAPSHOTS_INO ? undefined : this.node(ino)
    return isErrno(node) ? node : undefined
  }

  readLink(ino: Ino): Reply<ByteString> {
    return andThen(this.#inode(ino), inode => {
      if (isErrno(inode)) return inode
      return inode.kind === 'symlink' ? inode.target : ERRNO.EINVAL
    })
  }

  read(ino: Ino, offset: number, into: Uint8Array): Reply<{ readonly bytes: number }> {
    return andThen(this.#file(ino), tree => {
      if (isErrno(tree)) return tree
      const bytes = Math.max(0, Math.min(into.byteLength, tree.size - offset))
      if (bytes === 0) return { bytes }
      return andThen(this.#parts.reader.read(contentOf(tree), offset, into.subarray(0, bytes)), () => ({ bytes }))
    })
  }

  seek(ino: Ino, offset: number, what: 'data' | 'hole'): Reply<{ readonly offset: number }> {
    return andThen(this.#file(ino), tree => {
      if (isErrno(tree)) return tree
      const { trees } = this.#parts
      const found = what === 'data' ? nextData(trees, tree, offset) : nextHole(trees, tree, offset)
      return andThen(found, at => (at === undefined ? ERRNO.ENXIO : { offset: at }))
    })
  }

  getXattr(ino: Ino, name: ByteString): Reply<Uint8Array> {
    if (ino === SNAPSHOTS_INO) return ERRNO.ENODATA
    return andThen(this.#inode(ino), inode => {
      if (isErrno(inode)) return inode
      return andThen(this.#parts.store.xattrList(inode), (xattrs): Reply<Uint8Array> => {
        const value = xattrs.find(xattr => xattr.name === name)?.value
        if (value === undefined) return ERRNO.ENODATA
        return value instanceof Uint8Array ? value : this.#parts.store.chunk(value)
      })
    })
  }

  listXattr(ino: Ino): Reply<readonly ByteString[]> {
    if (ino === SNAPSHOTS_INO) return []
    return andThen(this.#inode(ino), inode => {
      if (isErrno(inode)) return inode
      return andThen(this.#parts.store.xattrList(inode), xattrs => xattrs.map(xattr => xattr.name))
    })
  }

  list(ino: Ino, after: Cookie, options: ListOptions): Reply<void> {
    if (ino === SNAPSHOTS_INO) return this.#listSnapshots(after, options)
    return andThen(this.#directory(ino), directory => {
      if (isErrno(directory)) return directory
      if (!takeDots(ino, directory.parent, after, options)) return undefined
      return this.#listFrom(ino, directory.node, Math.max(0, after - DOTS), options)
    })
  }

  /** What is known by a number; ESTALE when it has to be looked up first. */
  node(ino: Ino): Node | Errno {
    const snapshot = this.#parts.table.byId(idOf(ino))
    if (snapshot === undefined) return ERRNO.ESTALE
    if (ino === rootOfSnapshot(snapshot)) return { kind: 'directory', parent: SNAPSHOTS_INO, ref: snapshot.root }
    return this.#nodes.get(ino) ?? ERRNO.ESTALE
  }

  #listFrom(ino: Ino, node: DirectoryNode, first: number, options: ListOptions): Awaitable<undefined> {
    if (first >= node.count) return undefined
    return andThen(entriesFrom(this.#parts.store, node, first), entries => {
      for (const [index, entry] of entries.entries()) {
        const listed = this.#listed(ino, entry, (first + index + 1 + DOTS) as Cookie, options)
        if (!options.take(listed)) return undefined
      }
      return this.#listFrom(ino, node, first + entries.length, options)
    })
  }

  // The attributes of directories are in nodes of their own: whoever wants them looks the name up.
  #listed(parent: Ino, entry: ManifestEntry, cookie: Cookie, options: ListOptions): DirectoryEntry {
    const { name, kind } = entry
    if (!options.attributes || entry.kind === 'directory') {
      return { name, kind, cookie, ino: inoIn(parent, entry.ino), attributes: undefined }
    }
    const ino = this.#remember(parent, entry)
    return { name, kind, cookie, ino, attributes: attributesOfRecorded(ino, entry.inode) }
  }

  // Snapshots come by id, which only grows until the numbers are used up.
  #listSnapshots(after: Cookie, options: ListOptions): undefined {
    if (!takeDots(SNAPSHOTS_INO, ROOT_INO, after, options)) return
    const snapshots = [...this.#parts.table.list()].sort((a, b) => a.id - b.id)
    for (const snapshot of snapshots) {
      const cookie = (snapshot.id + DOTS) as Cookie
      if (cookie <= after) continue
      const name = byteStringOfText(snapshot.name)
      const entry = { name, ino: rootOfSnapshot(snapshot), kind: 'directory', cookie, attributes: undefined } as const
      if (!options.take(entry)) return
    }
  }

  #lookupSnapshot(name: ByteString): Reply<Attributes> {
    if (name === '..') return this.#parts.root()
    const snapshot = this.#parts.table.find(name)
    return snapshot === undefined ? ERRNO.ENOENT : this.attributes(rootOfSnapshot(snapshot))
  }

  #remember(parent: Ino, entry: ManifestEntry): Ino {
    const ino = inoIn(parent, entry.ino)
    if (entry.kind === 'directory') this.#nodes.set(ino, { kind: 'directory', parent, ref: entry.node })
    else this.#nodes.set(ino, { kind: 'other', inode: entry.inode })
    return ino
  }

  #ownAttributes(): Reply<Attributes> {
    const snapshots = this.#parts.table.list()
    const changedNs = snapshots.reduce((last, { createdNs }) => (createdNs > last ? createdNs : last), 0n)
    return andThen(this.#parts.root(), root => {
      if (isErrno(root)) return root
      const mtimeNs = changedNs > root.btimeNs ? changedNs : root.btimeNs
      const nlink = snapshots.length + 2
      return { ...root, ino: SNAPSHOTS_INO, mode: 0o555, nlink, mtimeNs, ctimeNs: mtimeNs, atimeNs: mtimeNs }
    })
  }

  #inode(ino: Ino): Awaitable<Recorded | Errno> {
    const node = this.node(ino)
    if (isErrno(node)) return node
    return node.kind === 'other' ? node.inode : andThen(this.#parts.store.directory(node.ref), ({ self }) => self)
  }

  #directory(ino: Ino): Awaitable<Directory | Errno> {
    const node = this.node(ino)
    if (isErrno(node)) return node
    if (node.kind !== 'directory') return ERRNO.ENOTDIR
    return andThen(this.#parts.store.directory(node.ref), found => ({ parent: node.parent, node: found }))
  }

  #file(ino: Ino): Awaitable<Tree | Errno> {
    if (ino === SNAPSHOTS_INO) return ERRNO.EISDIR
    return andThen(this.#inode(ino), inode => {
      if (isErrno(inode)) return inode
      if (inode.kind !== 'file') return inode.kind === 'directory' ? ERRNO.EISDIR : ERRNO.EINVAL
      return inode.content === undefined ? EMPTY_TREE : { digest: inode.content.digest, size: inode.size }
    })
  }
}

/** True for the number of something in a snapshot. */
export function isVirtual(ino: Ino): boolean {
  return ino >= SNAPSHOTS_INO
}

function rootOfSnapshot({ id }: Snapshot): Ino {
  return inoOf(SNAPSHOTS_INO + id * INOS_PER_SNAPSHOT + ROOT_INO)
}

function idOf(ino: Ino): number {
  return Math.floor((ino - SNAPSHOTS_INO) / INOS_PER_SNAPSHOT)
}

/** The number of a file of the same snapshot. */
function inoIn(other: Ino, ino: number): Ino {
  assert(ino < INOS_PER_SNAPSHOT, 'a snapshot has room for every inode number')
  return inoOf(SNAPSHOTS_INO + idOf(other) * INOS_PER_SNAPSHOT + ino)
}

function attributesOfRecorded(ino: Ino, inode: Recorded): Attributes {
  const { xattrs } = inode
  const hasXattrs = xattrs !== undefined && (isRef(xattrs) || xattrs.length > 0)
  return attributesOf({ ...inode, ino, entries: 0, overlayBytes: 0, tree: inode, hasXattrs })
}

function contentOf(tree: Tree): Content {
  const sealed = { root: tree.digest, bytes: tree.size, visibleBytes: tree.size, usedBytes: 0 }
  return { size: tree.size, extents: ExtentList.none, tree: sealed }
}

// True when there is room for more.
function takeDots(ino: Ino, parent: Ino, after: Cookie, { take }: ListOptions): boolean {
  const dot = { kind: 'directory', attributes: undefined } as const
  if (after < 1 && !take({ ...dot, name: '.', ino, cookie: 1 as Cookie })) return false
  return after >= DOTS || take({ ...dot, name: '..', ino: parent, cookie: DOTS as Cookie })
}

/** Cookies 1 and 2 stand for `.` and `..`. */
const DOTS = 2
