import type { Socket } from 'node:net'
import { RECEIVED_BYTES_MAX } from '../limits.ts'

/** What comes in by a socket, as it comes: the iterator of Node's streams joins pieces, which copies them. One reader. */
export class Incoming implements AsyncIterable<Uint8Array> {
  readonly #socket: Socket
  readonly #pieces: Uint8Array[] = []
  #bytes = 0
  #isOver = false
  #error: Error | undefined
  #wakeReader: () => void = () => undefined

  constructor(socket: Socket) {
    this.#socket = socket
    this.#isOver = socket.destroyed || socket.readableEnded
    socket.on('error', error => {
      this.#error = error
    })
    socket.on('end', this.#end)
    socket.on('close', this.#end)
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    this.#socket.on('data', this.#take)
    for (;;) {
      const piece = this.#pieces.shift()
      if (piece !== undefined) {
        this.#bytes -= piece.byteLength
        if (this.#socket.isPaused() && this.#bytes <= RECEIVED_BYTES_MAX) this.#socket.resume()
        yield piece
      } else if (this.#error !== undefined) throw this.#error
      else if (this.#isOver) return
      else {
        await new Promise<void>(resolve => {
          this.#wakeReader = resolve
        })
      }
    }
  }

  #take = (piece: Uint8Array): void => {
    this.#pieces.push(piece)
    this.#bytes += piece.byteLength
    if (this.#bytes > RECEIVED_BYTES_MAX) this.#socket.pause()
    this.#wakeReader()
  }

  #end = (): void => {
    this.#isOver = true
    this.#wakeReader()
  }
}
