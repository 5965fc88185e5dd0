import { assert, type ByteString, prefixEnd } from '#base'
import type { KeySet, KeyValue } from '#keyspace'
import { decodeEntry } from '../entry.ts'
import type { ExtentList } from '../extent-list.ts'
import type { Tables } from '../home/tables.ts'
import { type Inode, ROOT_INO } from '../inode.ts'
import * as keys from '../keys.ts'
import type { Ino } from '../vfs.ts'
import { descend, type Steps } from './descend.ts'
import { INLINE_ENTRIES_MAX, STEP_ENTRIES_MAX } from './limits.ts'
import { type NodeRef, SELF } from './marks.ts'
import type { PageRef, Xattr } from './node.ts'
import { type Stretch, stretchesOf } from './paging.ts'
import type { Plan } from './plan.ts'

/** An inode as it was at one moment. */
export interface Captured {
  readonly inode: Inode
  readonly xattrs: readonly Xattr[]
}

/** A name and what it led to at one moment. */
export interface CapturedEntry extends Captured {
  readonly name: ByteString
  /** Directory: its manifest as it was then; undefined when it has none yet. */
  readonly node: NodeRef | undefined
  /** File that was not sealed: its overlay then. */
  readonly extents: ExtentList | undefined
}

/** A directory comes piece by piece, by name: entries, or pages that stay as they are. What is below it comes before. */
export type Piece =
  | { readonly kind: 'entries'; readonly dir: Ino; readonly entries: readonly CapturedEntry[] }
  | { readonly kind: 'pages'; readonly dir: Ino; readonly refs: readonly PageRef[] }
  | { readonly kind: 'end'; readonly dir: Ino; readonly self: Captured }

/** What a capture is told by. */
export interface CaptureParts {
  readonly tables: Tables
  readonly plan: Plan
  /** Pages of a directory by its newest manifest; undefined when they are not in memory: then all of it is read. */
  readonly pagesOf: (dir: Ino) => readonly PageRef[] | undefined
  /** A directory is read from now on; answers which names have changed since the plan was made. */
  readonly begin: (dir: Ino) => Iterable<ByteString>
}

/**
 * Reads what a plan names, and directories without a manifest that are found on the way. Taken in one step of the
 * event loop the pieces show one moment; taken in many, each piece shows its own.
 */
export function* capture(parts: CaptureParts): Generator<Piece> {
  const { tables, plan } = parts
  const isFirst = tables.marks.manifest(ROOT_INO) === undefined
  if (isFirst || plan.directories.size > 0) yield* descend(captureDirectory(parts, ROOT_INO, new Set()))
}

function* captureDirectory(parts: CaptureParts, dir: Ino, seen: Set<Ino>): Steps<Piece> {
  const { tables, plan } = parts
  if (seen.has(dir)) return
  seen.add(dir)
  for (const below of plan.directories.get(dir)?.below ?? []) yield captureDirectory(parts, below, seen)
  const inode = tables.inode(dir)
  if (inode === undefined || inode.nlink === 0) return
  const changed = parts.begin(dir)
  const self = { inode, xattrs: xattrsOf(tables, inode) }
  for (const stretch of stretchesToRead(parts, inode, changed)) {
    if (stretch.kind === 'pages') yield { kind: 'pages', dir, refs: stretch.refs }
    else yield captureNames(parts, { dir, seen, ...stretch })
  }
  yield { kind: 'end', dir, self }
}

function stretchesToRead(
  { plan, pagesOf }: CaptureParts,
  { ino, entries }: Inode,
  changed: Iterable<ByteString>,
): readonly Stretch[] {
  const pending = plan.directories.get(ino)
  const isWhole = pending === undefined || pending.isWhole || entries <= INLINE_ENTRIES_MAX
  const pages = isWhole ? undefined : pagesOf(ino)
  if (pages === undefined || pages.length === 0) return [{ kind: 'names', from: '', to: undefined }]
  const names = new Set([...(pending?.names ?? []), ...changed])
  return stretchesOf(pages, [...names].filter(name => name !== SELF).sort())
}

function* captureNames(
  parts: CaptureParts,
  range: { readonly dir: Ino; readonly seen: Set<Ino>; readonly from: ByteString; readonly to: ByteString | undefined },
): Steps<Piece> {
  const { dir, seen, to } = range
  const prefix = keys.entryPrefix(dir)
  const end = to === undefined ? prefixEnd(prefix) : prefix + to
  for (let start: ByteString | undefined = prefix + range.from; start !== undefined; ) {
    const keySet: KeySet = { kind: 'range', start, end }
    const rows: readonly KeyValue[] = parts.tables.keyspace.rangeNow({ keys: keySet, limit: STEP_ENTRIES_MAX }).entries
    const entries = rows.map(row =>
      captureEntry(parts.tables, row.key.slice(prefix.length), decodeEntry(row.value).ino),
    )
    for (const { inode, node } of entries) {
      if (inode.kind === 'directory' && node === undefined) yield captureDirectory(parts, inode.ino, seen)
    }
    yield { kind: 'entries', dir, entries }
    start = rows.length < STEP_ENTRIES_MAX ? undefined : `${rows.at(-1)?.key ?? ''}\0`
  }
}

function captureEntry(tables: Tables, name: ByteString, ino: Ino): CapturedEntry {
  const inode = tables.inode(ino)
  assert(inode !== undefined, 'every name leads to an inode')
  return {
    name,
    inode,
    xattrs: xattrsOf(tables, inode),
    node: inode.kind === 'directory' ? tables.marks.manifest(ino) : undefined,
    extents: inode.kind !== 'file' || isSealed(tables, inode) ? undefined : tables.extents(ino),
  }
}

/** True when the inode's tree is the file's whole content. */
export function isSealed(tables: Tables, inode: Inode): boolean {
  const { tree, size } = inode
  const fits = tree === undefined ? size === 0 : tree.bytes === size && tree.visibleBytes === size
  return fits && tables.keyspace.get(keys.unsealedKey(inode.ino)) === undefined
}

function xattrsOf(tables: Tables, inode: Inode): readonly Xattr[] {
  if (!inode.hasXattrs) return []
  return tables.xattrs(inode.ino).map(row => ({ name: keys.nameOfXattrKey(row.key), value: row.value }))
}
