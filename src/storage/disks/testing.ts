import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Digest, DiskFile, World } from '#base'
import { machineDisk, machineWorld } from '#host'
import { type ChunkStoreOptions, inlineWorkers, memoryIndex, openChunkStore } from '#storage/chunks'
import { Disks, type DiskPart, type DiskTrouble, type EmptyingParts } from './index.ts'

/** Disks of one machine in a temporary folder, for the tests of this room. */
export class Bench implements AsyncDisposable {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-disks-'))
  /** What was told of disks that answered wrongly. */
  readonly troubles: (DiskTrouble & { readonly id: string })[] = []
  readonly #broken = new Set<string>()
  readonly world: World = {
    ...machineWorld,
    log: { info: () => undefined, warn: () => undefined },
    disk: { ...machineDisk, open: (file, mode) => this.#opened(machineDisk.open(file, mode)) },
  }
  readonly workers = inlineWorkers(this.world.disk)

  /** A disk as it was left, or a new one. */
  async part(name: string, options: Partial<ChunkStoreOptions> = {}): Promise<DiskPart> {
    const { world, workers, folder } = this
    const own = { world, workers, index: memoryIndex(), ballastBytes: 0 }
    const store = await openChunkStore({ ...own, folder: path.join(folder, name), ...options })
    return { id: name.padEnd(32, '0'), store, weight: 1000 }
  }

  /** Several of them as one store. */
  async disks(first: string, ...names: readonly string[]): Promise<Disks> {
    const others: DiskPart[] = []
    for (const name of names) others.push(await this.part(name))
    return this.of(await this.part(first), ...others)
  }

  /** These as one store. */
  of(first: DiskPart, ...others: readonly DiskPart[]): Disks {
    const { world, workers } = this
    const trouble = (id: string, told: DiskTrouble) => void this.troubles.push({ id, ...told })
    const disks = new Disks({ workers, log: world.log, first, trouble })
    for (const other of others) disks.add(other)
    return disks
  }

  /** What they are emptied with. */
  emptying(disks: Disks): EmptyingParts {
    return { disks, clock: this.world.clock, slowness: () => 1 }
  }

  /** Flips a byte of some content where it lies. */
  rot(name: string, content: Uint8Array): void {
    const file = this.#segment(name)
    const bytes = fs.readFileSync(file)
    const at = bytes.indexOf(content)
    fs.writeFileSync(file, bytes.with(at, ~(bytes[at] ?? 0)))
  }

  /** From now on a disk fails to write and to sync. */
  breakWrites(name: string): void {
    this.#broken.add(path.join(this.folder, name))
  }

  #segment(name: string): string {
    const folder = path.join(this.folder, name, 'segments')
    return path.join(folder, fs.readdirSync(folder).at(-1) ?? '')
  }

  #opened(file: DiskFile): DiskFile {
    const check = (): void => {
      for (const folder of this.#broken) {
        if (file.path.startsWith(folder))
          throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO', errno: -5, syscall: 'write' })
      }
    }
    return {
      path: file.path,
      read: (into, position) => file.read(into, position),
      write: (parts, position) => {
        check()
        file.write(parts, position)
      },
      size: () => file.size(),
      truncate: bytes => file.truncate(bytes),
      sync: async () => {
        check()
        await file.sync()
      },
      uncache: (from, to) => file.uncache(from, to),
      close: () => file.close(),
      [Symbol.dispose]: () => file[Symbol.dispose](),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

/** Puts chunks of random bytes; what was put, by its name. */
export async function putMany(disks: Disks, count: number, bytes = 1000): Promise<Map<Digest, Uint8Array>> {
  const put = new Map<Digest, Uint8Array>()
  for (let n = 0; n < count; n++) {
    const content = randomBytes(bytes)
    put.set(await disks.put(content), content)
  }
  return put
}

/** Throws unless all of it is there and reads as it was put. */
export async function assertAll(disks: Disks, put: ReadonlyMap<Digest, Uint8Array>): Promise<void> {
  for (const [digest, content] of put) {
    const into = new Uint8Array(content.byteLength)
    await disks.read(digest, into, 0)
    assert.deepEqual(Buffer.from(into), Buffer.from(content))
    assert.equal(await disks.has(digest), true)
  }
}
