import { createSocket, type Socket } from 'node:dgram'
import { answerName, type MeshMap } from '#mesh'

/** Answers names of machines at the address of this one, for programs here and on others of the mesh. */
export class NameServer implements AsyncDisposable {
  readonly #socket: Socket

  /** Listens at an address. Errors: those of the system, such as EADDRINUSE. */
  static open(address: string, map: () => MeshMap | undefined): Promise<NameServer> {
    const socket = createSocket('udp4')
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(DNS_PORT, address, () => {
        socket.off('error', reject)
        socket.on('error', () => undefined) // of one answer, whose asker is gone
        resolve(new NameServer(socket, map))
      })
    })
  }

  private constructor(socket: Socket, map: () => MeshMap | undefined) {
    this.#socket = socket
    socket.on('message', (bytes, { address, port }) => {
      const now = map()
      const answer = now === undefined ? undefined : answerName(bytes, now)
      if (answer !== undefined) socket.send(answer, port, address, () => undefined)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>(resolve => this.#socket.close(() => resolve()))
  }
}

const DNS_PORT = 53
