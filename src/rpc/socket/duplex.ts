import type { Socket } from 'node:net'
import type { Duplex } from '../duplex.ts'
import { Incoming } from './incoming.ts'
import { Outgoing } from './outgoing.ts'

/** A connected socket as a duplex of bytes. */
export function socketDuplex(socket: Socket): Duplex {
  const outgoing = new Outgoing(socket)
  return {
    incoming: new Incoming(socket),
    get congested() {
      return outgoing.isCongested
    },
    get bufferedBytes() {
      return outgoing.bytes
    },
    write: parts => outgoing.write(parts),
    drained: () => outgoing.drained(),
    close: () => outgoing.close(),
    destroy: () => void socket.destroy(),
  }
}
