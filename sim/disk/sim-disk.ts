import { crc32 } from 'node:zlib'
import { assert, type Disk, type DiskFile, type OpenMode } from '#base'
import type { Life } from '../life.ts'
import type { Random } from '../random.ts'
import type { Scheduler } from '../scheduler.ts'
import type { Trace } from '../trace.ts'
import { type DiskFaults, type DiskOperation, type OperationKind, systemError } from './faults.ts'
import { applyName, DiskImage, FileImage, folderOf, type Named, type PendingName, type PendingWrite } from './image.ts'

/** What a simulated disk works with. */
export interface SimDiskParts {
  readonly image: DiskImage
  readonly life: Life
  readonly scheduler: Scheduler
  readonly random: Random
  readonly trace: Trace
  readonly faults: DiskFaults
  readonly capacity: { bytes: number }
}

/** A disk with a page cache, for one life of a process. Syncs take virtual time; what is not synced a power cut mixes. */
export class SimDisk implements Disk {
  readonly #parts: SimDiskParts
  readonly #locks = new Set<string>()
  #operations = 0
  #sequence = 0
  /** After a failed sync the cache may show what the disk will never have: only a cut of the power tells. */
  cacheLies = false

  constructor(parts: SimDiskParts) {
    this.#parts = parts
    const pending = [...parts.image.names.values()].flatMap(named => (named === 'folder' ? [] : named.pending))
    for (const { sequence } of [...pending, ...parts.image.pendingNames])
      this.#sequence = Math.max(this.#sequence, sequence)
  }

  get image(): DiskImage {
    return this.#parts.image
  }

  get operations(): number {
    return this.#operations
  }

  open(path: string, mode: OpenMode): DiskFile {
    return this.do('open', path, () => {
      const named = this.image.names.get(path)
      if (named instanceof FileImage) return new SimFile(this, path, named)
      if (mode !== 'create' || named === 'folder' || this.image.names.get(folderOf(path)) !== 'folder') {
        throw systemError('ENOENT', `open ${path}`)
      }
      const file = new FileImage()
      this.#rename({ folder: folderOf(path), set: [[path, file]], drop: [] })
      return new SimFile(this, path, file)
    })
  }

  list(folder: string): string[] {
    const names = [...this.image.names.keys()].filter(path => folderOf(path) === folder && path !== folder)
    return names.map(path => path.slice(folder.length + 1)).sort()
  }

  stat(path: string): { kind: 'file' | 'folder'; bytes: number } | undefined {
    const named = this.image.names.get(path)
    if (named === undefined) return undefined
    return named === 'folder' ? { kind: 'folder', bytes: 0 } : { kind: 'file', bytes: named.cached.size }
  }

