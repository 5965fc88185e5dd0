import { type Errno, isErrno } from '../errno.ts'
import { pathOf } from '../home/path-of.ts'
import { findInode, type HomeContext } from '../home/context.ts'
import { attributesOf, type Inode } from '../inode.ts'
import { isLimited, type PlacedQuota } from '../quota.ts'
import type { Answer, Attributes, Ino } from '../vfs.ts'
import { isSealed } from './capture.ts'
import type { Builder } from './builder.ts'
import type { Cid, Cids } from './cids.ts'
import { isVirtual, SNAPSHOTS_INO, type SnapshotView } from './view.ts'

/** What a filesystem knows of a file beyond stat(2). */
export interface FileStat {
  readonly attributes: Attributes
  /** Extents over the sealed tree. */
  readonly extents: number
  /** True when the sealed tree is the whole content. */
  readonly isSealed: boolean
  /** What it counts against, and the path of the directory that has these limits. */
  readonly quota: PlacedQuota | undefined
  /** Undefined when it was not asked for. */
  readonly cid: Cid | undefined
}

/** What describing files takes. */
export interface StatParts {
  readonly context: HomeContext
  readonly builder: Builder
  readonly cids: Cids
  readonly view: SnapshotView
  /** Brings what was written to a file to the home, and seals it. */
  readonly seal: (ino: Ino) => Promise<Errno | undefined>
}

/** Describes files of a filesystem and its snapshots. */
export class Stat {
  readonly #parts: StatParts

  constructor(parts: StatParts) {
    this.#parts = parts
  }

  /** With `cid` the file is sealed first, a directory with all below, so that the CID is that of now. */
  async of(ino: Ino, options: { readonly cid: boolean }, signal: AbortSignal): Promise<Answer<FileStat>> {
    const { context, view, seal } = this.#parts
    if (isVirtual(ino)) {
      const attributes = await view.attributes(ino)
      if (isErrno(attributes)) return attributes
      const cid = options.cid ? await this.#cidOfKept(ino, signal) : undefined
      return isErrno(cid) ? cid : { attributes, extents: 0, isSealed: true, quota: undefined, cid }
    }
    const before = findInode(context, ino)
    if (isErrno(before)) return before
    const failed = options.cid && before.kind === 'file' ? await seal(ino) : undefined
    if (failed !== undefined) return failed
    const cid = options.cid ? await this.#cid(before, signal) : undefined
    const inode = findInode(context, ino)
    if (isErrno(inode)) return inode
    const { tables } = context
    const limits = tables.quota(inode.quotaRoot) ?? (isLimited(tables.whole) ? tables.whole : undefined)
    const quota = limits && { ...limits, path: pathOf(context.tables, limits.ino) }
    const extents = inode.kind === 'file' ? context.tables.extents(ino).length : 0
    return { attributes: attributesOf(inode), extents, isSealed: isSealed(context.tables, inode), quota, cid }
  }

  async #cid({ ino, kind, target }: Inode, signal: AbortSignal): Promise<Cid> {
    const { context, builder, cids } = this.#parts
    const { tables, sealer } = context
    if (kind === 'directory') {
      await builder.cut(signal)
      const manifest = tables.marks.manifest(ino)
      return manifest === undefined ? GONE : cids.ofDirectory(manifest, signal)
    }
    if (kind !== 'file') return cids.ofOther({ kind, target, size: 0, content: undefined })
    const now = tables.inode(ino)
    if (now === undefined) return GONE
    return cids.ofFile((await sealer.treeOf(now, tables.extents(ino))).tree)
  }

  async #cidOfKept(ino: Ino, signal: AbortSignal): Promise<Answer<Cid>> {
    const { view, cids } = this.#parts
    if (ino === SNAPSHOTS_INO) return { ok: false, reason: 'the list of snapshots is no content' }
    const node = view.node(ino)
    if (isErrno(node)) return node
    return node.kind === 'directory' ? cids.ofDirectory(node.ref, signal) : cids.ofOther(node.inode)
  }
}

const GONE: Cid = { ok: false, reason: 'it has been removed' }
