import type { Socket } from 'node:net'
import { CONGESTED_BYTES, TOGETHER_BYTES_MAX } from '../limits.ts'

/**
 * What goes out by a socket. Small parts that are said in one turn of the event loop leave together, since each write wakes the
 * other side; a large one leaves by itself, since TLS copies what is written together.
 */
export class Outgoing {
  readonly #socket: Socket
  #waiting: Uint8Array[] = []
  #bytes = 0
  #isWriting = false
  #isClosing = false
  #draining: PromiseWithResolvers<void> | undefined

  constructor(socket: Socket) {
    this.#socket = socket
    socket.on('close', () => this.#wake())
  }

  /** Bytes that have not left yet. */
  get bytes(): number {
    return this.#bytes
  }

  get isCongested(): boolean {
    return this.#bytes > CONGESTED_BYTES && !this.#socket.destroyed
  }

  write(parts: readonly Uint8Array[]): void {
    if (this.#isClosing || !this.#socket.writable) return
    for (const part of parts) {
      this.#waiting.push(part)
      this.#bytes += part.byteLength
    }
    if (this.#isWriting) return
    this.#isWriting = true
    process.nextTick(this.#writeNext)
  }

  /** Resolves when the socket is no longer congested, or closed. */
  drained(): Promise<void> {
    if (!this.isCongested) return Promise.resolve()
    this.#draining ??= Promise.withResolvers()
    return this.#draining.promise
  }

  close(): void {
    this.#isClosing = true
    if (!this.#isWriting) this.#end()
  }

  #writeNext = (): void => {
    const piece = takePiece(this.#waiting)
    if (piece === undefined || this.#socket.destroyed) {
      this.#isWriting = false
      if (this.#isClosing) this.#end()
      return
    }
    this.#socket.write(piece, () => {
      this.#bytes -= piece.byteLength
      if (!this.isCongested) this.#wake()
      this.#writeNext()
    })
  }

  #wake(): void {
    this.#draining?.resolve()
    this.#draining = undefined
  }

  #end(): void {
    this.#socket.end(() => this.#socket.destroy())
  }
}

/** Takes the next large part, or all small ones before it as one piece. */
function takePiece(parts: Uint8Array[]): Uint8Array | undefined {
  let bytes = 0
  let count = 0
  for (const { byteLength } of parts) {
    if (bytes + byteLength > TOGETHER_BYTES_MAX) break
    bytes += byteLength
    count++
  }
  if (count <= 1) return parts.shift()
  return Buffer.concat(parts.splice(0, count), bytes)
}
