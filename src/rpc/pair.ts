import type { Duplex } from './duplex.ts'
import { CONGESTED_BYTES } from './limits.ts'

/** Two ends of a connection in memory: what one writes the other gets. For two rooms in one process, and simulation. */
export function duplexPair(): [Duplex, Duplex] {
  const left = new Pipe()
  const right = new Pipe()
  return [end(left, right), end(right, left)]
}

function end(incoming: Pipe, outgoing: Pipe): Duplex {
  return {
    incoming,
    write: parts => outgoing.write(parts),
    get congested() {
      return outgoing.bytes > CONGESTED_BYTES && !outgoing.closed
    },
    get bufferedBytes() {
      return outgoing.bytes
    },
    drained: () => outgoing.drained(),
    close: () => outgoing.close(),
    destroy() {
      outgoing.close()
      incoming.close()
    },
  }
}

/** One direction. */
class Pipe implements AsyncIterable<Uint8Array> {
  bytes = 0
  closed = false
  readonly #queue: Uint8Array[] = []
  #wakeReader: () => void = () => undefined
  readonly #writers: (() => void)[] = []

  write(parts: readonly Uint8Array[]): void {
    if (this.closed) return
    for (const part of parts) {
      this.bytes += part.byteLength
      this.#queue.push(part)
    }
    this.#wakeReader()
  }

  drained(): Promise<void> {
    if (this.bytes <= CONGESTED_BYTES || this.closed) return Promise.resolve()
    return new Promise(resolve => this.#writers.push(resolve))
  }

  close(): void {
    this.closed = true
    this.#wakeReader()
    this.#wakeWriters()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const chunk = this.#queue.shift()
      if (chunk !== undefined) {
        this.bytes -= chunk.byteLength
        if (this.bytes <= CONGESTED_BYTES) this.#wakeWriters()
        yield chunk
      } else if (this.closed) return
      else {
        await new Promise<void>(resolve => {
          this.#wakeReader = resolve
        })
      }
    }
  }

  #wakeWriters(): void {
    for (const wake of this.#writers.splice(0)) wake()
  }
}
