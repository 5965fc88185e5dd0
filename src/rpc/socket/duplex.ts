import type { Socket } from 'node:net'
import type { Duplex } from '../duplex.ts'

/** A connected socket as a duplex of bytes. */
export function socketDuplex(socket: Socket): Duplex {
  // Errors end `incoming`; without a listener they would end the process.
  socket.on('error', () => undefined)
  const uncork = () => socket.uncork()
  let draining: Promise<void> | undefined
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
      // What is said in one turn goes out together: each write of its own wakes the other side.
      if (socket.writableCorked === 0) {
        socket.cork()
        process.nextTick(uncork)
      }
      for (const part of parts) socket.write(part)
    },
    drained() {
      if (socket.destroyed || !socket.writableNeedDrain) return Promise.resolve()
      // Many calls wait for the same thing: they share one pair of listeners.
      draining ??= nextDrain(socket, () => {
        draining = undefined
      })
      return draining
    },
    close: () => void socket.end(() => socket.destroy()),
    destroy: () => void socket.destroy(),
  }
}

function nextDrain(socket: Socket, over: () => void): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      over()
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}

async function* socketBytes(socket: Socket): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const chunk of socket) yield chunk
}
