import { assert, type Disk, type DiskFile, isSystemError, raw, struct, u32, u64 } from '#base'
import { UNSYNCED_KEPT_MAX } from '../limits.ts'
import type { Ino } from '../vfs.ts'

/** The file v1 begins so; boot ids are text, filled up with zeros. Epoch 0: none. */
const Header = struct({ version: u32, spare: u32, answered: u64, epoch: u64, boot: raw(64), home: raw(64) })
assert(Header.size === 152, 'header v1 of unsynced changes has 152 bytes')

/** Then a row v1 for each inode. */
const Row = struct({ ino: u64, isLost: u32, spare: u32 })
assert(Row.size === 16, 'row v1 of unsynced changes has 16 bytes')

/** The newest change that was answered, and by the home of which epoch. */
export interface NewestAnswered {
  readonly answered: number
  readonly epoch: number | undefined
}

/** An inode that was changed from here. */
export interface UnsyncedRow {
  readonly ino: Ino
  /** The change is lost, and nobody was told so. */
  readonly isLost: boolean
}

/** What the process before this one had changed. */
export interface LeftUnsynced extends NewestAnswered {
  /** Boot id of the machine that was the home then; undefined: none was heard. */
  readonly home: string | undefined
  readonly rows: readonly UnsyncedRow[]
}

/**
 * Keeps what was changed from here and is at the home, but perhaps not on its disk, beside the staging file and like it never synced: the
 * next process that serves the programs here tells them what a home that was set back, or another one, does not have.
 */
export class UnsyncedFile {
  readonly left: LeftUnsynced | undefined
  readonly #disk: Disk
  readonly #path: string
  readonly #bootId: string
  #file: DiskFile | undefined
  #rows: number
  #newest: NewestAnswered
  #home: string | undefined

  /** Reads what is there; nothing after a restart of the machine. A file that is damaged is as good as none. */
  constructor(disk: Disk, folder: string, bootId: string) {
    this.#disk = disk
    this.#path = `${folder}/unsynced`
    this.#bootId = bootId
    this.left = this.#read()
    const { rows = [], home, answered = 0, epoch } = this.left ?? {}
    this.#rows = rows.length
    this.#home = home
    this.#newest = { answered, epoch }
  }

  /** The home is on a machine with this boot id. */
  heard(home: string): void {
    this.#home = home
    if (this.#file !== undefined || this.left !== undefined) this.#writeHeader()
  }

  answered(newest: NewestAnswered): void {
    this.#newest = newest
    this.#writeHeader()
  }

  /** One more is changed. */
  add(ino: Ino): void {
    this.#opened().write([Row.bytes({ ino, isLost: 0, spare: 0 })], Header.size + this.#rows * Row.size)
    this.#rows += 1
  }

  /** These are left, and no others. */
  keep(rows: readonly UnsyncedRow[]): void {
    if (rows.length === 0 && this.#rows === 0) return
    const bytes = rows.map(({ ino, isLost }) => Row.bytes({ ino, isLost: isLost ? 1 : 0, spare: 0 }))
    if (rows.length > 0) this.#opened().write(bytes, Header.size)
    this.#opened().truncate(Header.size + rows.length * Row.size)
    this.#rows = rows.length
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  #opened(): DiskFile {
    if (this.#file === undefined) {
      this.#file = this.#disk.open(this.#path, 'create')
      this.#file.truncate(Header.size + this.#rows * Row.size)
      this.#writeHeader()
    }
    return this.#file
  }

  #writeHeader(): void {
    const { answered, epoch = 0 } = this.#newest
    const ids = { boot: filled(this.#bootId), home: filled(this.#home ?? '') }
    this.#opened().write([Header.bytes({ version: 1, spare: 0, answered, epoch, ...ids })], 0)
  }

  #read(): LeftUnsynced | undefined {
    try {
      using file = this.#disk.open(this.#path, 'read')
      const bytes = Buffer.alloc(Math.min(file.size(), Header.size + UNSYNCED_KEPT_MAX * Row.size))
      if (file.read(bytes, 0) < Header.size) return undefined
      const { version, answered, epoch, boot, home } = Header.read(bytes)
      if (version !== 1 || textOf(boot) !== textOf(filled(this.#bootId))) return undefined
      const count = Math.floor((bytes.byteLength - Header.size) / Row.size)
      const rows = Array.from({ length: count }, (_, at) => Row.read(bytes, Header.size + at * Row.size))
      const inos = rows.map(({ ino, isLost }) => ({ ino: ino as Ino, isLost: isLost === 1 }))
      return { answered, epoch: epoch || undefined, home: textOf(home) || undefined, rows: inos }
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return undefined
      throw error
    }
  }
}

function filled(text: string): Buffer {
  const bytes = Buffer.alloc(64)
  bytes.write(text)
  return bytes
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString().replace(/\0+$/, '')
}
