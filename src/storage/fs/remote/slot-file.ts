import { crc32 } from 'node:zlib'
import { assert, type Disk, type DiskFile, isSystemError, struct, u32, u64 } from '#base'
import { SLOTS_MAX } from '../limits.ts'
import type { CallName, RemoteCall } from '../shared/protocol.ts'

/** A slot's last change, for a request of a kernel: row v1 at the slot's place in the file; 0 everywhere is none. */
const SlotRow = struct({ version: u32, digest: u32, session: u64, sequence: u64, request: u64 })
assert(SlotRow.size === 32, 'slot row v1 has 32 bytes')

/** A change that a kernel has asked for: its request's number, and what it is, for numbers of two mounts may be the same. */
export interface AskedChange {
  readonly request: number
  readonly digest: number
}

/** A change that an earlier process was about to have done, or had done. */
export interface LeftChange extends CallName, AskedChange {
  readonly session: number
}

/**
 * Keeps under which names changes go to the home, beside the staging file and like it never synced: what a kernel asks again
 * after a restart of this process is asked under its old name, and done once.
 */
export class SlotFile {
  readonly #disk: Disk
  readonly #path: string
  #file: DiskFile | undefined

  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#path = `${folder}/slots`
  }

  /** What the process before this one has left. A file that is damaged is as good as none. */
  read(): readonly LeftChange[] {
    try {
      using file = this.#disk.open(this.#path, 'read')
      const bytes = Buffer.alloc(SLOTS_MAX * SlotRow.size)
      const slots = Math.floor(file.read(bytes, 0) / SlotRow.size)
      return Array.from({ length: slots }, (_, slot) => ({ slot, ...SlotRow.read(bytes, slot * SlotRow.size) })).filter(
        row => row.version === 1 && Number.isSafeInteger(row.session) && Number.isSafeInteger(row.sequence),
      )
    } catch (error) {
      if (isSystemError(error, 'ENOENT')) return []
      throw error
    }
  }

  write({ slot, ...row }: LeftChange): void {
    this.#file ??= this.#disk.open(this.#path, 'create')
    this.#file.write([SlotRow.bytes({ version: 1, ...row })], slot * SlotRow.size)
  }

  /** Forgets what was left. */
  remove(): void {
    this.#disk.remove(this.#path)
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }
}

/** What a change is, whoever asks for it. */
export function digestOfChange({ kind, input }: Pick<RemoteCall, 'kind' | 'input'>): number {
  const text = JSON.stringify(input, (key, value: unknown) =>
    key === 'caller' || key === 'opener' ? undefined : typeof value === 'bigint' ? `${value}` : value,
  )
  return crc32(`${kind} ${text}`)
}
