import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { deserialize, serialize } from 'node:v8'
import type { ByteString } from '#base'
import {
  type AllocateMode,
  type Answer,
  type AttributeChange,
  type Attributes,
  type Caller,
  type Cookie,
  type DirectoryPlace,
  ERRNO,
  type FileKind,
  type FilePlace,
  type HeldLock,
  type Ino,
  type Invalidation,
  isErrno,
  type ListOptions,
  type LockRequest,
  type NewNode,
  type PlacedLock,
  type RenameMode,
  type Reply,
  type StatFs,
  type Vfs,
  type WriteOptions,
} from '#storage/fs'

interface Node {
  ino: Ino
  kind: FileKind
  mode: number
  nlink: number
  uid: number
  gid: number
  rdev: number
  atimeNs: bigint
  mtimeNs: bigint
  ctimeNs: bigint
  btimeNs: bigint
  parent: Ino
  target: ByteString
  size: number
  bytes: Uint8Array
  entries: Map<ByteString, { ino: Ino; cookie: Cookie }>
  xattrs: Map<ByteString, Uint8Array>
}

interface State {
  nodes: Map<Ino, Node>
  next: number
  /** The last change and what it answered, for requests that come again. */
  last: { sequence: number; answer: unknown } | undefined
}

/** A small whole filesystem in memory: the double behind the mount tests and the bench. */
export class MemoryVfs implements Vfs {
  readonly root = 1 as Ino
  ttlMs = 1000
  /** Every other megabyte of a file is read and written later. */
  slow = true
  /** While set, nothing becomes durable before it resolves. */
  stuck: Promise<void> | undefined
  #state: State = { nodes: new Map(), next: 2, last: undefined }
  #request = { sequence: 0, resent: false }
  /** Called after each change of names, before it is answered. */
  onChange: (name: ByteString) => void = () => {}
  readonly #listeners = new Set<(change: Invalidation) => void>()

  #locks: PlacedLock[] = []
  readonly #whenUnlocked: (() => void)[] = []

  constructor() {
    const root = this.#node(1 as Ino, { kind: 'directory', mode: 0o755 }, OWNER)
    root.nlink = 2
    root.parent = root.ino
  }