  makeFolder(path: string): void {
    if (this.image.names.has(path)) return
    if (folderOf(path) !== path) this.makeFolder(folderOf(path))
    this.do('folder', path, () => this.#rename({ folder: folderOf(path), set: [[path, 'folder']], drop: [] }))
  }

  rename(from: string, to: string): void {
    this.do('rename', to, () => {
      const named = this.image.names.get(from)
      if (named === undefined) throw systemError('ENOENT', `rename ${from}`)
      if (named === 'folder') return this.#move(from, to)
      this.#rename({ folder: folderOf(to), set: [[to, named]], drop: [from] })
    })
  }

  remove(path: string): void {
    if (!this.image.names.has(path)) return
    this.do('remove', path, () => this.#rename({ folder: folderOf(path), set: [], drop: [path] }))
  }

  async removeFolder(path: string): Promise<void> {
    const { scheduler, life, random } = this.#parts
    for (const below of [...this.#below(path)].sort().reverse()) {
      this.remove(below)
      await new Promise<void>(resolve => scheduler.at(life, random.fraction(), resolve))
    }
  }

  syncFolder(folder: string): Promise<void> {
    const upTo = this.#sequence
    return this.later('syncFolder', folder, () => this.#settleNames(folder, upTo))
  }

  space(_path: string): { totalBytes: number; freeBytes: number } {
    const totalBytes = this.#parts.capacity.bytes
    return { totalBytes, freeBytes: Math.max(0, totalBytes - this.image.usedBytes) }
  }

  lock(path: string): Disposable | undefined {
    if (this.#locks.has(path)) return undefined
    this.#locks.add(path)
    return { [Symbol.dispose]: () => void this.#locks.delete(path) }
  }

  /** Runs one operation with its trace, faults and crash. */
  do<Value>(kind: OperationKind, path: string, run: () => Value, detail = ''): Value {
    const operation = this.#count(kind, path, detail)
    const { faults, life } = this.#parts
    const crash = life.ended ? undefined : faults.crash(operation)
    if (crash === 'before') life.end(new DiskImage(this.image))
    const fault = kind === 'write' || life.ended ? undefined : faults.fault(operation)
    if (fault !== undefined) throw systemError(fault.code, `${kind} ${path}`)
    const value = run()
    if (crash === 'after') life.end(new DiskImage(this.image))
    return value
  }

  /** A write: it may run out of space, fail half way, or be the last thing the process does. */
  write(file: FileImage, path: string, bytes: Buffer, offset: number): void {
    const growth = Math.max(0, offset + bytes.byteLength - file.cached.size)
    this.do(
      'write',
      path,
      () => {
        const { faults, capacity, life } = this.#parts
        const full = growth > 0 && this.image.usedBytes + growth > capacity.bytes
        const operation = { number: this.#operations, kind: 'write', path, bytes: bytes.byteLength } as const
        const asked = life.ended ? undefined : faults.fault(operation)
        // What lies inside a file has its place on the disk.
        const injected = asked?.code === 'ENOSPC' && growth === 0 ? undefined : asked
        const fault = full ? ({ code: 'ENOSPC', done: 0, dropsCache: false } as const) : injected
        const count = fault === undefined ? bytes.byteLength : Math.floor(bytes.byteLength * fault.done)
        if (count > 0 && !faults.lies(operation))
          this.#note(file, { kind: 'write', offset, bytes: bytes.subarray(0, count) })
        if (fault !== undefined) throw systemError(fault.code, `write ${path}`)
      },
      `${offset}+${bytes.byteLength} ${crc32(bytes).toString(16)}`,
    )
  }

  truncate(file: FileImage, path: string, size: number): void {
    this.do('truncate', path, () => this.#note(file, { kind: 'truncate', size }), `${size}`)
  }

  sync(file: FileImage, path: string): Promise<void> {
    const upTo = this.#sequence
    return this.later(
      'sync',
      path,
      done => {
        const waiting = file.pending.filter(write => write.sequence <= upTo)
        const reached = waiting.slice(0, Math.ceil(waiting.length * done))
        for (const write of reached) file.durable.apply(write)
        file.pending = file.pending.filter(write => write.sequence > upTo)
        if (done === 1) this.#settleParents(path)
      },
      file,
    )
  }

  /** An operation that takes time. After a failed sync nothing waits any more: the system gave up on it. */
  later(kind: 'sync' | 'syncFolder', path: string, settle: (done: number) => void, file?: FileImage): Promise<void> {
    const { life, faults, scheduler, random } = this.#parts
    const operation = this.#count(kind, path, '')
    const crash = life.ended ? undefined : faults.crash(operation)
    const fault = life.ended ? undefined : faults.fault(operation)
    if (crash === 'before') life.end(new DiskImage(this.image))
    return new Promise((resolve, reject) => {
      scheduler.at(life, random.fraction() ** 3 * SYNC_MS_MAX, () => {
        if (crash === 'after') {
          if (random.chance(0.5)) settle(1)
          return life.end(new DiskImage(this.image))
        }
        this.#parts.trace.line(`${kind} done ${path}${fault === undefined ? '' : ` ${fault.code}`}`)
        if (fault === undefined && !faults.lies(operation)) settle(1)
        if (fault === undefined) return resolve()
        if (kind === 'sync') settle(fault.done)
        if (fault.dropsCache && file !== undefined) dropCache(file)
        else this.cacheLies = true
        reject(systemError(fault.code, `${kind} ${path}`))
      })
    })
  }

  #count(kind: OperationKind, path: string, detail: string): DiskOperation {
    this.#operations += 1
    if (!this.#parts.life.ended) this.#parts.trace.line(`${kind} ${path} ${detail}`)
    return { number: this.#operations, kind, path }
  }

  #note(
    file: FileImage,
    change: { kind: 'write'; offset: number; bytes: Buffer } | { kind: 'truncate'; size: number },
  ): void {
    const sequence = ++this.#sequence
    if (change.kind === 'truncate') {
      file.pending.push({ sequence, ...change })
    } else {
      const size = Math.max(file.cached.size, change.offset + change.bytes.byteLength)
      file.pending.push({ sequence, ...change, bytes: Buffer.from(change.bytes), size })
    }
    const write: PendingWrite | undefined = file.pending.at(-1)
    if (write !== undefined) file.cached.apply(write)
  }

  // All that is below goes along: what was to be written of its names is written before.
  #move(from: string, to: string): void {
    assert(!this.image.names.has(to), 'a folder is not renamed over another')
    this.#settleWhere(({ folder }) => isIn(folder, from))
    const drop = this.#below(from)
    const set = drop.map(path => [to + path.slice(from.length), this.image.names.get(path) ?? 'folder'] as const)
    this.#rename({ folder: folderOf(to), set, drop })
  }

  #below(folder: string): string[] {
    return [...this.image.names.keys()].filter(path => isIn(path, folder))
  }

  #settleWhere(which: (change: PendingName) => boolean): void {
    for (const change of this.image.pendingNames.filter(which)) applyName(this.image.durableNames, change)
    this.image.pendingNames = this.image.pendingNames.filter(change => !which(change))
  }

  #rename(change: Omit<PendingName, 'sequence'>): void {
    // A folder is in one place: what changes in it later is not written before its move.
    this.#settleWhere(({ set, drop }) => drop.length > 0 && set.some(([path, named]) => isAbove(path, named, change)))
    const pending = { ...change, sequence: ++this.#sequence }
    this.image.pendingNames.push(pending)
    applyName(this.image.names, pending)
  }

  #settleNames(folder: string, upTo: number): void {
    this.#settleWhere(change => change.folder === folder && change.sequence <= upTo)
    this.#settleParents(folder)
  }

  // A journal that has what is in a folder has the folder: its own name, and those above it, were written before.
  #settleParents(path: string): void {
    this.#settleWhere(({ set }) => set.some(([folder, named]) => named === 'folder' && isIn(path, folder)))
  }
}

function isIn(path: string, folder: string): boolean {
  return `${path}/`.startsWith(`${folder}/`)
}

function isAbove(path: string, named: Named, { folder }: Pick<PendingName, 'folder'>): boolean {
  return named === 'folder' && isIn(folder, path)
}

class SimFile implements DiskFile {
  readonly path: string
  readonly #disk: SimDisk
  #file: FileImage | undefined

  constructor(disk: SimDisk, path: string, file: FileImage) {
    this.#disk = disk
    this.path = path
    this.#file = file
  }

  read(into: Uint8Array, position: number): number {
    const { cached } = this.#open()
    return this.#disk.do('read', this.path, () => {
      const bytes = cached.view.subarray(position, position + into.byteLength)
      into.set(bytes)
      return bytes.byteLength
    })
  }

  write(parts: readonly Uint8Array[], position: number): void {
    this.#disk.write(this.#open(), this.path, Buffer.concat(parts), position)
  }

  size(): number {
    return this.#open().cached.size
  }

  truncate(bytes: number): void {
    this.#disk.truncate(this.#open(), this.path, bytes)
  }

  sync(): Promise<void> {
    return this.#disk.sync(this.#open(), this.path)
  }

  uncache(): void {}

  close(): void {
    this.#file = undefined
  }

  [Symbol.dispose](): void {
    this.close()
  }

  #open(): FileImage {
    if (this.#file === undefined) throw systemError('EBADF', this.path)
    return this.#file
  }
}

function dropCache(file: FileImage): void {
  file.cached.resize(0)
  file.cached.write(file.durable.view, 0)
  for (const write of file.pending) file.cached.apply(write)
}

const SYNC_MS_MAX = 40
