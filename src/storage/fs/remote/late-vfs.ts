import { type ByteString, type Clock, isLater, OVER } from '#base'
import { ERRNO } from '../errno.ts'
import { RECONNECT_MS, UNREACHABLE_MS } from '../limits.ts'
import type { LockRequest } from '../lock.ts'
import type {
  AllocateMode,
  AttributeChange,
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
  Vfs,
  WriteOptions,
} from '../vfs.ts'

type Asked = readonly [sequence: number, resent: boolean, caller?: Caller]

/**
 * A filesystem whose home has not been reached yet: a kernel may mount it, and what programs ask waits for the home, for
 * UNREACHABLE_MS at most; then it is EIO. Once it is reached, all goes there. While its home `isCutOff`, so that there may be another
 * one, new opens, names and changes wait as long; files that are open show what is known here.
 */
export class LateVfs implements Vfs {
  readonly #opening: Promise<Vfs>
  readonly #clock: Clock
  readonly #isCutOff: () => boolean
  #vfs: Vfs | undefined
  #asked: Asked | undefined

  constructor(opening: Vfs | Promise<Vfs>, clock: Clock, isCutOff: () => boolean = () => false) {
    this.#clock = clock
    this.#isCutOff = isCutOff
    if (!isLater(opening)) this.#vfs = opening
    this.#opening = Promise.resolve(opening).then(vfs => {
      this.#vfs = vfs
      return vfs
    })
    this.#opening.catch(() => undefined)
  }

  get ttlMs(): number {
    return this.#isCutOff() ? 0 : (this.#vfs?.ttlMs ?? 0)
  }

  request(...asked: Asked): void {
    this.#asked = asked
  }

  lookup(parent: Ino, name: ByteString) {
    return this.#when(vfs => vfs.lookup(parent, name))
  }

  forget(ino: Ino): void {
    this.#later(vfs => vfs.forget(ino))
  }

  attributes(ino: Ino) {
    return this.#known(vfs => vfs.attributes(ino))
  }

  setAttributes(ino: Ino, change: AttributeChange, caller: Caller) {
    return this.#when(vfs => vfs.setAttributes(ino, change, caller))
  }

  make(parent: Ino, name: ByteString, node: NewNode, caller: Caller) {
    return this.#when(vfs => vfs.make(parent, name, node, caller))
  }

  makeUnnamed(parent: Ino, mode: number, caller: Caller) {
    return this.#when(vfs => vfs.makeUnnamed(parent, mode, caller))
  }

  link(ino: Ino, parent: Ino, name: ByteString) {
    return this.#when(vfs => vfs.link(ino, parent, name))
  }

  remove(parent: Ino, name: ByteString, what: 'file' | 'directory') {
    return this.#when(vfs => vfs.remove(parent, name, what))
  }

  rename(from: DirectoryPlace, to: DirectoryPlace, mode: RenameMode) {
    return this.#when(vfs => vfs.rename(from, to, mode))
  }

  readLink(ino: Ino) {
    return this.#known(vfs => vfs.readLink(ino))
  }

  open(ino: Ino, options: OpenOptions) {
    return this.#when(vfs => vfs.open(ino, options))
  }

  flush(ino: Ino, owner?: string) {
    return this.#known(vfs => vfs.flush(ino, owner))
  }

  release(ino: Ino, handle?: number): void {
    this.#later(vfs => vfs.release(ino, handle))
  }

  getLock(ino: Ino, lock: LockRequest) {
    return this.#known(vfs => vfs.getLock(ino, lock))
  }

  setLock(ino: Ino, lock: LockRequest, wait?: AbortSignal) {
    return this.#when(vfs => vfs.setLock(ino, lock, wait), wait)
  }

  mustFlush(ino: Ino, access: 'read' | 'write'): boolean {
    return this.#vfs?.mustFlush(ino, access) ?? true
  }

  settle(ino: Ino) {
    return this.#known(vfs => vfs.settle(ino))
  }

  sync(ino: Ino, what: 'data' | 'all') {
    return this.#known(vfs => vfs.sync(ino, what))
  }

  read(ino: Ino, offset: number, into: Uint8Array, options?: ReadOptions) {
    return this.#known(vfs => vfs.read(ino, offset, into, options))
  }

  write(ino: Ino, offset: number, bytes: Uint8Array, options: WriteOptions) {
    return this.#when(vfs => vfs.write(ino, offset, bytes, options))
  }

  allocate(ino: Ino, mode: AllocateMode, offset: number, bytes: number) {
    return this.#when(vfs => vfs.allocate(ino, mode, offset, bytes))
  }

  copyRange(from: FilePlace, to: FilePlace, bytes: number) {
    return this.#when(vfs => vfs.copyRange(from, to, bytes))
  }

  seek(ino: Ino, offset: number, what: 'data' | 'hole') {
    return this.#known(vfs => vfs.seek(ino, offset, what))
  }

  list(ino: Ino, after: Cookie, options: ListOptions) {
    return this.#when(vfs => vfs.list(ino, after, options))
  }

  getXattr(ino: Ino, name: ByteString) {
    return this.#known(vfs => vfs.getXattr(ino, name))
  }

  setXattr(ino: Ino, name: ByteString, value: Uint8Array, mode: 'set' | 'create' | 'replace') {
    return this.#when(vfs => vfs.setXattr(ino, name, value, mode))
  }

  listXattr(ino: Ino) {
    return this.#known(vfs => vfs.listXattr(ino))
  }

  removeXattr(ino: Ino, name: ByteString) {
    return this.#when(vfs => vfs.removeXattr(ino, name))
  }

  statFs() {
    return this.#known(vfs => vfs.statFs())
  }

  onInvalidation(listener: (change: Invalidation) => void): () => void {
    let isOver = false
    let stop = () => {}
    this.#later(vfs => {
      if (!isOver) stop = vfs.onInvalidation(listener)
    })
    return () => {
      isOver = true
      stop()
    }
  }

  // What is open goes on.
  #known<Value>(run: (vfs: Vfs) => Reply<Value>): Reply<Value> {
    return this.#vfs === undefined ? this.#when(run) : this.#run(this.#vfs, this.#take(), run)
  }

  #when<Value>(run: (vfs: Vfs) => Reply<Value>, signal?: AbortSignal): Reply<Value> {
    const asked = this.#take()
    if (this.#vfs !== undefined && !this.#isCutOff()) return this.#run(this.#vfs, asked, run)
    return this.#reached(signal).then(vfs => {
      if (vfs === 'late') return ERRNO.EIO
      return vfs === 'interrupted' ? ERRNO.EINTR : this.#run(vfs, asked, run)
    })
  }

  #run<Value>(vfs: Vfs, asked: Asked | undefined, run: (vfs: Vfs) => Reply<Value>): Reply<Value> {
    if (asked !== undefined) vfs.request(...asked)
    return run(vfs)
  }

  #take(): Asked | undefined {
    const asked = this.#asked
    this.#asked = undefined
    return asked
  }

  #later(run: (vfs: Vfs) => void): void {
    if (this.#vfs === undefined) void this.#opening.then(run, () => undefined)
    else run(this.#vfs)
  }

  async #reached(signal: AbortSignal | undefined): Promise<Vfs | 'late' | 'interrupted'> {
    const over = new AbortController()
    const either = signal === undefined ? over.signal : AbortSignal.any([over.signal, signal])
    const late = this.#clock.sleep(UNREACHABLE_MS, either).then(
      () => 'late' as const,
      () => 'interrupted' as const,
    )
    return Promise.race([this.#confirmed(over.signal).catch(() => 'late' as const), late]).finally(() =>
      over.abort(OVER),
    )
  }

  async #confirmed(signal: AbortSignal): Promise<Vfs> {
    const vfs = await this.#opening
    while (this.#isCutOff()) await this.#clock.sleep(RECONNECT_MS, signal)
    return vfs
  }
}
