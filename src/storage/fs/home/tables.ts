import { LRUCache } from 'lru-cache'
import { atMost, assert, type ByteString, type Clock, type Digest, beU64 } from '#base'
import type { KeyValue, LocalKeyspace, Revision } from '#keyspace'
import { decodeEntry, decodeListed, type Entry } from '../entry.ts'
import { decodeExtent } from '../extent.ts'
import { ExtentList } from '../extent-list.ts'
import { decodeInode, type Inode, type SealedTree } from '../inode.ts'
import { Marks, type NodeRef } from '../snapshot/marks.ts'
import * as keys from '../keys.ts'
import { CONTENT_CACHE_BYTES, CONTENT_CACHE_MAX, INODE_CACHE_MAX, LONG_OVERLAY_BYTES } from '../limits.ts'
import { decodeQuota, type Quota, WHOLE_ID } from '../quota.ts'
import type { Cookie, DirectoryPlace, Ino } from '../vfs.ts'
import { InoNumbers } from './ino-numbers.ts'

/** One listed name, with the place behind it. */
export interface Listed {
  readonly name: ByteString
  readonly ino: Ino
  readonly kind: Inode['kind']
  readonly cookie: Cookie
}

/** Something a committed row names. Of a manifest its own nodes are needed, of anything else all below. */
export type Named =
  | { readonly kind: 'chunk'; readonly digest: Digest }
  | { readonly kind: 'tree'; readonly tree: SealedTree }
  | { readonly kind: 'manifest' | 'snapshot'; readonly ref: NodeRef }

/** What a committed change has touched. */
export interface Touched {
  readonly inos: Iterable<Ino>
  /** Names that came, went or now lead elsewhere. */
  readonly names: readonly DirectoryPlace[]
  /** Those of the inodes of which only the access time changed, or how the content is kept. */
  readonly unmarked: ReadonlySet<Ino>
  /** Those of these whose attributes are as they were. */
  readonly asBefore: ReadonlySet<Ino>
}

