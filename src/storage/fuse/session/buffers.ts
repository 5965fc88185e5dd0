import { BUFFERS_MAX, HEADER_ROOM_BYTES, TRANSFER_BYTES_MAX } from '../limits.ts'

/** Size of a message buffer: the largest body, and room for headers. */
const MESSAGE_BYTES = TRANSFER_BYTES_MAX + HEADER_ROOM_BYTES

/**
 * At most {@link BUFFERS_MAX} buffers for requests and replies of one session. They lie in shared memory, so that
 * bodies reach other threads without a copy, and use real memory only where they were written to.
 */
export class Buffers {
  readonly #free: Buffer[] = []
  #made = 0

  /** True when another request may be taken on: it needs at most one buffer to stay and one to come. */
  get available(): boolean {
    return BUFFERS_MAX - this.#made + this.#free.length >= 2
  }

  /** Takes a buffer; only while there are some. */
  take(): Buffer {
    const buffer = this.#free.pop()
    if (buffer !== undefined) return buffer
    this.#made += 1
    return Buffer.from(new SharedArrayBuffer(MESSAGE_BYTES))
  }

  /** Gives a buffer back. */
  give(buffer: Buffer): void {
    this.#free.push(buffer)
  }
}
