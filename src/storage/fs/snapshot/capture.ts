import { assert, type ByteString, prefixEnd } from '#base'
import { decodeEntry } from '../entry.ts'
import type { Extent } from '../extent.ts'
import type { Tables } from '../home/tables.ts'
import type { Inode } from '../inode.ts'
import * as keys from '../keys.ts'
import type { Ino } from '../vfs.ts'
import type { NodeRef } from './marks.ts'
import type { PageRef, Xattr } from './node.ts'
import { stretchesOf } from './paging.ts'

/** A name and what it led to at one moment. */
export interface CapturedEntry {
  readonly name: ByteString
  readonly inode: Inode
  readonly xattrs: readonly Xattr[]
  /** Directory: its manifest as it was then; undefined when it has yet to be made. */
  readonly node: NodeRef | undefined
  /** File that was not sealed: its overlay then. */
  readonly extents: readonly Extent[] | undefined
}

/** A directory at one moment: all of it, or what changed between pages that stay. */
export interface CapturedDirectory {
  readonly inode: Inode
  readonly xattrs: readonly Xattr[]
  readonly pieces: readonly CapturedPiece[]
}

export type CapturedPiece =
  | { readonly kind: 'pages'; readonly refs: readonly PageRef[] }
  | { readonly kind: 'entries'; readonly entries: readonly CapturedEntry[] }

/** Reads a directory in one step. With its pages so far and the names that changed, only those runs of names. */
export function captureDirectory(
  tables: Tables,
  inode: Inode,
  change?: { readonly pages: readonly PageRef[]; readonly names: readonly ByteString[] },
): CapturedDirectory {
  const { ino } = inode
  const all = [{ kind: 'names', from: '', to: undefined } as const]
  const stretches = change === undefined || change.pages.length === 0 ? all : stretchesOf(change.pages, change.names)
  const pieces = stretches.map((stretch): CapturedPiece => {
    if (stretch.kind === 'pages') return stretch
    return { kind: 'entries', entries: captureNames(tables, ino, stretch) }
  })
  return { inode, xattrs: xattrsOf(tables, inode), pieces }
}

/** Reads names of a directory from `from` to before `to`, sorted; `limit` of them. */
export function captureNames(
  tables: Tables,
  dir: Ino,
  range: { readonly from: ByteString; readonly to?: ByteString | undefined; readonly limit?: number | undefined },
): CapturedEntry[] {
  const prefix = keys.entryPrefix(dir)
  const end = range.to === undefined ? prefixEnd(prefix) : prefix + range.to
  const { entries } = tables.keyspace.rangeNow({
    keys: { kind: 'range', start: prefix + range.from, end },
    limit: range.limit,
  })
  return entries.map(row => {
    const inode = tables.inode(decodeEntry(row.value).ino)
    assert(inode !== undefined, 'every name leads to an inode')
    return captureEntry(tables, row.key.slice(prefix.length), inode)
  })
}

function captureEntry(tables: Tables, name: ByteString, inode: Inode): CapturedEntry {
  return {
    name,
    inode,
    xattrs: xattrsOf(tables, inode),
    node: inode.kind === 'directory' ? tables.marks.manifest(inode.ino) : undefined,
    extents: inode.kind !== 'file' || isSealed(tables, inode) ? undefined : tables.extents(inode.ino),
  }
}

/** True when the inode's tree is the file's whole content. */
export function isSealed(tables: Tables, inode: Inode): boolean {
  const { tree, size } = inode
  const fits = tree === undefined ? size === 0 : tree.bytes === size && tree.visibleBytes === size
  return fits && tables.keyspace.get(keys.unsealedKey(inode.ino)) === undefined
}

/** Extended attributes as they are. */
export function xattrsOf(tables: Tables, inode: Inode): readonly Xattr[] {
  if (!inode.hasXattrs) return []
  return tables.xattrs(inode.ino).map(row => ({ name: keys.nameOfXattrKey(row.key), value: row.value }))
}
