import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { World } from '#base'
import { machineDisk, machineWorld } from '#host'
import { type ChunkStore, type ChunkStoreOptions, inlineWorkers, openChunkStore, sqliteIndex } from './index.ts'

/** A temporary folder for the tests of this room, and stores opened in it. Lines of the log are collected. */
export class Bench implements AsyncDisposable {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-chunks-'))
  readonly lines: string[] = []
  readonly #options: Partial<ChunkStoreOptions>

  constructor(options: Partial<ChunkStoreOptions> = {}) {
    this.#options = options
  }

  get world(): World {
    const line = (message: string): void => void this.lines.push(message)
    return { ...machineWorld, log: { info: line, warn: line } }
  }

  get indexFile(): string {
    return path.join(this.folder, 'index.sqlite')
  }

  open(options: Partial<ChunkStoreOptions> = {}): Promise<ChunkStore> {
    return openChunkStore({
      world: this.world,
      folder: this.folder,
      workers: inlineWorkers(machineDisk),
      index: sqliteIndex(this.indexFile),
      ballastBytes: 0,
      ...this.#options,
      ...options,
    })
  }

  segments(): string[] {
    const folder = path.join(this.folder, 'segments')
    return fs.readdirSync(folder).map(name => path.join(folder, name))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    fs.rmSync(this.folder, { recursive: true, force: true })
  }
}

/** The same bytes in memory that threads share. */
export function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength))
  copy.set(bytes)
  return copy
}
