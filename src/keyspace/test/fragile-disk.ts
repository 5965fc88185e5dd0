import { assert, asBuffer, type Disk, type DiskFile, type OpenMode } from '#base'

/** A write or truncation that no sync has made durable yet. */
type Pending =
  | { readonly kind: 'write'; readonly at: number; readonly bytes: Buffer }
  | { readonly kind: 'size'; readonly bytes: number }

interface File {
  /** What the system shows. */
  seen: Buffer
  /** What a power cut leaves for certain. */
  durable: Buffer
  pending: Pending[]
}

/** A number of 0 to below 1. */
export type Dice = () => number

/** A disk in memory that can lose power, fill up and fail. Folders are only prefixes of paths. */
export class FragileDisk implements Disk {
  #names = new Map<string, File>()
  #durableNames = new Map<string, File>()
  #locked = new Set<string>()
  /** Thrown by the next writes or syncs while it returns an error for them. */
  fault: (doing: 'write' | 'sync', path: string) => NodeJS.ErrnoException | undefined = () => undefined

  open(path: string, mode: OpenMode): DiskFile {
    let file = this.#names.get(path)
    if (file === undefined) {
      if (mode !== 'create') throw systemError('ENOENT')
      file = { seen: Buffer.alloc(0), durable: Buffer.alloc(0), pending: [] }
      this.#names.set(path, file)
    }
    return new FragileFile(path, file, doing => this.#check(doing, path))
  }

  list(folder: string): string[] {
    const names = [...this.#names.keys()].filter(path => path.startsWith(`${folder}/`))
    return names
      .map(path => path.slice(folder.length + 1))
      .filter(name => !name.includes('/'))
      .sort()
  }

  stat(path: string): { kind: 'file'; bytes: number } | undefined {
    const file = this.#names.get(path)
    return file && { kind: 'file', bytes: file.seen.byteLength }
  }

  makeFolder(): void {}

  rename(from: string, to: string): void {
    const file = this.#names.get(from)
    assert(file !== undefined, 'what is renamed is there')
    this.#names.delete(from)
    this.#names.set(to, file)
  }

  remove(path: string): void {
    this.#names.delete(path)
  }

  async removeFolder(folder: string): Promise<void> {
    for (const path of this.#names.keys()) if (path.startsWith(`${folder}/`)) this.#names.delete(path)
  }

  async syncFolder(folder: string): Promise<void> {
    this.#check('sync', folder)
    for (const path of this.#durableNames.keys()) if (path.startsWith(`${folder}/`)) this.#durableNames.delete(path)
    for (const [path, file] of this.#names) if (path.startsWith(`${folder}/`)) this.#durableNames.set(path, file)
  }

  space(): { totalBytes: number; freeBytes: number } {
    return { totalBytes: 2 ** 40, freeBytes: 2 ** 39 }
  }

  lock(path: string): Disposable | undefined {
    if (this.#locked.has(path)) return undefined
    this.#locked.add(path)
    return { [Symbol.dispose]: () => this.#locked.delete(path) }
  }

  /** The process dies: nothing is lost, nobody holds a lock. */
  kill(): void {
    this.#locked = new Set()
  }

  /** The power goes: of what was not synced, each 512-byte sector and each name survives or not as the dice say. */
  powerCut(dice: Dice): void {
    this.kill()
    const names = new Map<string, File>()
    for (const path of new Set([...this.#durableNames.keys(), ...this.#names.keys()])) {
      const [before, after] = [this.#durableNames.get(path), this.#names.get(path)]
      const file = before === after || dice() < 0.5 ? after : before
      if (file !== undefined) names.set(path, file)
    }
    for (const file of new Set(names.values())) {
      for (const pending of file.pending) file.durable = survive(file.durable, pending, dice)
      file.pending = []
      file.seen = Buffer.from(file.durable)
    }
    this.#names = names
    this.#durableNames = new Map(names)
  }

  /** Changes bytes of a file behind everybody's back. */
  rot(path: string, change: (bytes: Buffer) => void): void {
    const file = this.#names.get(path)
    assert(file !== undefined, 'what rots is there')
    change(file.seen)
    change(file.durable)
  }

  #check(doing: 'write' | 'sync', path: string): void {
    const error = this.fault(doing, path)
    if (error !== undefined) throw error
  }
}

class FragileFile implements DiskFile {
  readonly path: string
  readonly #file: File
  readonly #check: (doing: 'write' | 'sync') => void

  constructor(path: string, file: File, check: (doing: 'write' | 'sync') => void) {
    this.path = path
    this.#file = file
    this.#check = check
  }

  read(into: Uint8Array, position: number): number {
    const some = this.#file.seen.subarray(position, position + into.byteLength)
    into.set(some)
    return some.byteLength
  }

  write(parts: readonly Uint8Array[], position: number): void {
    const bytes = Buffer.concat(parts)
    try {
      this.#check('write')
    } catch (error) {
      // A failed write may have written some of it.
      this.#change({ kind: 'write', at: position, bytes: bytes.subarray(0, bytes.byteLength / 2) })
      throw error
    }
    this.#change({ kind: 'write', at: position, bytes })
  }

  size(): number {
    return this.#file.seen.byteLength
  }

  uncache(): void {}

  truncate(bytes: number): void {
    this.#change({ kind: 'size', bytes })
  }

  async sync(): Promise<void> {
    const count = this.#file.pending.length
    await Promise.resolve()
    try {
      this.#check('sync')
    } catch (error) {
      // As Linux does: what could not be written is called clean, shown as before, and lost with the power.
      this.#file.pending.splice(0, count)
      throw error
    }
    for (const pending of this.#file.pending.splice(0, count)) this.#file.durable = changed(this.#file.durable, pending)
  }

  close(): void {}

  [Symbol.dispose](): void {}

  #change(pending: Pending): void {
    this.#file.seen = changed(this.#file.seen, pending)
    this.#file.pending.push(pending)
  }
}

const SECTOR = 512

function survive(before: Buffer, pending: Pending, dice: Dice): Buffer {
  if (pending.kind === 'size') return dice() < 0.5 ? changed(before, pending) : before
  let after = before
  for (let at = pending.at; at < pending.at + pending.bytes.byteLength; ) {
    const end = Math.min((Math.floor(at / SECTOR) + 1) * SECTOR, pending.at + pending.bytes.byteLength)
    const bytes = pending.bytes.subarray(at - pending.at, end - pending.at)
    if (dice() < 0.5) after = changed(after, { kind: 'write', at, bytes })
    at = end
  }
  return after
}

function changed(before: Buffer, pending: Pending): Buffer {
  const size =
    pending.kind === 'size' ? pending.bytes : Math.max(before.byteLength, pending.at + pending.bytes.byteLength)
  const after = size === before.byteLength ? before : Buffer.alloc(size)
  if (after !== before) after.set(before.subarray(0, size))
  if (pending.kind === 'write') after.set(asBuffer(pending.bytes), pending.at)
  return after
}

/** An error as the system throws it. */
export function systemError(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(code), { code, errno: -1 })
}
