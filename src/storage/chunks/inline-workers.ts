import { LRUCache } from 'lru-cache'
import type { Disk, DiskFile } from '#base'
import { type JobFiles, runHash, runRead, runVerify, runWrite } from './jobs.ts'
import type { ChunkWorkers } from './workers.ts'

/** Workers without threads: every job runs at once, on the disk it is given. For tests and simulation. */
export function inlineWorkers(disk: Disk): ChunkWorkers {
  const files = new InlineFiles(disk)
  return {
    threaded: false,
    hash: async job => runHash(job),
    write: async job => runWrite(files, job),
    read: async job => runRead(files, job),
    verify: async job => runVerify(files, job),
    forget: async path => files.forget(path),
    [Symbol.asyncDispose]: async () => files.close(),
  }
}

const FILES_MAX = 8

class InlineFiles implements JobFiles {
  readonly #disk: Disk
  readonly #open = new LRUCache<string, DiskFile>({ max: FILES_MAX, dispose: file => file.close() })

  constructor(disk: Disk) {
    this.#disk = disk
  }

  file(path: string): DiskFile {
    const open = this.#open.get(path)
    if (open !== undefined) return open
    const file = this.#disk.open(path, 'write')
    this.#open.set(path, file)
    return file
  }

  forget(path: string): void {
    this.#open.delete(path)
  }

  close(): void {
    this.#open.clear()
  }
}
