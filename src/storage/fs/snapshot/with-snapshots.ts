import { andThen, type ByteString } from '#base'
import { ERRNO, type Errno } from '../errno.ts'
import { ROOT_INO } from '../inode.ts'
import type { HeldLock, LockRequest } from '../lock.ts'
import type {
  AllocateMode,
  AttributeChange,
  Attributes,
  Caller,
  Cookie,
  DirectoryPlace,
  FilePlace,
  Ino,
  Invalidation,
  ListOptions,
  NewNode,
  OpenOptions,
  ReadOptions,
  RenameMode,
  Reply,
  StatFs,
  Vfs,
  WriteOptions,
} from '../vfs.ts'
import { isVirtual, SNAPSHOTS_INO, SNAPSHOTS_NAME, type SnapshotView } from './view.ts'

/** A filesystem with its snapshots below `/.snapshots`. Everything there is read-only: changes answer EROFS. */
export class WithSnapshots implements Vfs {
  readonly #live: Vfs
  readonly #view: SnapshotView
  readonly #fresh: () => Reply<void>

  /** `fresh` makes sure that it is known which snapshots there are. */
  constructor(live: Vfs, view: SnapshotView, fresh: () => Reply<void> = () => undefined) {
    this.#live = live
    this.#view = view
    this.#fresh = fresh
  }

  get ttlMs(): number {
    return this.#live.ttlMs
  }

  request(sequence: number, resent: boolean, caller?: Caller): void {
    this.#live.request(sequence, resent, caller)
  }

  lookup(parent: Ino, name: ByteString): Reply<Attributes> {
    if (isVirtual(parent)) return this.#freshly(parent, () => this.#view.lookup(parent, name))
    if (!isSnapshots(parent, name)) return this.#live.lookup(parent, name)
    return this.#freshly(SNAPSHOTS_INO, () => this.#view.attributes(SNAPSHOTS_INO))
  }

  forget(ino: Ino): void {
    this.#of(ino).forget(ino)
  }

  attributes(ino: Ino): Reply<Attributes> {
    return this.#freshly(ino, () => this.#of(ino).attributes(ino))
  }

  setAttributes(ino: Ino, change: AttributeChange, caller: Caller): Reply<Attributes> {
    return isVirtual(ino) ? ERRNO.EROFS : this.#live.setAttributes(ino, change, caller)
  }

  make(parent: Ino, name: ByteString, node: NewNode, caller: Caller): Reply<Attributes> {
    return cannotMake(parent, name) ?? this.#live.make(parent, name, node, caller)
  }

  makeUnnamed(parent: Ino, mode: number, caller: Caller): Reply<Attributes> {
    return isVirtual(parent) ? ERRNO.EROFS : this.#live.makeUnnamed(parent, mode, caller)
  }

  link(ino: Ino, parent: Ino, name: ByteString): Reply<Attributes> {
    if (isVirtual(ino) !== isVirtual(parent)) return ERRNO.EXDEV
    return cannotMake(parent, name) ?? this.#live.link(ino, parent, name)
  }

  remove(parent: Ino, name: ByteString, what: 'file' | 'directory'): Reply<void> {
    return isFixed({ parent, name }) ? ERRNO.EROFS : this.#live.remove(parent, name, what)
  }

  rename(from: DirectoryPlace, to: DirectoryPlace, mode: RenameMode): Reply<void> {
    if (isVirtual(from.parent) !== isVirtual(to.parent)) return ERRNO.EXDEV
    return isFixed(from) || isFixed(to) ? ERRNO.EROFS : this.#live.rename(from, to, mode)
  }

  readLink(ino: Ino): Reply<ByteString> {
    return this.#of(ino).readLink(ino)
  }

  open(ino: Ino, options: OpenOptions): Reply<void> {
    if (!isVirtual(ino)) return this.#live.open(ino, options)
    return options.truncate ? ERRNO.EROFS : this.#view.open(ino)
  }

  flush(ino: Ino, owner?: string): Reply<void> {
    return this.#live.flush(ino, owner)
  }

