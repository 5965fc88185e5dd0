import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { assert, type Disk, type DiskFile, isSystemError, type OpenMode } from '#base'
import { makeFolders } from './folders.ts'
import { dropPages } from './page-cache.ts'

/** The disks of this machine through the operating system's page cache. */
export const machineDisk: Disk = {
  open: (file, mode) => new MachineFile(file, fs.openSync(file, FLAGS[mode], 0o600)),
  list: folder => {
    try {
      return fs.readdirSync(folder).sort()
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return []
      throw error
    }
  },
  stat: target => {
    const stats = fs.statSync(target, { throwIfNoEntry: false })
    if (stats === undefined) return undefined
    return { kind: stats.isFile() ? 'file' : stats.isDirectory() ? 'folder' : 'other', bytes: stats.size }
  },
  makeFolder: folder => makeFolders(folder, 0o700),
  rename: (from, to) => fs.renameSync(from, to),
  remove: file => fs.rmSync(file, { force: true }),
  removeFolder: folder => fs.promises.rm(folder, { recursive: true, force: true }),
  syncFolder,
  space: target => {
    const stats = fs.statfsSync(target)
    return { totalBytes: stats.blocks * stats.bsize, freeBytes: stats.bavail * stats.bsize }
  },
  lock: takeLock,
}

const { O_RDONLY, O_RDWR, O_CREAT } = fs.constants
const FLAGS: Readonly<Record<OpenMode, number>> = { read: O_RDONLY, write: O_RDWR, create: O_RDWR | O_CREAT }

class MachineFile implements DiskFile {
  readonly path: string
  #fd: number

  constructor(file: string, fd: number) {
    this.path = file
    this.#fd = fd
  }

  read(into: Uint8Array, position: number): number {
    let done = 0
    while (done < into.byteLength) {
      const count = fs.readSync(this.#fd, into, done, into.byteLength - done, position + done)
      if (count === 0) break
      done += count
    }
    return done
  }

  write(parts: readonly Uint8Array[], position: number): void {
    const wanted = parts.reduce((sum, part) => sum + part.byteLength, 0)
    const written = fs.writevSync(this.#fd, parts, position)
    if (written < wanted) this.#writeRest(parts, position, written)
  }

  size(): number {
    return fs.fstatSync(this.#fd).size
  }

  truncate(bytes: number): void {
    fs.ftruncateSync(this.#fd, bytes)
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#fd, error => (error === null ? resolve() : reject(error)))
    })
  }

  uncache(from: number, to: number): void {
    dropPages(this.#fd, from, to)
  }

  close(): void {
    if (this.#fd < 0) return
    fs.closeSync(this.#fd)
    this.#fd = -1
  }

  [Symbol.dispose](): void {
    this.close()
  }

  // A short write is rare (a full disk, a signal): the rest goes out in one piece, and a full disk throws ENOSPC here.
  #writeRest(parts: readonly Uint8Array[], position: number, written: number): void {
    const all = Buffer.concat(parts)
    let done = written
    while (done < all.byteLength) {
      const count = fs.writeSync(this.#fd, all, done, all.byteLength - done, position + done)
      assert(count > 0, 'write made no progress')
      done += count
    }
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await fs.promises.open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

// SQLite's exclusive lock is a POSIX record lock: it needs no native code, and the kernel drops it with the process.
function takeLock(file: string): Disposable | undefined {
  makeFolders(path.dirname(file), 0o700)
  const database = new DatabaseSync(file, { timeout: 0 })
  try {
    fs.chmodSync(file, 0o600)
    database.exec('PRAGMA journal_mode = memory; PRAGMA synchronous = off; BEGIN EXCLUSIVE')
  } catch (error) {
    database.close()
    if (error instanceof Error && error.message.includes('locked')) return undefined
    throw error
  }
  return { [Symbol.dispose]: () => database.close() }
}
