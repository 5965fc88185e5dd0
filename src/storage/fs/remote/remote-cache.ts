import { LRUCache } from 'lru-cache'
import { atMost, type ByteString } from '#base'
import { inlineBytesOf } from '../extent.ts'
import { REMOTE_CACHE_MAX, REMOTE_CONTENT_BYTES, REMOTE_NAMES_MAX, REMOTE_XATTRS_MAX } from '../limits.ts'
import type { Content, Range } from '../operation.ts'
import type { Quota } from '../quota.ts'
import type { Stale } from '../shared/protocol.ts'
import type { Attributes, DirectoryPlace, Ino } from '../vfs.ts'

/** What limits an inode, as long as {@link RemoteCache.limits} is what it was. */
interface Limits {
  readonly quotas: readonly Quota[]
  readonly at: number
}

/** What is known of one inode. */
interface Known {
  /** What is known is not older than this; what is older is not believed any more. */
  revision: number
  /** The newest change from here is in it. */
  changedAt?: number | undefined
  /** Since then its bytes lie elsewhere; all else is as it was. */
  movedAt?: number | undefined
  attributes?: Attributes | undefined
  /** Names in a directory, also such as lead nowhere. */
  names?: Map<ByteString, Ino | 'none'> | undefined
  /** True when the directory has no names but these. */
  isWhole?: boolean | undefined
  xattrs?: Map<ByteString, Uint8Array | 'none'> | undefined
  target?: ByteString | undefined
  limits?: Limits | undefined
  /** A directory with a name that leads to it. */
  foundIn?: Ino | undefined
  /** The directory it was made in from here. */
  madeIn?: Ino | undefined
}

/** Where bytes of a file are, with those that are inline. */
interface KnownContent {
  readonly content: Content
  readonly range: Range
}

/**
 * What the home has told of inodes and is still right while the session's lease lasts: the home says what changes. An answer
 * that was on its way while something newer came is not believed.
 */
