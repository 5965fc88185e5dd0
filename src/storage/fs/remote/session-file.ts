import { type Disk, isSystemError } from '#base'

/**
 * Keeps the number of this machine's session beside the staging file, so that its next process goes on with it. A file
 * that is damaged is as good as none: then what was staged is not brought to the home.
 */
export class SessionFile {
  readonly #disk: Disk
  readonly #path: string

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#path = `${folder}/session`
  }

  read(): number | undefined {
    try {
      using file = this.#disk.open(this.#path, 'read')
      const bytes = Buffer.alloc(ROW_BYTES)
      const text = bytes.subarray(0, file.read(bytes, 0)).toString().trim()
      const session = /^\d{1,16}$/.test(text) ? Number(text) : undefined
      return Number.isSafeInteger(session) ? session : undefined
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return undefined
      throw error
    }
  }

  write(session: number): void {
    using file = this.#disk.open(this.#path, 'create')
    file.write([Buffer.from(String(session).padEnd(ROW_BYTES))], 0)
  }
}

const ROW_BYTES = 20