  release(ino: Ino, handle?: number): void {
    this.#live.release(ino, handle)
  }

  getLock(ino: Ino, lock: LockRequest): Reply<HeldLock | undefined> {
    return this.#live.getLock(ino, lock)
  }

  setLock(ino: Ino, lock: LockRequest, wait?: AbortSignal): Reply<void> {
    return this.#live.setLock(ino, lock, wait)
  }

  mustFlush(ino: Ino, access: 'read' | 'write'): boolean {
    return this.#live.mustFlush(ino, access)
  }

  settle(ino: Ino): Reply<void> {
    return isVirtual(ino) ? undefined : this.#live.settle(ino)
  }

  sync(ino: Ino, what: 'data' | 'all'): Reply<void> {
    return isVirtual(ino) ? undefined : this.#live.sync(ino, what)
  }

  read(ino: Ino, offset: number, into: Uint8Array, options?: ReadOptions): Reply<{ readonly bytes: number }> {
    return this.#of(ino).read(ino, offset, into, options)
  }

  write(ino: Ino, offset: number, bytes: Uint8Array, options: WriteOptions): Reply<void> {
    return isVirtual(ino) ? ERRNO.EROFS : this.#live.write(ino, offset, bytes, options)
  }

  allocate(ino: Ino, mode: AllocateMode, offset: number, bytes: number): Reply<void> {
    return isVirtual(ino) ? ERRNO.EROFS : this.#live.allocate(ino, mode, offset, bytes)
  }

  copyRange(from: FilePlace, to: FilePlace, bytes: number): Reply<{ readonly bytes: number }> {
    if (isVirtual(to.ino)) return ERRNO.EROFS
    return isVirtual(from.ino) ? ERRNO.EXDEV : this.#live.copyRange(from, to, bytes)
  }

  seek(ino: Ino, offset: number, what: 'data' | 'hole'): Reply<{ readonly offset: number }> {
    return this.#of(ino).seek(ino, offset, what)
  }

  list(ino: Ino, after: Cookie, options: ListOptions): Reply<void> {
    return this.#freshly(ino, () => this.#of(ino).list(ino, after, options))
  }

  getXattr(ino: Ino, name: ByteString): Reply<Uint8Array> {
    return this.#of(ino).getXattr(ino, name)
  }

  setXattr(ino: Ino, name: ByteString, value: Uint8Array, mode: 'set' | 'create' | 'replace'): Reply<void> {
    return isVirtual(ino) ? ERRNO.EROFS : this.#live.setXattr(ino, name, value, mode)
  }

  listXattr(ino: Ino): Reply<readonly ByteString[]> {
    return this.#of(ino).listXattr(ino)
  }

  removeXattr(ino: Ino, name: ByteString): Reply<void> {
    return isVirtual(ino) ? ERRNO.EROFS : this.#live.removeXattr(ino, name)
  }

  statFs(): Reply<StatFs> {
    return this.#live.statFs()
  }

  onInvalidation(listener: (change: Invalidation) => void): () => void {
    return this.#live.onInvalidation(listener)
  }

  #freshly<Value>(ino: Ino, show: () => Reply<Value>): Reply<Value> {
    if (!isVirtual(ino)) return show()
    return andThen(this.#fresh(), failed => (failed === undefined ? show() : failed))
  }

  #of(ino: Ino): Pick<Vfs, keyof Vfs & keyof SnapshotView> {
    return isVirtual(ino) ? this.#view : this.#live
  }
}

function isSnapshots(parent: Ino, name: ByteString): boolean {
  return parent === ROOT_INO && name === SNAPSHOTS_NAME
}

function isFixed({ parent, name }: DirectoryPlace): boolean {
  return isVirtual(parent) || isSnapshots(parent, name)
}

function cannotMake(parent: Ino, name: ByteString): Errno | undefined {
  if (isVirtual(parent)) return ERRNO.EROFS
  return isSnapshots(parent, name) ? ERRNO.EEXIST : undefined
}
