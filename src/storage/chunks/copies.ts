import { Spares } from '#base'
import { COPY_BYTES_MAX } from './limits.ts'

/** Memory that threads share, lent to copies of callers' bytes. At most {@link COPY_BYTES_MAX} is lent at a time. */
export class Copies {
  readonly #spares = new Spares<SharedArrayBuffer>(KEPT_BYTES_MAX)
  readonly #waiting: (() => void)[] = []
  #lentBytes = 0

  /** A copy of these bytes in shared memory, waiting for earlier ones to end when too many are lent. */
  async take(bytes: Uint8Array): Promise<Copy> {
    while (this.#lentBytes > 0 && this.#lentBytes + bytes.byteLength > COPY_BYTES_MAX) {
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
    const slotBytes = 2 ** Math.ceil(Math.log2(Math.max(bytes.byteLength, 1)))
    this.#lentBytes += slotBytes
    const buffer = this.#spares.take(slotBytes) ?? new SharedArrayBuffer(slotBytes)
    const copy = new Uint8Array(buffer, 0, bytes.byteLength)
    copy.set(bytes)
    return { bytes: copy, [Symbol.dispose]: () => this.#giveBack(buffer) }
  }

  #giveBack(buffer: SharedArrayBuffer): void {
    this.#lentBytes -= buffer.byteLength
    this.#spares.give(buffer.byteLength, buffer)
    this.#waiting.shift()?.()
  }
}

const KEPT_BYTES_MAX = 4 * 1024 * 1024

/** Lent memory; disposing gives it back. */
export interface Copy extends Disposable {
  readonly bytes: Uint8Array
}
