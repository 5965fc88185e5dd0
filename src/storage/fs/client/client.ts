import { andThen, type ByteString, isLater, type Log, whyOf } from '#base'
import type { TreeStore } from '../content/tree-store.ts'
import { ERRNO, type Errno, isErrno } from '../errno.ts'
import { FILE_BYTES_MAX, KERNEL_TTL_MS, REAP_BATCH_MAX } from '../limits.ts'
import type { HomeLink, HomeOperations, Removed, RemoteSide } from '../operation.ts'
import type {
  AllocateMode,
  Answer,
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
import type { RequestName } from '../home/result.ts'
import type { HeldLock, LockRequest } from '../lock.ts'
import type { AccessTimes } from './access-times.ts'
import type { ClientLocks } from './client-locks.ts'
import { copyRange } from './copy-range.ts'
import { isOfTimes } from './held-times.ts'
import { isBeginning, listDirectory } from './list-directory.ts'
import type { Reader } from './reader.ts'
import { seekContent } from './seek-content.ts'
import { call, errnoOf, REFUSALS } from './call.ts'
import { type Writer } from './writer.ts'

/** What a client half works with. */
export interface ClientParts {
  readonly session: number
  readonly link: HomeLink
  readonly writer: Writer
  readonly reader: Reader
  readonly trees: TreeStore
  readonly accessTimes: AccessTimes
  readonly locks: ClientLocks
  readonly log: Log
}

interface Opening extends OpenOptions {
  readonly caller: Caller | undefined
  readonly request: RequestName | undefined
}

/** The client half of a filesystem: passes names on to the home, gathers writes, reads content. */
export class Client implements Vfs {
  readonly #parts: ClientParts
  readonly #listeners = new Set<(change: Invalidation) => void>()
  /** Unlinked files that a holder of this client may still have open. */
  readonly #orphans = new Set<Ino>()
  readonly #forgotten: Ino[] = []
  /** Something was removed perhaps, and nobody has said which file that was. */
  #mayHaveMore = false
  #request: { readonly sequence: number; readonly resent: boolean; readonly caller: Caller | undefined } | undefined

  constructor(parts: ClientParts, orphans: readonly Ino[]) {
    this.#parts = parts
    for (const ino of orphans) this.#orphans.add(ino)
  }

  get ttlMs(): number {
    return this.#parts.link.remote?.ttlMs ?? KERNEL_TTL_MS
  }

  request(sequence: number, resent: boolean, caller?: Caller): void {
    this.#request = { sequence, resent, caller }
  }

  lookup(parent: Ino, name: ByteString): Reply<Attributes> {
    return this.#seen(this.#call('lookup', { parent, name }))
  }

  forget(ino: Ino): void {
    const isOrphan = this.#orphans.delete(ino)
    if (!isOrphan && !this.#mayHaveMore) return
    if (isOrphan) this.#parts.writer.discard(ino)
    this.#parts.accessTimes.drop(ino)
    if (this.#forgotten.push(ino) >= REAP_BATCH_MAX) void this.reap()
  }

  /** An unlinked file is held by a kernel here: it goes when that forgets it. */
  adopt(ino: Ino): void {
    this.#orphans.add(ino)
  }

  /** Tells the home which unlinked files are held no longer. */
  reap(): Reply<void> {
    return this.#forgotten.length === 0 ? undefined : this.#call('forget', { inos: this.#forgotten.splice(0) })
  }

  attributes(ino: Ino): Reply<Attributes> {
    return this.#seen(this.#call('attributes', { ino }))
  }

  setAttributes(ino: Ino, change: AttributeChange, caller: Caller): Reply<Attributes> {
    return this.#setAttributes({ ino, change, caller }, this.#take())
  }

  #setAttributes(
    wanted: HomeOperations['setAttributes']['input'],
    request: RequestName | undefined,
  ): Reply<Attributes> {
    const { ino } = wanted
    const alone = () => this.#settled(ino, () => this.#seen(this.#call('setAttributes', wanted, request)))
    return andThen(this.#parts.accessTimes.flush(), () => {
      const { change, caller } = wanted
      if (this.#holdsBack(wanted)) return this.attributes(ino)
      const isWith = this.#parts.link.remote !== undefined && change.size === undefined && caller !== undefined
      const together = isWith && this.#parts.writer.settleWith(ino, { change, caller })
      if (together === false) return alone()
      // Which of the two was refused is told when they are done one after the other.
      return andThen(together, failed => {
        if (failed === undefined) return this.attributes(ino)
        return REFUSALS.has(failed) ? alone() : failed
      })
    })
  }

  // Times of a file that nobody else has looked at go with what was written to it.
  #holdsBack({ ino, change, caller }: HomeOperations['setAttributes']['input']): boolean {
    const { remote } = this.#parts.link
    if (caller === undefined || remote?.isDelegated(ino) !== true || !isOfTimes(change)) return false
    const known = this.#call('attributes', { ino })
    const maySet = !isLater(known) && !isErrno(known) && remote.maySetTimes(known, caller)
    return maySet && this.#parts.writer.holdBack(ino, { change, caller })
  }

  make(parent: Ino, name: ByteString, node: NewNode, caller: Caller): Reply<Attributes> {
    return this.#once(
      request => this.#call('make', { parent, name, node, caller }, request),
      ino => this.attributes(ino),
    )
  }

  makeUnnamed(parent: Ino, mode: number, caller: Caller): Reply<Attributes> {
    const made = this.#once(
      request => this.#call('makeUnnamed', { parent, mode, caller }, request),
      ino => this.attributes(ino),
    )
    return andThen(made, answer => {
      if (!isErrno(answer)) this.#orphans.add(answer.ino)
      return answer
    })
  }

  link(ino: Ino, parent: Ino, name: ByteString): Reply<Attributes> {
    const caller = this.#request?.caller
    const linked = this.#once(
      request => this.#whenThere(() => this.#call('link', { ino, parent, name, caller }, request)),
      known => this.attributes(known),
    )
    return andThen(linked, answer => {
      if (!isErrno(answer)) this.#orphans.delete(ino)
      return isErrno(answer) ? answer : this.#overlaid(answer)
    })
  }

  remove(parent: Ino, name: ByteString, what: 'file' | 'directory'): Reply<void> {
    const removed = { parent, name, what, caller: this.#request?.caller }
    return this.#removed(this.#once(request => this.#call('remove', removed, request), nothingLeft))
  }

  rename(from: DirectoryPlace, to: DirectoryPlace, mode: RenameMode): Reply<void> {
    const renamed = { from, to, mode, caller: this.#request?.caller }
    // What takes the place of something is at the home as a whole.
    const run = (request?: RequestName) => this.#whenThere(() => this.#call('rename', renamed, request))
    return this.#removed(this.#once(run, nothingLeft))
  }

  readLink(ino: Ino): Reply<ByteString> {
    this.#noteRead(ino)
    return this.#call('readLink', { ino })
  }

  open(ino: Ino, options: OpenOptions): Reply<void> {
    const { remote } = this.#parts.link
    const opening = { ...options, caller: this.#request?.caller, request: this.#take() }
    if (remote !== undefined) return this.#openRemote(ino, opening, remote)
    return options.truncate ? this.#truncate(ino, opening) : undefined
  }

  // Close-to-open: what is not known to be right is asked for. A file that was unlinked elsewhere is looked up again.
  #openRemote(ino: Ino, opening: Opening, remote: RemoteSide): Reply<void> {
    const { truncate, access, caller } = opening
    remote.opened(ino, access === undefined || access === 'read' ? undefined : caller)
    const opened = andThen(this.#recovered(ino, remote), (failed): Reply<void> => {
      if (isErrno(failed)) return failed
      if (truncate) return this.#truncate(ino, opening)
      return andThen(this.#call('attributes', { ino }), answer => {
        if (isErrno(answer)) return answer === ERRNO.ENOENT ? ERRNO.ESTALE : answer
        if (answer.nlink === 0 && !this.#orphans.has(ino)) return ERRNO.ESTALE
        return access === 'read' || access === 'write' ? remote.mayOpen(answer, caller, access) : undefined
      })
    })
    return andThen(opened, answer => {
      if (isErrno(answer)) remote.released(ino)
      return answer
    })
  }

  // What a lost session left on its way has ended before the file is written to anew: it comes back, and is refused or taken then.
  #recovered(ino: Ino, remote: RemoteSide): Reply<void> {
    const { writer } = this.#parts
    const isWell = remote.failed(ino) === undefined && !remote.mustSettle(ino)
    if (isWell) return andThen(writer.leaving.of(ino), () => undefined)
    const settled = andThen(writer.settle(ino), () => writer.settle(ino))
    return andThen(settled, failed => (isErrno(failed) ? failed : remote.recover(ino)))
  }

  #truncate(ino: Ino, { killPrivileges, caller, request }: Opening): Reply<void> {
    const wanted = { ino, change: { size: 0, mtime: 'now', killPrivileges }, caller } as const
    return andThen(this.#setAttributes(wanted, request), voidOf)
  }

  // The kernel keeps no dirty data of its own, and where the home is nobody else waits for a close: `release` is enough.
  flush(ino: Ino, owner?: string): Reply<void> {
    const isHere = this.#parts.link.remote === undefined
    const settled = isHere ? undefined : this.#closed(ino)
    if (owner === undefined) return isHere ? ERRNO.ENOSYS : settled
    return andThen(settled, failed => andThen(this.#parts.locks.release(ino, { owner }), () => failed))
  }

  // Whoever else opens it asks the home, which waits for what is on its way.
  #closed(ino: Ino): Reply<void> {
    const { writer, locks, link } = this.#parts
    const mayLeave = link.remote?.isDelegated(ino) === true && link.remote.failed(ino) === undefined && !locks.has(ino)
    return mayLeave && writer.leave(ino) ? undefined : this.#settledWhole(ino)
  }

  #settledWhole(ino: Ino): Reply<void> {
    return andThen(this.settle(ino), failed => {
      if (failed === undefined) this.#parts.link.remote?.giveBack(ino)
      return failed
    })
  }

  release(ino: Ino, handle?: number): void {
    if (!this.#parts.writer.leaving.has(ino)) this.#parts.writer.flush(ino)
    if (handle !== undefined) void this.#parts.locks.release(ino, { handle })
    this.#parts.link.remote?.released(ino)
  }

  getLock(ino: Ino, lock: LockRequest): Reply<HeldLock | undefined> {
    return this.#parts.locks.get(ino, lock)
  }

  setLock(ino: Ino, lock: LockRequest, wait?: AbortSignal): Reply<void> {
    const failed = lock.type === 'none' ? undefined : this.#parts.link.remote?.failed(ino)
    return failed ?? this.#parts.locks.set(ino, lock, wait)
  }

  mustFlush(ino: Ino, access: 'read' | 'write'): boolean {
    return (access === 'write' && this.#parts.link.isShared) || this.#parts.locks.has(ino)
  }

  sync(ino: Ino, _what: 'data' | 'all'): Reply<void> {
    const synced = andThen(this.#settledWhole(ino), failed => failed ?? this.#call('sync', { revision: undefined }))
    return andThen(synced, failed => failed ?? this.#parts.link.unsure(ino))
  }

  settle(ino: Ino): Reply<void> {
    return andThen(this.#parts.writer.settle(ino), failed => failed ?? this.#parts.link.remote?.failed(ino))
  }

  read(ino: Ino, offset: number, into: Uint8Array, options?: ReadOptions): Reply<{ readonly bytes: number }> {
    const failed = this.#parts.link.remote?.failed(ino)
    if (failed !== undefined) return failed
    const range = { from: offset, to: offset + into.byteLength }
    return andThen(this.#call('content', { ino, range }), content => {
      if (isErrno(content)) return content
      const dirty = this.#parts.writer.dirty(ino)
      const bytes = Math.max(0, Math.min(into.byteLength, (dirty?.size ?? content.size) - offset))
      if (bytes === 0) return { bytes }
      if (options?.keepAccessTime !== true) this.#noteRead(ino)
      const target = into.subarray(0, bytes)
      const dirtyNow = dirty?.patches(offset, offset + bytes) ?? []
      const base = this.#parts.reader.read(content, offset, target)
      // Until the home's bytes have come, a block may land, and its memory be used for another.
      const patches = isLater(base) ? dirtyNow.map(patch => ({ ...patch, bytes: patch.bytes.slice() })) : dirtyNow
      return andThen(base, () => {
        for (const patch of patches) target.set(patch.bytes, patch.offset - offset)
        return { bytes }
      })
    })
  }

  write(ino: Ino, offset: number, bytes: Uint8Array, options: WriteOptions): Reply<void> {
    // Sent again after a restart, an append may have been staged already: it goes where the kernel saw the end.
    const append = options.append && this.#request?.resent !== true
    this.#writesNow(ino)
    const { link, writer } = this.#parts
    const failed = link.remote?.isReadOnly === true ? ERRNO.EROFS : link.remote?.failed(ino)
    if (failed !== undefined) return failed
    const ready =
      link.remote === undefined ? writer.gate.held : andThen(writer.gate.held, () => link.remote?.prepare(ino))
    const attributesNow = andThen(ready, () => this.#call('attributes', { ino }))
    return andThen(attributesNow, attributes => {
      if (isErrno(attributes)) return attributes
      if (attributes.kind !== 'file') return attributes.kind === 'directory' ? ERRNO.EISDIR : ERRNO.EINVAL
      const mustKill = options.killPrivileges && (attributes.mode & SET_ID_BITS) !== 0
      return andThen(mustKill ? this.#killPrivileges(ino) : undefined, () => {
        if (append && link.isShared) return this.#append(ino, bytes)
        const at = append ? writer.overlay(attributes).size : offset
        const taken = writer.write(attributes, at, bytes)
        return link.isShared ? andThen(taken, failed => andThen(link.written?.(ino), () => failed)) : taken
      })
    })
  }

  // Where others append too, only the home knows where the file ends: what was written before goes there first.
  #append(ino: Ino, bytes: Uint8Array): Reply<void> {
    const { writer } = this.#parts
    return this.#settled(ino, () =>
      andThen(
        call(() => writer.storing.extentsOf(bytes)),
        extents => {
          if (isErrno(extents)) return extents
          const message = { ino, extents, mtimeNs: writer.nowNs, killPrivileges: false }
          return andThen(this.#call('append', message), voidOf)
        },
      ),
    )
  }

  allocate(ino: Ino, mode: AllocateMode, offset: number, bytes: number): Reply<void> {
    this.#writesNow(ino)
    if (offset + bytes > FILE_BYTES_MAX) return ERRNO.EFBIG
    const clears = mode === 'punch' || mode === 'zero' || mode === 'zeroKeepSize'
    const grows = mode === 'extend' || mode === 'zero'
    return this.#settled(ino, () => {
      const space = clears ? undefined : this.#parts.writer.storing.checkSpace(bytes)
      if (space !== undefined) return space
      const end = offset + bytes
      return this.#call('clear', { ino, from: offset, to: clears ? end : offset, size: grows ? end : 0 })
    })
  }

  copyRange(from: FilePlace, to: FilePlace, bytes: number): Reply<{ readonly bytes: number }> {
    this.#writesNow(to.ino)
    const copy = () => copyRange(this.#call.bind(this), { from, to, bytes })
    return this.#settled(from.ino, () => this.#settled(to.ino, copy))
  }

  seek(ino: Ino, offset: number, what: 'data' | 'hole'): Reply<{ readonly offset: number }> {
    return this.#settled(ino, () =>
      andThen(this.#call('content', { ino }), content => {
        if (isErrno(content)) return content
        if (offset < 0 || offset >= content.size) return ERRNO.ENXIO
        return andThen(seekContent(this.#parts.trees, content, { offset, what }), found =>
          found === undefined ? ERRNO.ENXIO : { offset: found },
        )
      }),
    )
  }

  list(ino: Ino, after: Cookie, options: ListOptions): Reply<void> {
    if (isBeginning(after)) this.#noteRead(ino)
    const listed = { call: this.#call.bind(this), overlaid: this.#overlaid.bind(this) }
    return this.#whenThere(() => listDirectory(listed, ino, after, options))
  }

  getXattr(ino: Ino, name: ByteString): Reply<Uint8Array> {
    return this.#call('getXattr', { ino, name })
  }

  setXattr(ino: Ino, name: ByteString, value: Uint8Array, mode: 'set' | 'create' | 'replace'): Reply<void> {
    const caller = this.#request?.caller
    return this.#once(
      request => this.#call('setXattr', { ino, name, value, mode, caller }, request),
      () => undefined,
    )
  }

  listXattr(ino: Ino): Reply<readonly ByteString[]> {
    return this.#call('listXattr', { ino })
  }

  removeXattr(ino: Ino, name: ByteString): Reply<void> {
    const caller = this.#request?.caller
    return this.#once(
      request => this.#call('removeXattr', { ino, name, caller }, request),
      () => undefined,
    )
  }

  statFs(): Reply<StatFs> {
    return this.#call('statFs', {})
  }

  onInvalidation(listener: (change: Invalidation) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Tells kernels that something changed other than through them. */
  invalidate(change: Invalidation): void {
    for (const listener of this.#listeners) listener(change)
  }

  #call<Kind extends keyof HomeOperations>(
    kind: Kind,
    input: HomeOperations[Kind]['input'],
    request?: RequestName,
  ): Reply<HomeOperations[Kind]['answer']> {
    const failed = (error: unknown): Errno => {
      const errno = errnoOf(error)
      this.#parts.log.warn('an operation of a filesystem failed', { operation: kind, errno, error: whyOf(error) })
      return errno
    }
    try {
      const answer = this.#parts.link.call(kind, input, request)
      return isLater(answer) ? answer.then(undefined, failed) : answer
    } catch (error) {
      return failed(error)
    }
  }

  // Of a file that was opened before this process began, nobody knows who opened it.
  #writesNow(ino: Ino): void {
    const caller = this.#request?.caller
    this.#take()
    if (caller !== undefined) this.#parts.link.remote?.writes(ino, caller)
  }

  #take(): RequestName | undefined {
    const request = this.#request
    this.#request = undefined
    if (request === undefined) return undefined
    return { session: this.#parts.session, sequence: request.sequence, isResent: request.resent }
  }

  // A request the kernel sends again after a restart is answered as it was the first time, if it was done then.
  #once<Value>(
    run: (request: RequestName | undefined) => Reply<Value>,
    again: (ino: Ino) => Reply<Value>,
  ): Reply<Value> {
    const resent = this.#request?.resent === true
    const request = this.#take()
    const done = resent && request !== undefined ? this.#parts.link.resultOf(request) : undefined
    return done === undefined ? run(request) : again(done.ino as Ino)
  }

  // What was closed before is at the home.
  #whenThere<Value>(run: () => Reply<Value>): Reply<Value> {
    return andThen(this.#parts.writer.leaving.allThere(), run)
  }

  #settled<Value>(ino: Ino, run: () => Reply<Value>): Reply<Value> {
    return andThen(this.#parts.writer.settle(ino), failed => failed ?? run())
  }

  #seen(reply: Reply<Attributes>): Reply<Attributes> {
    return andThen(reply, answer => {
      if (isErrno(answer)) return answer
      // Only the home knows what it will look like there.
      const left = this.#parts.writer.leaving.of(answer.ino)
      return left === undefined ? this.#overlaid(answer) : andThen(left, () => this.attributes(answer.ino))
    })
  }

  #overlaid(attributes: Attributes): Attributes {
    return this.#parts.accessTimes.overlay(this.#parts.writer.overlay(attributes))
  }

  #removed(reply: Reply<Removed>): Reply<void> {
    return andThen(reply, answer => {
      this.#mayHaveMore ||= answer === ERRNO.EIO && this.#parts.link.remote !== undefined
      if (isErrno(answer)) return answer
      if (answer.orphan !== undefined) this.#orphans.add(answer.orphan)
    })
  }

  #killPrivileges(ino: Ino): Reply<unknown> {
    return this.#call('setAttributes', { ino, change: { killPrivileges: true } })
  }

  #noteRead(ino: Ino): void {
    const attributes = this.#call('attributes', { ino })
    if (!isLater(attributes) && !isErrno(attributes)) this.#parts.accessTimes.read(attributes)
  }
}

function voidOf(answer: Answer<unknown>): Answer<void> {
  return isErrno(answer) ? answer : undefined
}

const nothingLeft = (): Removed => ({ orphan: undefined })
const SET_ID_BITS = 0o6000
