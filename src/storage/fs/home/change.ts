import { assert, type ByteString, type Digest } from '#base'
import type { Operation } from '#keyspace'
import { encodeEntry, encodeListed, type Entry } from '../entry.ts'
import { encodeExtent, type Extent, usedBytes } from '../extent.ts'
import { ExtentList } from '../extent-list.ts'
import { attributesOf, encodeInode, type Inode } from '../inode.ts'
import * as keys from '../keys.ts'
import { chargedBytes, decodeQuota, encodeQuota, type Quota, WHOLE_ID } from '../quota.ts'
import { later } from '../time.ts'
import type { QuotaLimits } from '../operation.ts'
import type { DirectoryPlace, Ino } from '../vfs.ts'
import { encodeResult, type RequestName } from './result.ts'
import type { Tables } from './tables.ts'

/** An inode row a change may write to. */
export type MutableInode = { -readonly [Field in keyof Inode]: Inode[Field] }

/**
 * One atomic change of the filesystem: rows are gathered, then committed as one revision or not at all. Each inode is
 * written once however often it was edited.
 */
export class Change {
  readonly #tables: Tables
  readonly #request: RequestName | undefined
  readonly #inodes = new Map<Ino, MutableInode | undefined>()
  readonly #extents = new Map<Ino, ExtentList | undefined>()
  readonly #entries = new Map<ByteString, Entry | undefined>()
  readonly #operations: Operation[] = []
  /** Names that came, went or now lead elsewhere. */
  readonly #names: DirectoryPlace[] = []
  readonly #unmarked = new Set<Ino>()
  readonly #new = new Set<Ino>()
  /** Chunks that new extents name. */
  readonly #named: Digest[] = []
  #whole: Quota | undefined
  readonly nowNs: bigint

  constructor(tables: Tables, request: RequestName | undefined) {
    this.#tables = tables
    this.#request = request
    this.nowNs = tables.nowNs()
  }

  /** The inode, to be edited; it must exist. */
  edit(ino: Ino): MutableInode {
    const open = this.#inodes.get(ino)
    if (open !== undefined) return open
    const inode = this.#tables.inode(ino)
    assert(inode !== undefined, `inode ${ino} does not exist`)
    const copy = { ...inode }
    this.#inodes.set(ino, copy)
    return copy
  }

  /** The inode, to be edited in what no snapshot shows: its access time, or how its content is kept. */
  editUnmarked(ino: Ino): MutableInode {
    this.#unmarked.add(ino)
    return this.edit(ino)
  }

  /** Sets change time, and modification time too when the content or the list of names changed. Never backwards. */
  touch(inode: MutableInode, what: 'ctime' | 'mtime'): void {
    inode.ctimeNs = later(inode.ctimeNs, this.nowNs)
    if (what === 'mtime') inode.mtimeNs = later(inode.mtimeNs, this.nowNs)
  }

  /** Adds an inode with a number of its own. */
  addInode(inode: Inode): void {
    this.#inodes.set(inode.ino, { ...inode })
    this.#new.add(inode.ino)
    this.#extents.set(inode.ino, ExtentList.none)
  }