  /** Keeps everything in a file, so that a killed server's successor goes on. */
  save(file: string): void {
    writeFileSync(`${file}.new`, serialize(this.#state))
    renameSync(`${file}.new`, file)
  }

  load(file: string): void {
    this.#state = deserialize(readFileSync(file))
  }

  /** Changes a file as another machine would. */
  changeElsewhere(path: string, text: string): void {
    const name = path.slice(1)
    const entry = this.#get(1 as Ino).entries.get(name)
    if (entry === undefined) return
    const node = this.#get(entry.ino)
    node.bytes = new Uint8Array(Buffer.from(text))
    node.size = node.bytes.byteLength
    this.#touch(node)
    for (const listener of this.#listeners) listener({ kind: 'inode', ino: node.ino })
  }

  removeElsewhere(path: string): void {
    this.#remove(1 as Ino, path.slice(1), 'file')
    for (const listener of this.#listeners) listener({ kind: 'entry', parent: 1 as Ino, name: path.slice(1) })
  }

  request(sequence: number, resent: boolean): void {
    this.#request = { sequence, resent }
  }

  lookup(parent: Ino, name: ByteString): Answer<Attributes> {
    const entry = this.#get(parent).entries.get(name)
    return entry === undefined ? ERRNO.ENOENT : this.attributes(entry.ino)
  }

  forget(ino: Ino): void {
    const node = this.#state.nodes.get(ino)
    if (node !== undefined && node.nlink === 0) this.#state.nodes.delete(ino)
  }

  attributes(ino: Ino): Answer<Attributes> {
    const node = this.#state.nodes.get(ino)
    if (node === undefined) return ERRNO.ESTALE
    return { ...node, size: sizeOf(node), blocks: Math.ceil(sizeOf(node) / 512), hasXattrs: node.xattrs.size > 0 }
  }

  setAttributes(ino: Ino, change: AttributeChange, _caller: Caller): Answer<Attributes> {
    const node = this.#get(ino)
    const now = nowNs()
    if (change.killPrivileges === true && node.kind !== 'directory') node.mode &= 0o1777
    if (change.mode !== undefined) node.mode = change.mode
    if (change.uid !== undefined) node.uid = change.uid
    if (change.gid !== undefined) node.gid = change.gid
    if (change.size !== undefined) resize(node, change.size)
    if (change.size !== undefined) node.mtimeNs = now
    if (change.atime !== undefined) node.atimeNs = change.atime === 'now' ? now : change.atime
    if (change.mtime !== undefined) node.mtimeNs = change.mtime === 'now' ? now : change.mtime
    node.ctimeNs = typeof change.ctime === 'bigint' ? change.ctime : now
    return this.attributes(ino)
  }

  make(parent: Ino, name: ByteString, spec: NewNode, caller: Caller): Answer<Attributes> {
    return this.#once(name, () => this.#make({ parent, name }, spec, caller))
  }

  #make({ parent, name }: DirectoryPlace, spec: NewNode, caller: Caller): Answer<Attributes> {
    const folder = this.#get(parent)
    if (folder.entries.has(name)) return ERRNO.EEXIST
    const node = this.#node(this.#nextIno(), spec, caller)
    node.parent = parent
    if (node.kind === 'directory') {
      node.nlink = 2
      folder.nlink += 1
    }
    this.#enter(folder, name, node.ino)
    return this.attributes(node.ino)
  }

  makeUnnamed(_parent: Ino, mode: number, caller: Caller): Answer<Attributes> {
    const node = this.#node(this.#nextIno(), { kind: 'file', mode }, caller)
    node.nlink = 0
    return this.attributes(node.ino)
  }

  link(ino: Ino, parent: Ino, name: ByteString): Answer<Attributes> {
    const folder = this.#get(parent)
    if (folder.entries.has(name)) return ERRNO.EEXIST
    const node = this.#get(ino)
    node.nlink += 1
    this.#enter(folder, name, ino)
    return this.attributes(ino)
  }

  remove(parent: Ino, name: ByteString, what: 'file' | 'directory'): Answer<void> {
    return this.#once(name, () => this.#remove(parent, name, what))
  }

  #remove(parent: Ino, name: ByteString, what: 'file' | 'directory'): Answer<void> {
    const folder = this.#get(parent)
    const entry = folder.entries.get(name)
    if (entry === undefined) return ERRNO.ENOENT
    const node = this.#get(entry.ino)
    if (what === 'directory' && node.kind !== 'directory') return ERRNO.ENOTDIR
    if (what === 'file' && node.kind === 'directory') return ERRNO.EISDIR
    if (node.entries.size > 0) return ERRNO.ENOTEMPTY
    folder.entries.delete(name)
    if (what === 'directory') folder.nlink -= 1
    node.nlink -= what === 'directory' ? 2 : 1
    this.#touch(folder)
  }

  rename(from: DirectoryPlace, to: DirectoryPlace, mode: RenameMode): Answer<void> {
    return this.#once(from.name, () => this.#rename(from, to, mode))
  }

  #rename(from: DirectoryPlace, to: DirectoryPlace, mode: RenameMode): Answer<void> {
    const source = this.#get(from.parent)
    const goal = this.#get(to.parent)
    const entry = source.entries.get(from.name)
    const there = goal.entries.get(to.name)
    if (entry === undefined) return ERRNO.ENOENT
    if (there !== undefined && mode === 'noReplace') return ERRNO.EEXIST
    if (mode === 'exchange') {
      if (there === undefined) return ERRNO.ENOENT
      source.entries.set(from.name, there)
      goal.entries.set(to.name, entry)
      return
    }
    if (there?.ino === entry.ino) return
    if (there !== undefined) {
      const kind = this.#get(there.ino).kind === 'directory' ? 'directory' : 'file'
      const removed = this.#remove(to.parent, to.name, kind)
      if (isErrno(removed)) return removed
    }
    source.entries.delete(from.name)
    this.#enter(goal, to.name, entry.ino)
    this.#get(entry.ino).parent = to.parent
    this.#touch(source)
  }

  readLink(ino: Ino): Answer<ByteString> {
    return this.#get(ino).target
  }

  open(ino: Ino, options: { readonly truncate: boolean }): Answer<void> {
    const node = this.#get(ino)
    if (options.truncate) resize(node, 0)
  }

  flush(ino: Ino, owner?: string): Answer<void> {
    this.#unlock(ino, lock => lock.owner === owner && lock.way === 'range')
  }

  release(ino: Ino, handle?: number): void {
    this.#unlock(ino, lock => lock.handle === handle)
  }

  getLock(ino: Ino, lock: LockRequest): Answer<HeldLock | undefined> {
    return this.#locks.find(each => each.ino === ino && each.way === lock.way && each.owner !== lock.owner)
  }

  // Each lock is of the whole file and for one owner alone.
  setLock(ino: Ino, lock: LockRequest, wait?: AbortSignal): Reply<void> {
    const { type, ...rest } = lock
    if (type === 'none') return this.#unlock(ino, each => each.owner === lock.owner)
    if (this.getLock(ino, lock) === undefined) {
      this.#locks.push({ ...rest, type, ino })
      return undefined
    }
    if (wait === undefined) return ERRNO.EAGAIN
    return new Promise(resolve => {
      wait.addEventListener('abort', () => resolve(ERRNO.EINTR), { once: true })
      this.#whenUnlocked.push(() => resolve(this.setLock(ino, lock, wait)))
    })
  }

  mustFlush(ino: Ino, access: 'read' | 'write'): boolean {
    return access === 'write' || this.#locks.some(lock => lock.ino === ino)
  }

  #unlock(ino: Ino, isGone: (lock: PlacedLock) => boolean): void {
    this.#locks = this.#locks.filter(lock => lock.ino !== ino || !isGone(lock))
    for (const look of this.#whenUnlocked.splice(0)) look()
  }

  settle(): Reply<void> {
    return undefined
  }

  // Answers later, as a disk does.
  sync(_ino: Ino, _what: 'data' | 'all'): Reply<void> {
    if (this.stuck !== undefined) return this.stuck
    return new Promise(resolve => setImmediate(resolve))
  }

  read(ino: Ino, offset: number, into: Uint8Array): Reply<{ readonly bytes: number }> {
    const node = this.#get(ino)
    const bytes = Math.max(0, Math.min(into.byteLength, node.size - offset))
    into.set(node.bytes.subarray(offset, offset + bytes))
    return this.slow && Math.floor(offset / 2 ** 20) % 2 === 1 ? Promise.resolve({ bytes }) : { bytes }
  }

  write(ino: Ino, offset: number, bytes: Uint8Array, options: WriteOptions): Reply<void> {
    const node = this.#get(ino)
    if (offset + bytes.byteLength > FILE_BYTES_MAX) return ERRNO.EFBIG
    if (options.killPrivileges) node.mode &= 0o1777
    const later = this.slow && Math.floor(offset / 2 ** 20) % 2 === 1
    if (!later) return this.#store(node, options.append ? node.size : offset, bytes)
    return new Promise(resolve =>
      setImmediate(() => {
        this.#store(node, options.append ? node.size : offset, bytes)
        resolve()
      }),
    )
  }

  allocate(ino: Ino, mode: AllocateMode, offset: number, bytes: number): Answer<void> {
    const node = this.#get(ino)
    if (mode === 'extend' || mode === 'zero') resize(node, Math.max(node.size, offset + bytes))
    if (mode === 'punch' || mode === 'zero' || mode === 'zeroKeepSize') node.bytes.fill(0, offset, offset + bytes)
  }

  copyRange(from: FilePlace, to: FilePlace, bytes: number): Answer<{ readonly bytes: number }> {
    const source = this.#get(from.ino)
    const piece = source.bytes.slice(from.offset, Math.min(from.offset + bytes, source.size))
    this.#store(this.#get(to.ino), to.offset, piece)
    return { bytes: piece.byteLength }
  }

  seek(ino: Ino, offset: number, what: 'data' | 'hole'): Answer<{ readonly offset: number }> {
    const { size } = this.#get(ino)
    if (offset >= size) return ERRNO.ENXIO
    return { offset: what === 'data' ? offset : size }
  }

  list(ino: Ino, after: Cookie, { attributes, take }: ListOptions): Answer<void> {
    const node = this.#get(ino)
    const dots = [
      { name: '.', ino, cookie: 1 as Cookie },
      { name: '..', ino: node.parent, cookie: 2 as Cookie },
    ]
    for (const dot of dots) {
      if (dot.cookie > after && !take({ ...dot, kind: 'directory', attributes: undefined })) return
    }
    for (const [name, entry] of node.entries) {
      if (entry.cookie <= after) continue
      const { kind } = this.#get(entry.ino)
      const found = attributes ? this.attributes(entry.ino) : undefined
      if (!take({ name, ...entry, kind, attributes: isErrno(found) ? undefined : found })) return
    }
  }

  getXattr(ino: Ino, name: ByteString): Answer<Uint8Array> {
    return this.#get(ino).xattrs.get(name) ?? ERRNO.ENODATA
  }

  setXattr(ino: Ino, name: ByteString, value: Uint8Array, mode: 'set' | 'create' | 'replace'): Answer<void> {
    const { xattrs } = this.#get(ino)
    if (mode === 'create' && xattrs.has(name)) return ERRNO.EEXIST
    if (mode === 'replace' && !xattrs.has(name)) return ERRNO.ENODATA
    xattrs.set(name, value)
  }

  listXattr(ino: Ino): Answer<readonly ByteString[]> {
    return [...this.#get(ino).xattrs.keys()]
  }

  removeXattr(ino: Ino, name: ByteString): Answer<void> {
    if (!this.#get(ino).xattrs.delete(name)) return ERRNO.ENODATA
  }

  statFs(): Answer<StatFs> {
    const files = this.#state.nodes.size
    return { blockBytes: 4096, blocks: 1_000_000, blocksFree: 999_000, files, filesFree: 10_000, nameBytesMax: 255 }
  }

  onInvalidation(listener: (change: Invalidation) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #once<Value>(name: ByteString, run: () => Answer<Value>): Answer<Value> {
    const { sequence, resent } = this.#request
    if (resent && this.#state.last?.sequence === sequence) return this.#state.last.answer as Answer<Value>
    const answer = run()
    this.#state.last = { sequence, answer }
    this.onChange(name)
    return answer
  }

  #get(ino: Ino): Node {
    const node = this.#state.nodes.get(ino)
    if (node === undefined) throw new Error(`no inode ${ino}`)
    return node
  }

  #nextIno(): Ino {
    return this.#state.next++ as Ino
  }

  #node(ino: Ino, spec: NewNode, caller: Caller): Node {
    const now = nowNs()
    const masked = spec.kind === 'symlink' ? spec.mode : spec.mode & ~caller.umask
    const node: Node = {
      ino,
      kind: spec.kind,
      mode: masked,
      nlink: 1,
      uid: caller.uid,
      gid: caller.gid,
      rdev: spec.rdev ?? 0,
      atimeNs: now,
      mtimeNs: now,
      ctimeNs: now,
      btimeNs: now,
      parent: 1 as Ino,
      target: spec.target ?? '',
      size: 0,
      bytes: new Uint8Array(0),
      entries: new Map(),
      xattrs: new Map(),
    }
    this.#state.nodes.set(ino, node)
    return node
  }

  #enter(folder: Node, name: ByteString, ino: Ino): void {
    folder.entries.set(name, { ino, cookie: (this.#state.next++ + 2) as Cookie })
    this.#touch(folder)
  }

  #touch(node: Node): void {
    node.mtimeNs = nowNs()
    node.ctimeNs = node.mtimeNs
  }

  #store(node: Node, offset: number, bytes: Uint8Array): void {
    resize(node, Math.max(node.size, offset + bytes.byteLength))
    node.bytes.set(bytes, offset)
    this.#touch(node)
  }
}

const FILE_BYTES_MAX = 2 ** 30

function sizeOf(node: Node): number {
  return node.kind === 'symlink' ? node.target.length : node.size
}

function resize(node: Node, size: number): void {
  if (size > node.bytes.byteLength) {
    const bytes = new Uint8Array(Math.max(size, node.bytes.byteLength * 2))
    bytes.set(node.bytes.subarray(0, node.size))
    node.bytes = bytes
  } else if (size < node.size) node.bytes.fill(0, size, node.size)
  node.size = size
}

function nowNs(): bigint {
  return BigInt(Date.now()) * 1_000_000n
}

/** Whoever runs the test. */
const OWNER: Caller = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, umask: 0 }
