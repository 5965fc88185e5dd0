import { type ByteString, textOf } from '#base'
import { type Errno, errnoName, isErrno } from '../errno.ts'
import { Change } from '../home/change.ts'
import type { HomeContext } from '../home/context.ts'
import { patiently } from '../home/patiently.ts'
import { addName, freePlace } from '../home/names.ts'
import { cannotAdd } from '../home/quotas.ts'
import type { Inode } from '../inode.ts'
import * as keys from '../keys.ts'
import { chargedBytes } from '../quota.ts'
import type { DirectoryPlace, Ino } from '../vfs.ts'
import { snapshotFault } from './faults.ts'
import { XATTRS_PER_CHANGE } from './limits.ts'
import type { ManifestStore } from './manifest-store.ts'
import type { NodeRef } from './marks.ts'
import type { Recorded } from './node.ts'
import { Turns } from './turns.ts'
import { entriesOf, findPath, type PathEntry } from './walk.ts'

/** What is to be copied out of a snapshot, and where to. */
export interface RestoreRequest {
  readonly snapshot: string
  /** Path in the snapshot, with `/` between names. */
  readonly path: ByteString
  /** How many of the directories above it are made with it, each with nothing else in it. */
  readonly above?: number
  /** A free place: for what is restored or, when directories above it are, for the highest of them. */
  readonly to: DirectoryPlace
}

/** A file or directory of a snapshot: what `node` is undefined for is no directory. */
interface Found {
  readonly inode: Recorded
  readonly node: NodeRef | undefined
}

interface Made {
  readonly ino: Ino
}

/** Makes files of the live filesystem from those of a snapshot. Content is shared: no byte is copied. */
export class Restorer {
  readonly #context: HomeContext
  readonly #store: ManifestStore
  readonly #signal: AbortSignal
  readonly #turns: Turns
  /** New numbers of files that have more than one name. */
  readonly #linked = new Map<number, Ino>()
  #made = 0

  constructor(parts: { readonly context: HomeContext; readonly store: ManifestStore }, signal: AbortSignal) {
    this.#context = parts.context
    this.#store = parts.store
    this.#signal = signal
    this.#turns = new Turns(parts.context.tables.clock, signal)
  }

  /** Answers how many names it made. Faults: PathNotFound, RestoreRefused. */
  async run(root: NodeRef, { path, above = 0, to, snapshot }: RestoreRequest): Promise<number> {
    const names = path.split('/').filter(name => name !== '')
    const top = names.length - above
    const found = await findPath(this.#store, root, names)
    const highest = above === 0 ? found : await findPath(this.#store, root, names.slice(0, top))
    if (found === undefined || highest === undefined) {
      throw snapshotFault('PathNotFound', `${textOf(path)} is not in snapshot ${JSON.stringify(snapshot)}`, {
        hint: 'Look for it below /.snapshots.',
      })
    }
    await this.#restore(await this.#open(highest), to, names.slice(top))
    return this.#made
  }

  async #open(entry: PathEntry): Promise<Found> {
    if (entry.kind !== 'directory') return { inode: entry.inode, node: undefined }
    const { node } = entry
    return { inode: (await this.#store.directory(node)).self, node }
  }

  // Of a directory all names, or `only` the first of these, and below that the next.
  async #restore({ inode, node }: Found, to: DirectoryPlace, only: readonly ByteString[]): Promise<void> {
    await this.#turns.next()
    const xattrs = await this.#store.xattrs(inode)
    const { ino } = await this.#commit(to, change => this.#link(change, inode, to) ?? this.#make(change, inode, to))
    this.#made += 1
    for (let at = 0; at < xattrs.length; at += XATTRS_PER_CHANGE) {
      await this.#commit(to, change => {
        for (const { name, value } of xattrs.slice(at, at + XATTRS_PER_CHANGE))
          change.put(keys.xattrKey(ino, name), value)
        return Object.assign(change.edit(ino), { hasXattrs: true })
      })
    }
    if (node === undefined) return
    for await (const entry of entriesOf(this.#store, await this.#store.directory(node))) {
      if (only[0] !== undefined && only[0] !== entry.name) continue
      await this.#restore(await this.#open(entry), { parent: ino, name: entry.name }, only.slice(1))
    }
    // What was made in it has moved its times.
    await this.#commit(to, change => Object.assign(change.edit(ino), timesOf(inode)))
  }

  #link(change: Change, inode: Recorded, to: DirectoryPlace): Made | undefined {
    const ino = inode.kind === 'directory' ? undefined : this.#linked.get(inode.ino)
    if (ino === undefined) return undefined
    change.edit(ino).nlink += 1
    addName(this.#context, change, to, { ino, kind: inode.kind })
    return { ino }
  }

  #make(change: Change, recorded: Recorded, to: DirectoryPlace): Made | Errno {
    const { tables } = this.#context
    const inode = this.#inodeOf(recorded, tables.inode(to.parent)?.quotaRoot ?? 0)
    const refused =
      freePlace(this.#context, to) ??
      cannotAdd(this.#context, inode.quotaRoot, { bytes: chargedBytes(inode), inodes: 1 })
    if (refused !== undefined) return refused
    change.addInode({ ...inode, ctimeNs: change.nowNs })
    addName(this.#context, change, to, inode)
    if (recorded.nlink > 1 && recorded.kind !== 'directory') this.#linked.set(recorded.ino, inode.ino)
    return inode
  }

  #inodeOf(recorded: Recorded, quotaRoot: number): Inode {
    const { kind, mode, uid, gid, rdev, size, target, content, usedBytes } = recorded
    const tree = content && { root: content.digest, bytes: size, visibleBytes: size, usedBytes }
    return {
      ino: this.#context.tables.inos.take(),
      kind,
      mode,
      uid,
      gid,
      rdev,
      size,
      target,
      tree,
      quotaRoot,
      ...timesOf(recorded),
      ctimeNs: recorded.ctimeNs,
      nlink: kind === 'directory' ? 2 : 1,
      parent: 0,
      cookie: 0,
      isLinked: false,
      entries: 0,
      overlayBytes: 0,
      hasXattrs: false,
      isDelegated: false,
    }
  }

  async #commit(to: DirectoryPlace, run: (change: Change) => Made | Errno): Promise<Made> {
    const { tables } = this.#context
    const step = async (): Promise<Made | Errno> => {
      for (let numbers = tables.inos.awaited; numbers !== undefined; numbers = tables.inos.awaited) await numbers
      const change = new Change(tables, undefined)
      const made = run(change)
      if (!isErrno(made)) change.commit()
      return made
    }
    const made = await patiently(tables.keyspace, step, this.#signal)
    if (!isErrno(made)) return made
    throw snapshotFault('RestoreRefused', `${textOf(to.name)} cannot be made: ${errnoName(made)}`, {
      hint: 'Make room in its place, below its quota, and try again.',
    })
  }
}

function timesOf({ atimeNs, mtimeNs, btimeNs }: Recorded): Pick<Recorded, 'atimeNs' | 'mtimeNs' | 'btimeNs'> {
  return { atimeNs, mtimeNs, btimeNs }
}