export class RemoteCache {
  readonly #known: LRUCache<number, Known>
  readonly #contents = new LRUCache<number, KnownContent>({
    max: REMOTE_CACHE_MAX,
    maxSize: REMOTE_CONTENT_BYTES,
    sizeCalculation: ({ content }) => 1 + inlineBytesOf(content.extents),
  })
  /** The newest revision of anything that was pushed out. */
  #floor = 0
  #limits = 0

  constructor() {
    this.#known = new LRUCache({
      ...atMost(REMOTE_CACHE_MAX),
      dispose: (known, _ino, reason) => {
        if (reason === 'evict') this.#floor = Math.max(this.#floor, known.revision, known.movedAt ?? 0)
      },
    })
  }

  /** Counts changes of limits. */
  get limits(): number {
    return this.#limits
  }

  /** Nobody here knows the inode any more. */
  drop(ino: Ino): void {
    this.#known.delete(ino)
    this.#contents.delete(ino)
  }

  /** What is known of an inode, to be read. */
  get(ino: Ino): Readonly<Known> | undefined {
    return this.#known.get(ino)
  }

  name(parent: Ino, name: ByteString): Ino | 'none' | undefined {
    const known = this.#known.get(parent)
    return known?.names?.get(name) ?? (known?.isWhole === true && name !== '..' ? 'none' : undefined)
  }

  /** What the names that are known of a directory lead to, behind that of one of them; also those that become known meanwhile. */
  *inosBehind(parent: Ino, first: Ino): Generator<Ino> {
    let isBehind = false
    for (const ino of this.#known.peek(parent)?.names?.values() ?? []) {
      if (isBehind && ino !== 'none') yield ino
      isBehind ||= ino === first
    }
  }

  /** Bytes of a file, when it is known where they are. */
  content(ino: Ino, range: Range): Content | undefined {
    const known = this.#contents.get(ino)
    if (known === undefined) return undefined
    const to = Math.min(range.to, known.content.size)
    return range.from >= known.range.from && to <= known.range.to ? known.content : undefined
  }

  /** The home has told of an inode at a revision; what to write down, unless something newer is known. */
  learn(ino: Ino, revision: number, what: Omit<Known, 'revision' | 'names' | 'isWhole' | 'xattrs'>): void {
    const known = this.#at(ino, revision)
    if (known !== undefined) Object.assign(known, what)
  }

  learnContent(ino: Ino, revision: number, content: KnownContent): void {
    const known = this.#at(ino, revision)
    if (known !== undefined && revision >= (known.movedAt ?? 0)) this.#contents.set(ino, content)
  }

  /** What limits an inode. What is made in a directory counts against the same as the directory does. */
  learnLimits(ino: Ino, revision: number, limits: Limits): void {
    this.learn(ino, revision, { limits })
    const { madeIn } = this.#known.get(ino) ?? {}
    const directory = madeIn === undefined ? undefined : this.#known.get(madeIn)
    if (directory !== undefined) directory.limits = limits
  }

  /** An inode has been made from here. */
  learnMade(ino: Ino, revision: number, madeIn: Ino): void {
    this.learn(ino, revision, { madeIn, limits: this.#known.get(madeIn)?.limits })
  }

  /** A directory that has just been made from here has no names. */
  learnEmpty(ino: Ino, revision: number): void {
    const known = this.#at(ino, revision)
    if (known !== undefined) Object.assign(known, { names: new Map(), isWhole: true })
  }

  learnName(parent: Ino, revision: number, { name, ino }: { name: ByteString; ino: Ino | 'none' }): void {
    const known = this.#at(parent, revision)
    if (known === undefined) return
    known.names ??= new Map()
    if (known.names.size >= REMOTE_NAMES_MAX) {
      known.names.clear()
      known.isWhole = false
    }
    known.names.set(name, ino)
    const child = ino === 'none' ? undefined : this.#known.peek(ino)
    if (child !== undefined) child.foundIn = parent
  }

  learnXattr(ino: Ino, revision: number, { name, value }: { name: ByteString; value: Uint8Array | 'none' }): void {
    const known = this.#at(ino, revision)
    if (known === undefined) return
    known.xattrs ??= new Map()
    if (known.xattrs.size >= REMOTE_XATTRS_MAX) known.xattrs.clear()
    known.xattrs.set(name, value)
  }

  /** An inode has been changed from here; its names are still known. */
  changed(attributes: Attributes, revision: number): void {
    const known = this.#known.get(attributes.ino)
    if (known !== undefined) {
      known.names?.delete('..')
      known.xattrs = undefined
    }
    this.#contents.delete(attributes.ino)
    this.learn(attributes.ino, revision, { attributes, changedAt: revision })
  }

  /** True for an answer from before a change that was made from here: it lacks that, and so does what waits here by now. */
  lacks(ino: Ino, revision: number): boolean {
    return revision < (this.#known.peek(ino)?.changedAt ?? 0)
  }

  /** A name has been changed from here: it leads to `ino`, or what it leads to is not known. */
  changedName(parent: Ino, revision: number, name: { readonly name: ByteString; readonly ino?: Ino | 'none' }): void {
    const known = this.#known.get(parent)
    known?.names?.delete(name.name)
    if (name.ino !== undefined) this.learnName(parent, revision, { name: name.name, ino: name.ino })
    if (known !== undefined && known.names?.has(name.name) !== true) known.isWhole = false
  }

  /** What has been changed by others is not known any more; answers the names that kernels may believe because of it. */
  forget({ revision, inos, kept, moved, entries, limits }: Stale): readonly DirectoryPlace[] {
    if (limits === true) this.#limits += 1
    const lost: DirectoryPlace[] = []
    for (const ino of [...inos, ...moved]) {
      const known = this.#known.peek(ino)
      const newest = Math.max(revision, known?.revision ?? this.#floor)
      if (known?.attributes?.kind === 'file' && moved.includes(ino) && kept.includes(ino)) {
        // Not its revision: the answer to an earlier change from here may still be on its way.
        known.movedAt = newest
        // Bytes that were told do not lie anywhere.
        if (!isTold(this.#contents.peek(ino))) this.#contents.delete(ino)
        continue
      }
      const names = kept.includes(ino) ? known?.names : undefined
      const isWhole = names !== undefined && known?.isWhole === true
      if (names === undefined) for (const name of known?.names?.keys() ?? []) lost.push({ parent: ino, name })
      names?.delete('..')
      this.#contents.delete(ino)
      // What limits it does not change with it.
      this.#known.set(ino, {
        revision: newest,
        names,
        isWhole,
        limits: known?.limits,
        changedAt: known?.changedAt,
        movedAt: known?.movedAt,
        foundIn: known?.foundIn,
      })
    }
    for (const { parent, name } of entries) {
      const known = this.#known.peek(parent)
      known?.names?.delete(name)
      if (known !== undefined) known.isWhole = false
    }
    return lost
  }

  /** Another session begins: nothing is believed any more. What limits inodes is asked for anew, and goes on until it is known. */
  clear(): void {
    const known = Array.from(this.#known.rkeys(), ino => ({ ino, limits: this.#known.peek(ino)?.limits }))
    this.#known.clear()
    this.#contents.clear()
    this.#floor = 0
    this.#limits += 1
    for (const { ino, limits } of known) {
      if (limits !== undefined && limits.quotas.length > 0) this.#known.set(ino, { revision: 0, limits })
    }
  }

  #at(ino: Ino, revision: number): Known | undefined {
    const known = this.#known.get(ino)
    if (revision < (known?.revision ?? this.#floor)) return undefined
    if (known !== undefined) {
      known.revision = revision
      return known
    }
    const fresh: Known = { revision }
    this.#known.set(ino, fresh)
    return fresh
  }
}

/** True when all bytes of a file are known, not only where they are. */
function isTold(known: KnownContent | undefined): boolean {
  return known !== undefined && inlineBytesOf(known.content.extents) === known.content.size
}