/** The filesystem's tables: typed reads of its keyspace, with the newest rows kept decoded. */
export class Tables {
  readonly keyspace: LocalKeyspace
  readonly clock: Clock
  readonly marks: Marks
  readonly inos: InoNumbers
  /** Called by a change that has been committed, while other machines use the filesystem. */
  onChanged: ((touched: Touched) => void) | undefined
  readonly #inodes = new LRUCache<number, Inode>(atMost(INODE_CACHE_MAX))
  readonly #entries = new LRUCache<ByteString, Entry | typeof NO_ENTRY>(atMost(INODE_CACHE_MAX))
  readonly #extents = new LRUCache<number, ExtentList>({
    max: CONTENT_CACHE_MAX,
    maxSize: CONTENT_CACHE_BYTES,
    sizeCalculation: ({ memoryBytes }) => LIST_BYTES + memoryBytes,
    onInsert: (list, _ino, reason) => {
      if (reason !== 'update') this.#longBytes += longBytesOf(list)
    },
    dispose: list => {
      this.#longBytes -= longBytesOf(list)
    },
  })
  readonly #namedListeners = new Set<(named: Named) => void>()
  #longBytes = 0
  #whole: Quota | undefined

  constructor(keyspace: LocalKeyspace, clock: Clock) {
    this.keyspace = keyspace
    this.clock = clock
    this.marks = new Marks(keyspace)
    this.inos = new InoNumbers(keyspace)
  }

  inode(ino: Ino): Inode | undefined {
    const cached = this.#inodes.get(ino)
    if (cached !== undefined) return cached
    const row = this.keyspace.get(keys.inodeKey(ino))
    if (row === undefined) return undefined
    const inode = decodeInode(ino, row.value)
    this.#inodes.set(ino, inode)
    return inode
  }

  entry(parent: Ino, name: ByteString): Entry | undefined {
    const key = keys.entryKey(parent, name)
    const cached = this.#entries.get(key)
    if (cached !== undefined) return cached === NO_ENTRY ? undefined : cached
    const row = this.keyspace.get(key)
    const entry = row === undefined ? undefined : decodeEntry(row.value)
    this.#entries.set(key, entry ?? NO_ENTRY)
    return entry
  }

  /** Names of a directory behind a cookie, in listing order. */
  listed(parent: Ino, after: Cookie, limit: number): Listed[] {
    const prefix = keys.listPrefix(parent)
    const { entries } = this.keyspace.rangeNow({
      keys: { kind: 'range', start: prefix + beU64(after + 1), end: `c${beU64(parent + 1)}` },
      limit,
    })
    return entries.map(row => ({ ...decodeListed(row.value), cookie: keys.cookieOfListKey(row.key) }))
  }

  /** Overlay extents of a file, sorted by offset. */
  extents(ino: Ino): ExtentList {
    const cached = this.#extents.get(ino)
    if (cached !== undefined) return cached
    const rows = this.scan(keys.extentPrefix(ino))
    const extents = ExtentList.of(rows.map(row => decodeExtent(keys.offsetOfExtentKey(row.key), row.value)))
    this.#extents.set(ino, extents)
    return extents
  }

  /** True when a file has extents, or has had some since it was last sealed. */
  isUnsealed(ino: Ino): boolean {
    return this.keyspace.get(keys.unsealedKey(ino)) !== undefined
  }

  /** Memory that the long overlays in the cache take, all files together. */
  get longOverlayBytes(): number {
    return this.#longBytes
  }

  quota(id: number): Quota | undefined {
    const row = id === 0 ? undefined : this.keyspace.get(keys.quotaKey(id))
    return row === undefined ? undefined : decodeQuota(id, row.value)
  }

  /** What the whole filesystem holds, and may. It has been counted: see `count.ts`. */
  get whole(): Quota {
    this.#whole ??= decodeQuota(WHOLE_ID, this.#wholeRow().value)
    return this.#whole
  }

  xattr(ino: Ino, name: ByteString): Uint8Array | undefined {
    return this.keyspace.get(keys.xattrKey(ino, name))?.value
  }

  xattrs(ino: Ino): readonly KeyValue[] {
    return this.scan(keys.xattrPrefix(ino))
  }

  /** All rows that start with a prefix; `limit` of them. */
  scan(prefix: ByteString, limit?: number): readonly KeyValue[] {
    return this.keyspace.rangeNow({ keys: { kind: 'prefix', prefix }, limit }).entries
  }

  /** Rows of `[start, end)`; `limit` of them. */
  range(start: ByteString, end: ByteString, limit: number): readonly KeyValue[] {
    return this.keyspace.rangeNow({ keys: { kind: 'range', start, end }, limit }).entries
  }

  /** Tells of everything that rows name from now on, until the returned function is called. */
  observeNamed(listener: (named: Named) => void): () => void {
    this.#namedListeners.add(listener)
    return () => this.#namedListeners.delete(listener)
  }

  /** Called in the step that commits a row which names something. */
  named(named: Named): void {
    for (const listener of this.#namedListeners) listener(named)
  }

  /** A cookie behind all cookies of every directory: revisions only grow. `slot` tells entries of one change apart. */
  newCookie(slot: 0 | 1): Cookie {
    return ((this.keyspace.revision + 1) * 2 + slot + FIRST_COOKIE) as Cookie
  }

  /** The home's time for implicit timestamps. */
  nowNs(): bigint {
    return this.clock.wallNs()
  }

  get revision(): Revision {
    return this.keyspace.revision
  }

  /** Called by a change that has been committed. */
  remember(ino: Ino, inode: Inode | undefined): void {
    if (inode === undefined) this.#inodes.delete(ino)
    else this.#inodes.set(ino, inode)
  }

  /** Called by a change that has been committed. */
  rememberWhole(whole: Quota): void {
    this.#whole = whole
  }

  /** Called by a change that has been committed. */
  rememberEntry(key: ByteString, entry: Entry | undefined): void {
    this.#entries.set(key, entry ?? NO_ENTRY)
  }

  /** Called by a change that has been committed. */
  rememberExtents(ino: Ino, extents: ExtentList | undefined): void {
    if (extents === undefined) this.#extents.delete(ino)
    else this.#extents.set(ino, extents)
  }

  #wholeRow(): KeyValue {
    const row = this.keyspace.get(keys.quotaKey(WHOLE_ID))
    assert(row !== undefined, 'what a filesystem holds is counted before it is used')
    return row
  }
}

// Cookies 1 and 2 stand for `.` and `..`.
const FIRST_COOKIE = 2

// Names known to be free are kept too: a file is looked for before it is made.
const NO_ENTRY = 'none'

function longBytesOf({ memoryBytes }: ExtentList): number {
  return memoryBytes < LONG_OVERLAY_BYTES ? 0 : memoryBytes
}

// Of an empty list.
const LIST_BYTES = 64