  /** Removes an unlinked inode with all that belongs to it: at most 7 operations. */
  removeInode(inode: Inode): void {
    const { ino } = inode
    // A file without this mark has no extents: to look for the mark costs less than to look for them.
    if (inode.kind === 'file' && this.#tables.isUnsealed(ino)) this.#removeOverlay(ino)
    if (inode.hasXattrs) this.deletePrefix(keys.xattrPrefix(ino))
    this.delete(keys.orphanKey(ino))
    if (inode.kind === 'directory') {
      this.delete(keys.manifestKey(ino))
      this.deletePrefix(keys.markKey(ino, ''))
    }
    this.#inodes.set(ino, undefined)
    this.#extents.set(ino, undefined)
  }

  /** Adds a name that is not there. */
  addEntry(parent: Ino, name: ByteString, entry: Entry): void {
    const key = keys.entryKey(parent, name)
    this.#putEntry(key, entry, !this.#entries.has(key))
    this.#put(keys.listKey(parent, entry.cookie), encodeListed(entry, name), true)
    this.#place(parent, entry)
    this.#names.push({ parent, name })
  }

  removeEntry(parent: Ino, name: ByteString, entry: Entry): void {
    const key = keys.entryKey(parent, name)
    this.delete(key)
    this.#entries.set(key, undefined)
    this.delete(keys.listKey(parent, entry.cookie))
    this.unplace(parent, entry)
    this.#names.push({ parent, name })
  }

  /**
   * A name now leads to another inode; its place in the listing moves with the new entry's cookie. Both inodes must
   * have left their old places.
   */
  replaceEntry(parent: Ino, name: ByteString, entries: { readonly old: Entry; readonly next: Entry }): void {
    this.#putEntry(keys.entryKey(parent, name), entries.next, false)
    if (entries.old.cookie !== entries.next.cookie) this.delete(keys.listKey(parent, entries.old.cookie))
    this.put(keys.listKey(parent, entries.next.cookie), encodeListed(entries.next, name))
    this.#place(parent, entries.next)
    this.#names.push({ parent, name })
  }

  /** An inode loses one of its places. */
  unplace(parent: Ino, entry: Entry): void {
    const inode = this.edit(entry.ino)
    if (inode.isLinked) this.delete(keys.placeKey(entry.ino, { parent, cookie: entry.cookie }))
    else [inode.parent, inode.cookie] = [0, 0]
  }

  /** Clears a range of a file's overlay and puts extents there, keeping the inode's space count right. */
  replaceExtents(ino: Ino, range: { readonly from: number; readonly to: number }, fill: readonly Extent[]): void {
    const before = this.#extents.get(ino) ?? this.#tables.extents(ino)
    const { removed, added, extents } = before.replace(range.from, range.to, fill)
    const kept = new Set(added.map(extent => extent.offset))
    const gone = removed.map(extent => (kept.has(extent.offset) ? undefined : extent))
    this.#deleteRuns(ino, splitAt(runsOf(gone), [...kept]))
    for (const extent of added) {
      const isNew = !this.#tables.extents(ino).startsAt(extent.offset)
      this.#put(keys.extentKey(ino, extent.offset), encodeExtent(extent), isNew)
      if (extent.kind === 'chunk') this.#named.push(extent.digest)
    }
    const inode = this.edit(ino)
    inode.overlayBytes += usedBytes(added) - usedBytes(removed)
    this.#extents.set(ino, extents)
    if (before.length === 0) this.put(keys.unsealedKey(ino), EMPTY)
  }

  /**
   * Drops those of these extents that are still in the overlay, run by run; answers how many extents stay. A very
   * scattered overlay may keep some that could go: it is as right as without them.
   */
  dropExtents(ino: Ino, extents: ExtentList): number {
    const gone = new Set(extents)
    const before = [...(this.#extents.get(ino) ?? this.#tables.extents(ino))]
    const runs = runsOf(before.map(extent => (gone.has(extent) ? extent : undefined))).slice(0, DROPPED_RUNS_MAX)
    this.#deleteRuns(ino, runs)
    const dropped = new Set(runs.flat())
    const kept = before.filter(extent => !dropped.has(extent))
    this.edit(ino).overlayBytes = usedBytes(kept)
    this.#extents.set(ino, ExtentList.of(kept))
    return kept.length
  }

  put(key: ByteString, value: Uint8Array): void {
    this.#put(key, value, false)
  }

  delete(key: ByteString): void {
    this.#drop(key)
    this.#operations.push({ kind: 'delete', keys: { kind: 'key', key } })
  }

  deletePrefix(prefix: ByteString): void {
    this.#operations.push({ kind: 'delete', keys: { kind: 'prefix', prefix } })
  }

  /** Sets what the whole filesystem may hold. */
  limitWhole({ bytesMax, inodesMax }: QuotaLimits): void {
    this.#whole = { ...this.#tables.whole, bytesMax, inodesMax }
  }

  /** Commits everything as one revision, remembering what was answered for a request that is sent again. */
  commit(answer?: number): void {
    this.#charge()
    for (const [ino, inode] of this.#inodes) {
      if (inode === undefined) this.#operations.push({ kind: 'delete', keys: { kind: 'key', key: keys.inodeKey(ino) } })
      else
        this.#operations.push({
          kind: 'put',
          key: keys.inodeKey(ino),
          value: encodeInode(inode),
          isNew: this.#new.has(ino),
        })
    }
    if (this.#request !== undefined) {
      const value = encodeResult(this.#request.sequence, answer ?? 0)
      this.#operations.push({ kind: 'put', key: keys.resultKey(this.#request.session), value })
    }
    const { onChanged } = this.#tables
    const asBefore = onChanged === undefined ? NOBODY : this.#shownAsBefore()
    this.#mark()
    this.#tables.marks.committing(() => this.#tables.keyspace.commit({ then: this.#operations }))
    if (this.#whole !== undefined) this.#tables.rememberWhole(this.#whole)
    for (const digest of this.#named) this.#tables.named({ kind: 'chunk', digest })
    for (const [ino, inode] of this.#inodes) {
      if (inode?.tree !== undefined) this.#tables.named({ kind: 'tree', tree: inode.tree })
      this.#tables.remember(ino, inode)
    }
    for (const [key, entry] of this.#entries) this.#tables.rememberEntry(key, entry)
    for (const [ino, extents] of this.#extents) this.#tables.rememberExtents(ino, extents)
    onChanged?.({ inos: this.#inodes.keys(), names: this.#names, unmarked: this.#unmarked, asBefore })
  }

  #shownAsBefore(): ReadonlySet<Ino> {
    const isSame = (ino: Ino): boolean => {
      const [before, now] = [this.#tables.inode(ino), this.#inodes.get(ino)]
      if (before === undefined || now === undefined || before.atimeNs !== now.atimeNs) return false
      return attributesOf(before).blocks === attributesOf(now).blocks
    }
    return this.#unmarked.size === 0 ? NOBODY : new Set([...this.#unmarked].filter(isSame))
  }

  // Quota roots count what this change adds or frees, in this same change, and so does the whole filesystem.
  #charge(): void {
    const deltas = new Map<number, { bytes: number; inodes: number }>()
    const all = { bytes: 0, inodes: 0 }
    const add = (inode: Inode | undefined, sign: 1 | -1): void => {
      if (inode === undefined) return
      all.bytes += sign * chargedBytes(inode)
      all.inodes += sign
      if (inode.quotaRoot === 0) return
      const delta = deltas.get(inode.quotaRoot) ?? { bytes: 0, inodes: 0 }
      deltas.set(inode.quotaRoot, { bytes: delta.bytes + sign * chargedBytes(inode), inodes: delta.inodes + sign })
    }
    for (const [ino, inode] of this.#inodes) {
      add(this.#tables.inode(ino), -1)
      add(inode, 1)
    }
    for (const [id, delta] of deltas) {
      const quota = this.#quotaInChange(id)
      if (quota === undefined || (delta.bytes === 0 && delta.inodes === 0)) continue
      const [bytesUsed, inodesUsed] = [quota.bytesUsed + delta.bytes, quota.inodesUsed + delta.inodes]
      this.put(keys.quotaKey(id), encodeQuota({ ...quota, bytesUsed, inodesUsed }))
    }
    this.#chargeWhole(all)
  }

  #chargeWhole({ bytes, inodes }: { readonly bytes: number; readonly inodes: number }): void {
    if (bytes === 0 && inodes === 0 && this.#whole === undefined) return
    const whole = this.#whole ?? this.#tables.whole
    this.#whole = { ...whole, bytesUsed: whole.bytesUsed + bytes, inodesUsed: whole.inodesUsed + inodes }
    this.put(keys.quotaKey(WHOLE_ID), encodeQuota(this.#whole))
  }

  #quotaInChange(id: number): Quota | undefined {
    const key = keys.quotaKey(id)
    const put = this.#operations.find(operation => operation.kind === 'put' && operation.key === key)
    return put?.kind === 'put' ? decodeQuota(id, put.value) : this.#tables.quota(id)
  }

  // Where an inode is found: in the inode itself while it has one name, in rows of their own from the second on.
  #place(parent: Ino, entry: Entry): void {
    const inode = this.edit(entry.ino)
    const place = { parent, cookie: entry.cookie }
    if (!inode.isLinked && inode.parent === 0) {
      Object.assign(inode, place)
      return
    }
    this.put(keys.placeKey(entry.ino, place), EMPTY)
    if (inode.isLinked) return
    this.put(keys.placeKey(entry.ino, inode), EMPTY)
    Object.assign(inode, { isLinked: true, parent: 0, cookie: 0 })
  }

  // What the next snapshot has to look at again is written down in the same revision.
  #mark(): void {
    const { marks } = this.#tables
    if (!marks.isOn) return
    const put = (key: ByteString, value: Uint8Array): void => this.put(key, value)
    for (const { parent, name } of this.#names) marks.touchName(parent, name, put)
    for (const [ino, inode] of this.#inodes) {
      if (inode === undefined || this.#unmarked.has(ino)) continue
      // Places that are new here were told above; those it had are found by what is stored.
      marks.touchInode(inode.kind === 'directory' ? inode : (this.#tables.inode(ino) ?? inode), put)
    }
  }

  #removeOverlay(ino: Ino): void {
    const extents = this.#tables.extents(ino)
    // Naming a few keys costs less than a range.
    if (extents.length > FEW_EXTENTS) this.deletePrefix(keys.extentPrefix(ino))
    else for (const { offset } of extents) this.delete(keys.extentKey(ino, offset))
    this.delete(keys.unsealedKey(ino))
  }

  #put(key: ByteString, value: Uint8Array, isNew: boolean): void {
    this.#drop(key)
    this.#operations.push({ kind: 'put', key, value, isNew })
  }

  #putEntry(key: ByteString, entry: Entry, isNew: boolean): void {
    this.#put(key, encodeEntry(entry), isNew)
    this.#entries.set(key, entry)
  }

  #deleteRuns(ino: Ino, runs: readonly (readonly Extent[])[]): void {
    for (const run of runs) {
      const [start, end] = ends(run)
      const key = keys.extentKey(ino, start)
      if (run.length === 1) this.delete(key)
      else this.#operations.push({ kind: 'delete', keys: { kind: 'range', start: key, end: keys.extentKey(ino, end) } })
    }
  }

  // A key is written once in a transaction: what comes later in a change replaces what came before.
  #drop(key: ByteString): void {
    const index = this.#operations.findIndex(
      operation =>
        (operation.kind === 'put' && operation.key === key) ||
        (operation.kind === 'delete' && operation.keys.kind === 'key' && operation.keys.key === key),
    )
    if (index >= 0) this.#operations.splice(index, 1)
  }
}

// Neighbours go with one operation: the rows of a run are deleted as a range.
function runsOf(extents: readonly (Extent | undefined)[]): Extent[][] {
  const runs: Extent[][] = []
  let run: Extent[] | undefined
  for (const extent of extents) {
    if (extent === undefined) run = undefined
    else if (run === undefined) runs.push((run = [extent]))
    else run.push(extent)
  }
  return runs
}

// A new row inside the range of a run would be put and deleted in one transaction: the run is split there.
function splitAt(runs: readonly Extent[][], offsets: readonly number[]): Extent[][] {
  return runs.flatMap(run => {
    const [start, end] = ends(run)
    const inside = offsets.filter(offset => offset > start && offset < end)
    if (inside.length === 0) return [run]
    const edges = [start, ...inside.sort((a, b) => a - b), end]
    return edges.slice(1).flatMap((to, i) => {
      const part = run.filter(extent => extent.offset >= (edges[i] ?? start) && extent.offset < to)
      return part.length === 0 ? [] : [part]
    })
  })
}

function ends(run: readonly Extent[]): readonly [number, number] {
  const [first, last] = [run[0], run.at(-1)]
  assert(first !== undefined && last !== undefined, 'a run has an extent')
  return [first.offset, last.offset + 1]
}

const NOBODY: ReadonlySet<Ino> = new Set()
const EMPTY = new Uint8Array(0)
const DROPPED_RUNS_MAX = 64
const FEW_EXTENTS = 2
