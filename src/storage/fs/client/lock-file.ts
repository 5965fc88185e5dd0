import { type Disk, type DiskFile, isSystemError } from '#base'
import { LOCKS_PER_SESSION_MAX } from '../limits.ts'
import type { PlacedLock } from '../lock.ts'

/** The file v1, a line of JSON; what is behind the line is left over. */
interface Row {
  readonly version: 1
  readonly boot: string
  readonly locks: readonly PlacedLock[]
}

/**
 * Keeps what this machine's programs have locked, for the next process that serves them, beside the staging file and like it
 * never synced. A file that is damaged is as good as none.
 */
export class LockFile {
  readonly #disk: Disk
  readonly #path: string
  readonly #bootId: string
  #file: DiskFile | undefined
  #bytes = 0

  constructor(disk: Disk, folder: string, bootId: string) {
    this.#disk = disk
    this.#path = `${folder}/locks`
    this.#bootId = bootId
  }

  /** What was locked when the process before this one ended; nothing after a restart of the machine. */
  read(): readonly PlacedLock[] {
    try {
      using file = this.#disk.open(this.#path, 'read')
      const bytes = Buffer.alloc(Math.min(file.size(), FILE_BYTES_MAX))
      const text = bytes.subarray(0, file.read(bytes, 0)).toString()
      const row: Row = JSON.parse(text.slice(0, Math.max(0, text.indexOf('\n'))))
      if (row.version !== 1 || row.boot !== this.#bootId || !Array.isArray(row.locks)) return []
      return row.locks.slice(0, LOCKS_PER_SESSION_MAX)
    } catch (error) {
      if (error instanceof SyntaxError || isSystemError(error, 'ENOENT')) return []
      throw error
    }
  }

  write(locks: readonly PlacedLock[]): void {
    if (locks.length === 0 && this.#file === undefined) return this.#disk.remove(this.#path)
    this.#file ??= this.#disk.open(this.#path, 'create')
    const row: Row = { version: 1, boot: this.#bootId, locks }
    const bytes = Buffer.from(`${JSON.stringify(row)}\n`)
    this.#file.write([bytes], 0)
    if (bytes.byteLength < this.#bytes) this.#file.truncate(bytes.byteLength)
    this.#bytes = bytes.byteLength
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }
}

const FILE_BYTES_MAX = 2 ** 21
