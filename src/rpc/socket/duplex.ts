import type { Socket } from 'node:net'
import type { Duplex } from '../duplex.ts'

/** A connected socket as a duplex of bytes. */
export function socketDuplex(socket: Socket): Duplex {
  // Errors end `incoming`; without a listener they would end the process.
  socket.on('error', () => undefined)
  return {
    incoming: socketBytes(socket),
    get congested() {
      return socket.writableNeedDrain && !socket.destroyed
    },
    get bufferedBytes() {
      return socket.writableLength
    },
    write(parts) {
      if (!socket.writable) return
      socket.cork()
      for (const part of parts) socket.write(part)
      socket.uncork()
    },
    drained: () =>
      new Promise(resolve => {
        const done = () => {
          socket.off('drain', done)
          socket.off('close', done)
          resolve()
        }
        if (socket.destroyed || !socket.writableNeedDrain) return resolve()
        socket.on('drain', done)
        socket.on('close', done)
      }),
    close: () => void socket.end(() => socket.destroy()),
    destroy: () => void socket.destroy(),
  }
}

async function* socketBytes(socket: Socket): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of socket) yield chunk
}
