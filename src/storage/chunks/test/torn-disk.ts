import type { Disk, DiskFile, OpenMode } from '#base'

/** Thrown by a {@link TornDisk} once its operations are used up: the power is gone. */
export class PowerCut extends Error {}

interface Change {
  readonly position: number
  /** Undefined is a truncation to `position`. */
  readonly bytes: Buffer | undefined
}

interface Inode {
  durable: Buffer
  current: Buffer
  unsynced: Change[]
}

/**
 * A disk in memory that forgets like a real one: a crash keeps what was synced, and of the rest any part in any order,
 * writes cut at sector borders. `random` gives 0 to 1.
 */
export class TornDisk implements Disk {
  operationsLeft = Number.POSITIVE_INFINITY
  operations = 0
  bytesFree = 2 ** 40
  syncError: Error | undefined
  readonly #random: () => number
  #names = new Map<string, Inode>()
  #durableNames = new Map<string, Inode>()

  constructor(random: () => number) {
    this.#random = random
  }

  /** Takes the power away and gives it back. */
  crash(): void {
    const names = new Map(this.#durableNames)
    for (const path of new Set([...this.#names.keys(), ...this.#durableNames.keys()])) {
      const now = this.#names.get(path)
      if (now === this.#durableNames.get(path) || this.#random() < 0.5) continue
      if (now === undefined) names.delete(path)
      else names.set(path, now)
    }
    for (const inode of new Set(names.values())) this.#tear(inode)
    this.#names = names
    this.#durableNames = new Map(names)
    this.operationsLeft = Number.POSITIVE_INFINITY
  }

  /** Flips one bit of a file, in memory and on the platter. */
  flip(path: string, bit: number): void {
    const inode = this.#inode(path)
    for (const bytes of new Set([inode.durable, inode.current])) {
      const at = bit >> 3
      if (at < bytes.byteLength) bytes[at] = (bytes[at] ?? 0) ^ (1 << (bit & 7))
    }
  }

  open(path: string, mode: OpenMode): DiskFile {
    this.#step()
    let inode = this.#names.get(path)
    if (inode === undefined) {
      if (mode !== 'create') throw systemError('ENOENT')
      inode = { durable: Buffer.alloc(0), current: Buffer.alloc(0), unsynced: [] }
      this.#names.set(path, inode)
    }
    return this.#file(path, inode)
  }

  list(folder: string): string[] {
    const inside = [...this.#names.keys()].filter(path => path.startsWith(`${folder}/`))
    return inside.map(path => path.slice(folder.length + 1)).sort()
  }

  stat(path: string): { readonly kind: 'file'; readonly bytes: number } | undefined {
    const inode = this.#names.get(path)
    return inode === undefined ? undefined : { kind: 'file', bytes: inode.current.byteLength }
  }

  makeFolder(): void {
    this.#step()
  }

  rename(from: string, to: string): void {
    this.#step()
    this.#names.set(to, this.#inode(from))
    this.#names.delete(from)
  }

  remove(path: string): void {
    this.#step()
    this.#names.delete(path)
  }

  async removeFolder(path: string): Promise<void> {
    for (const name of this.#names.keys()) if (name.startsWith(`${path}/`)) this.remove(name)
  }

  async syncFolder(): Promise<void> {
    this.#step()
    this.#durableNames = new Map(this.#names)
  }

  space(): { readonly totalBytes: number; readonly freeBytes: number } {
    return { totalBytes: 2 ** 41, freeBytes: this.bytesFree }
  }

  lock(): Disposable {
    return { [Symbol.dispose]: () => undefined }
  }

  #inode(path: string): Inode {
    const inode = this.#names.get(path)
    if (inode === undefined) throw systemError('ENOENT')
    return inode
  }

  #step(): void {
    this.operations++
    if (--this.operationsLeft < 0) throw new PowerCut('the power is gone')
  }

  #tear(inode: Inode): void {
    let bytes = inode.durable
    for (const change of inode.unsynced) {
      if (this.#random() < 0.4) continue
      const whole = change.bytes?.byteLength ?? 0
      const kept = this.#random() < 0.5 ? whole : Math.floor((whole * this.#random()) / 512) * 512
      bytes = changed(bytes, change.bytes === undefined ? change : { ...change, bytes: change.bytes.subarray(0, kept) })
    }
    inode.durable = bytes
    inode.current = Buffer.from(bytes)
    inode.unsynced = []
  }

  #file(path: string, inode: Inode): DiskFile {
    const change = (one: Change): void => {
      this.#step()
      const grown = Math.max(one.position + (one.bytes?.byteLength ?? 0) - inode.current.byteLength, 0)
      if (grown > this.bytesFree) throw systemError('ENOSPC')
      this.bytesFree -= grown
      inode.unsynced.push(one)
      inode.current = changed(inode.current, one)
    }
    return {
      path,
      read: (into, position) => inode.current.copy(into, 0, position, position + into.byteLength),
      write: (parts, position) => change({ position, bytes: Buffer.concat(parts) }),
      size: () => inode.current.byteLength,
      truncate: bytes => change({ position: bytes, bytes: undefined }),
      sync: async () => {
        this.#step()
        const changes = inode.unsynced
        inode.unsynced = []
        // As Linux does: what could not be written is called clean, shown as before, and lost with the power.
        if (this.syncError !== undefined) throw this.syncError
        for (const one of changes) inode.durable = changed(inode.durable, one)
      },
      uncache: () => undefined,
      close: () => undefined,
      [Symbol.dispose]: () => undefined,
    }
  }
}

/** An error as the operating system gives it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(code), { code, errno: -1 })
}

/** Waits a random number of turns of the promise queue. */
export function turnsLater(random: () => number): () => Promise<void> {
  return async () => {
    for (let turns = Math.floor(random() * 30); turns > 0; turns--) await Promise.resolve()
  }
}

/** Random numbers of 0 to 1 that a seed determines (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function changed(bytes: Buffer, { position, bytes: part }: Change): Buffer {
  if (part === undefined) {
    const cut = Buffer.alloc(position)
    bytes.copy(cut)
    return cut
  }
  const end = Math.max(bytes.byteLength, position + part.byteLength)
  const next = end > bytes.byteLength ? Buffer.concat([bytes], end) : bytes
  part.copy(next, position)
  return next
}
