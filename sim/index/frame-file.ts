import { crc32 } from 'node:zlib'
import { defineFaults, type Disk, type DiskFile, isSystemError, struct, u32 } from '#base'

/** One atomic change of an index, as it lies in its file. */
export interface Frame {
  readonly kind: number
  readonly bytes: Buffer
}

const FrameRow = struct({ magic: u32, crc: u32, kind: u32, bytes: u32 })
const MAGIC = 0x4d524653

const indexFault = defineFaults({ IndexDamaged: { status: 500, retry: 'later' } })

/**
 * The file of a simulated index: changes one behind the other, never synced, each whole or not there, as those of
 * SQLite in its log are. A power cut leaves a beginning of it; damage in front of a whole change shows at opening.
 */
export class FrameFile {
  readonly #path: string
  readonly #file: DiskFile
  #end: number

  private constructor(path: string, file: DiskFile, end: number) {
    this.#path = path
    this.#file = file
    this.#end = end
  }

  /** Opens or creates the file. Faults: IndexDamaged. */
  static open(disk: Disk, path: string): { readonly file: FrameFile; readonly frames: readonly Frame[] } {
    return guarded(path, () => {
      const file = disk.open(path, 'create')
      const { frames, end } = framesIn(path, file)
      if (file.size() > end) file.truncate(end)
      return { file: new FrameFile(path, file, end), frames }
    })
  }

  /** A full disk is the system's own ENOSPC. Faults: IndexDamaged. */
  append(kind: number, bytes: Uint8Array): void {
    const row = FrameRow.bytes({ magic: MAGIC, crc: 0, kind, bytes: bytes.byteLength })
    row.writeUInt32LE(crc32(bytes, crc32(row)), FrameRow.offsets.crc)
    guarded(this.#path, () => this.#file.write([row, bytes], this.#end))
    this.#end += row.byteLength + bytes.byteLength
  }

  /** Reads it once. Faults: IndexDamaged. */
  verify(): void {
    guarded(this.#path, () => {
      if (framesIn(this.#path, this.#file).end !== this.#end) throw damaged(this.#path)
    })
  }

  clear(): void {
    guarded(this.#path, () => this.#file.truncate(0))
    this.#end = 0
  }

  get bytes(): number {
    return this.#end
  }

  /** Makes everything durable, but for the file's name. */
  async sync(): Promise<void> {
    await this.#file.sync()
  }

  close(): void {
    this.#file.close()
  }
}

function framesIn(path: string, file: DiskFile): { readonly frames: readonly Frame[]; readonly end: number } {
  const bytes = Buffer.alloc(file.size())
  file.read(bytes, 0)
  const frames: Frame[] = []
  let end = 0
  for (let frame = frameAt(bytes, end); frame !== undefined; frame = frameAt(bytes, end)) {
    frames.push(frame)
    end += FrameRow.size + frame.bytes.byteLength
  }
  for (let at = bytes.indexOf(MARK, end); at >= 0; at = bytes.indexOf(MARK, at + 1)) {
    if (frameAt(bytes, at) !== undefined) throw damaged(path)
  }
  return { frames, end }
}

function frameAt(bytes: Buffer, at: number): Frame | undefined {
  if (at + FrameRow.size > bytes.byteLength) return undefined
  const head = Buffer.from(bytes.subarray(at, at + FrameRow.size))
  const row = FrameRow.read(head)
  head.writeUInt32LE(0, FrameRow.offsets.crc)
  const body = bytes.subarray(at + FrameRow.size, at + FrameRow.size + row.bytes)
  const isWhole = row.magic === MAGIC && body.byteLength === row.bytes && crc32(body, crc32(head)) === row.crc
  return isWhole ? { kind: row.kind, bytes: body } : undefined
}

function guarded<Value>(path: string, work: () => Value): Value {
  try {
    return work()
  } catch (error) {
    throw isSystemError(error) && error.code !== 'ENOSPC' ? damaged(path, error) : error
  }
}

function damaged(path: string, cause?: unknown): Error {
  return indexFault('IndexDamaged', `${path} is damaged`, { cause })
}

const MARK = Buffer.alloc(4)
MARK.writeUInt32LE(MAGIC)
