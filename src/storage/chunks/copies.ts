import { COPY_BYTES_MAX } from './limits.ts'

/** Memory that threads share, lent to copies of callers' bytes. At most {@link COPY_BYTES_MAX} is lent at a time. */
export class Copies {
  readonly #free = new Map<number, SharedArrayBuffer[]>()
  readonly #waiting: (() => void)[] = []
  #lentBytes = 0
  #freeBytes = 0

  /** A copy of these bytes in shared memory, waiting for earlier ones to end when too many are lent. */
  async take(bytes: Uint8Array): Promise<Copy> {
    while (this.#lentBytes > 0 && this.#lentBytes + bytes.byteLength > COPY_BYTES_MAX) {
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    const slotBytes = 2 ** Math.ceil(Math.log2(Math.max(bytes.byteLength, 1)))
    this.#lentBytes += slotBytes
    const buffer = this.#pop(slotBytes) ?? new SharedArrayBuffer(slotBytes)
    const copy = new Uint8Array(buffer, 0, bytes.byteLength)
    copy.set(bytes)
    return { bytes: copy, [Symbol.dispose]: () => this.#giveBack(buffer) }
  }

  #pop(slotBytes: number): SharedArrayBuffer | undefined {
    const buffer = this.#free.get(slotBytes)?.pop()
    if (buffer !== undefined) this.#freeBytes -= slotBytes
    return buffer
  }

  #giveBack(buffer: SharedArrayBuffer): void {
    this.#lentBytes -= buffer.byteLength
    if (this.#freeBytes + buffer.byteLength <= KEPT_BYTES_MAX) {
      this.#freeBytes += buffer.byteLength
      const list = this.#free.get(buffer.byteLength)
      if (list === undefined) this.#free.set(buffer.byteLength, [buffer])
      else list.push(buffer)
    }
    this.#waiting.shift()?.()
  }
}

const KEPT_BYTES_MAX = 4 * 1024 * 1024

/** Lent memory; disposing gives it back. */
export interface Copy extends Disposable {
  readonly bytes: Uint8Array
}
