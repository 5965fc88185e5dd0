/** A change of a file that is in the page cache and perhaps not on the disk. `size` is the file's size behind it. */
export type PendingWrite =
  | {
      readonly sequence: number
      readonly kind: 'write'
      readonly offset: number
      readonly bytes: Buffer
      readonly size: number
    }
  | { readonly sequence: number; readonly kind: 'truncate'; readonly size: number }

/** Bytes that grow; what was never written is zeros. */
export class Bytes {
  #buffer: Buffer
  size: number

  constructor(from?: Bytes) {
    this.#buffer = Buffer.alloc(from?.size ?? 0)
    this.size = from?.size ?? 0
    from?.view.copy(this.#buffer)
  }

  get view(): Buffer {
    return this.#buffer.subarray(0, this.size)
  }

  write(bytes: Uint8Array, offset: number): void {
    const end = offset + bytes.byteLength
    if (end > this.size) this.resize(end)
    this.#buffer.set(bytes, offset)
  }

  resize(size: number): void {
    if (size < this.size) this.#buffer.fill(0, size, this.size)
    if (size > this.#buffer.byteLength) {
      const grown = Buffer.alloc(Math.max(size, this.#buffer.byteLength * 2, 4096))
      this.#buffer.copy(grown, 0, 0, this.size)
      this.#buffer = grown
    }
    this.size = size
  }

  apply(write: PendingWrite): void {
    if (write.kind === 'write') this.write(write.bytes, write.offset)
    else this.resize(write.size)
  }
}

/** A file whatever its name: what programs see, what the disk has, and the writes in between, oldest first. */
export class FileImage {
  readonly cached: Bytes
  readonly durable: Bytes
  pending: PendingWrite[]

  constructor(from?: FileImage) {
    this.cached = new Bytes(from?.cached)
    this.durable = new Bytes(from?.durable)
    this.pending = [...(from?.pending ?? [])]
  }
}

export type Named = FileImage | 'folder'

/** A change of names that is perhaps not on the disk: paths that appear and disappear together. */
export interface PendingName {
  readonly sequence: number
  readonly folder: string
  readonly set: readonly (readonly [path: string, named: Named])[]
  readonly drop: readonly string[]
}

/** A whole disk in one moment. */
export class DiskImage {
  readonly names: Map<string, Named>
  readonly durableNames: Map<string, Named>
  pendingNames: PendingName[]

  constructor(from?: DiskImage) {
    const copies = new Map<Named, Named>([['folder', 'folder']])
    const copyOf = (named: Named): Named => {
      if (named === 'folder') return named
      const copy = copies.get(named) ?? new FileImage(named)
      copies.set(named, copy)
      return copy
    }
    const copyNames = (names: Iterable<readonly [string, Named]>): [string, Named][] =>
      [...names].map(([path, named]) => [path, copyOf(named)])
    this.names = new Map(copyNames(from?.names ?? []))
    this.durableNames = new Map(copyNames(from?.durableNames ?? []))
    this.pendingNames = (from?.pendingNames ?? []).map(change => ({ ...change, set: copyNames(change.set) }))
  }

  /** Bytes of all files that have a name. */
  get usedBytes(): number {
    let sum = 0
    for (const named of this.names.values()) if (named !== 'folder') sum += named.cached.size
    return sum
  }
}

/** Applies a change of names. */
export function applyName(names: Map<string, Named>, change: PendingName): void {
  for (const path of change.drop) names.delete(path)
  for (const [path, named] of change.set) names.set(path, named)
}

/** The folder a path is in. */
export function folderOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 1))
}
