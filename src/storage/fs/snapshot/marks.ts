import { LRUCache } from 'lru-cache'
import { atMost, assert, type ByteString, struct, u8, u32, raw, type Digest, digestOf, bytesOf } from '#base'
import type { LocalKeyspace } from '#keyspace'
import { decodeListed } from '../entry.ts'
import { type Inode, inoOf } from '../inode.ts'
import * as keys from '../keys.ts'
import type { Cookie, DirectoryPlace, Ino } from '../vfs.ts'
import { MARKED_CACHE_MAX } from './limits.ts'

/** A manifest node by name, with its length, which reading it needs. */
export interface NodeRef {
  readonly digest: Digest
  readonly bytes: number
}

/** The manifest of a directory, and whether its entries are on pages, so that single names are marked. */
export interface DirectoryManifest extends NodeRef {
  readonly isPaged: boolean
}

/** Row v1 under `m{dir}`. */
const ManifestRow = struct({ version: u8, isPaged: u8, bytes: u32, digest: raw(32) })
assert(ManifestRow.size === 38, 'manifest row v1 has 38 bytes')

export function encodeManifest(manifest: DirectoryManifest): Buffer {
  const { bytes, digest } = manifest
  return ManifestRow.bytes({ version: 1, isPaged: manifest.isPaged ? 1 : 0, bytes, digest: bytesOf(digest) })
}

export function decodeManifest(row: Uint8Array): DirectoryManifest {
  const { version, isPaged, bytes, digest } = ManifestRow.read(row)
  assert(version === 1, `manifest row of version ${version}`)
  return { digest: digestOf(digest), bytes, isPaged: isPaged === 1 }
}

/** The value of a mark for one name, and of a directory's own mark for all of it. */
export const MARK_ONE = new Uint8Array([0])
export const MARK_ALL = new Uint8Array([1])

/** The name under which a directory's own metadata is marked. */
export const SELF: ByteString = ''

type Put = (key: ByteString, value: Uint8Array) => void

/** What is marked in a directory already: everything, or these names. */
type Marked = 'all' | Set<ByteString>

/**
 * Which directories, and in large ones which names, changed since their manifest was made. A mark is a row, put in the
 * same revision as the first change after the manifest: later changes cost a look into memory. Before the first
 * manifest nothing is marked.
 */
export class Marks {
  readonly #keyspace: LocalKeyspace
  readonly #directories = new LRUCache<number, { marked: Marked }>(atMost(MARKED_CACHE_MAX))
  /** Inodes all of whose places are marked, and since which epoch: an older one says nothing. */
  readonly #inodes = new LRUCache<number, number>(atMost(MARKED_CACHE_MAX))
  #epoch = 0
  #isOn: boolean
  #observer: MarkObserver | undefined

  constructor(keyspace: LocalKeyspace) {
    this.#keyspace = keyspace
    this.#isOn = keyspace.get(keys.TRACKING_KEY) !== undefined
  }

  get isOn(): boolean {
    return this.#isOn
  }

  /** From now on every change is marked. */
  turnOn(): void {
    if (this.#isOn) return
    this.#keyspace.commit({ then: [{ kind: 'put', key: keys.TRACKING_KEY, value: MARK_ONE }] })
    this.#isOn = true
  }

  /** Tells one observer of every change, marked already or not, until the returned function is called. */
  observe(observer: MarkObserver): () => void {
    this.#observer = observer
    return () => {
      this.#observer = undefined
    }
  }

  /** Marks were cleared: what memory says of them is not true any longer. */
  forget(dir?: Ino): void {
    if (dir === undefined) this.#directories.clear()
    else this.#directories.delete(dir)
    this.#epoch++
  }

  /** Runs a commit that carries marks; when it fails they are not there. */
  committing(commit: () => void): void {
    try {
      commit()
    } catch (error) {
      this.forget()
      throw error
    }
  }

  /** An inode changed: its own directory's manifest when it is one, else every entry that shows it. */
  touchInode(inode: Inode, put: Put): void {
    if (inode.kind === 'directory') {
      if (inode.nlink > 0) this.touchName(inode.ino, SELF, put)
      return
    }
    if (this.#observer === undefined && this.#inodes.get(inode.ino) === this.#epoch) return
    for (const { parent, cookie } of this.placesOf(inode)) {
      const name = this.#needsName(parent) ? this.nameAt(parent, cookie) : SELF
      if (name !== undefined) this.touchName(parent, name, put)
    }
    this.#inodes.set(inode.ino, this.#epoch)
  }

  /** A name came, went, or what it shows changed. */
  touchName(dir: Ino, name: ByteString, put: Put): void {
    this.#observer?.(dir, name)
    this.mark(dir, name, put)
  }

  /** Marks a name without telling observers: not a change, but something is to be looked at again. */
  mark(dir: Ino, name: ByteString, put: Put): void {
    if (!this.#isOn) return
    const state = this.#stateOf(dir, put)
    if (state.marked === 'all' || state.marked.has(name)) return
    put(keys.markKey(dir, name), MARK_ONE)
    state.marked.add(name)
  }

  /** Where an inode is found. */
  placesOf(inode: Inode): readonly { readonly parent: Ino; readonly cookie: Cookie }[] {
    if (!inode.isLinked) {
      return inode.parent === 0 ? [] : [{ parent: inoOf(inode.parent), cookie: inode.cookie as Cookie }]
    }
    const { entries } = this.#keyspace.rangeNow({ keys: { kind: 'prefix', prefix: keys.placePrefix(inode.ino) } })
    return entries.map(row => {
      const place = keys.placeOfKey(row.key)
      return { parent: inoOf(place.parent), cookie: place.cookie }
    })
  }

  /** The name at a place of a directory; undefined when the change that makes it is not committed yet. */
  nameAt(dir: Ino, cookie: Cookie): ByteString | undefined {
    const row = this.#keyspace.get(keys.listKey(dir, cookie))
    return row === undefined ? undefined : decodeListed(row.value).name
  }

  /** Where an inode is first found, by name; undefined when it hangs nowhere. */
  above(inode: Inode): DirectoryPlace | undefined {
    const [place] = this.placesOf(inode)
    const name = place === undefined ? undefined : this.nameAt(place.parent, place.cookie)
    return place === undefined || name === undefined ? undefined : { parent: place.parent, name }
  }

  manifest(dir: Ino): DirectoryManifest | undefined {
    const row = this.#keyspace.get(keys.manifestKey(dir))
    return row === undefined ? undefined : decodeManifest(row.value)
  }

  #needsName(dir: Ino): boolean {
    return this.#observer !== undefined || this.#directories.get(dir)?.marked !== 'all'
  }

  #stateOf(dir: Ino, put: Put): { marked: Marked } {
    const known = this.#directories.get(dir)
    if (known !== undefined) return known
    const own = this.#keyspace.get(keys.markKey(dir, SELF))
    const isAll = own?.value[0] === MARK_ALL[0]
    const state: { marked: Marked } = { marked: isAll || this.manifest(dir)?.isPaged !== true ? 'all' : new Set() }
    if (state.marked === 'all' && !isAll) put(keys.markKey(dir, SELF), MARK_ALL)
    this.#directories.set(dir, state)
    return state
  }
}

/** Is told of a name that changed, the directory's own metadata being {@link SELF}. */
export type MarkObserver = (dir: Ino, name: ByteString) => void
