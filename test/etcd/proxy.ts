import { once } from 'node:events'
import net from 'node:net'

/** A wire between a keyspace and etcd that a test may cut. */
export class Proxy implements AsyncDisposable {
  readonly #server: net.Server
  readonly #sockets = new Set<net.Socket>()
  /** Connections that were made to it. */
  accepted = 0
  #state: 'whole' | 'silent' | 'cut' = 'whole'

  constructor(target: URL) {
    this.#server = net.createServer(near => {
      this.accepted += 1
      if (this.#state === 'cut') return near.destroy()
      const far = net.connect(Number(target.port), target.hostname)
      for (const [from, to] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(from)
        from.on('error', () => to.destroy())
        from.on('close', () => {
          this.#sockets.delete(from)
          to.destroy()
        })
        from.on('data', bytes => this.#state === 'whole' && to.write(bytes))
      }
      return undefined
    })
  }

  async listen(): Promise<URL> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const address = this.#server.address()
    return new URL(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`)
  }

  /** Passes nothing on and tells nobody, as a network does that has lost a machine. */
  silence(): void {
    this.#state = 'silent'
  }

  /** Ends all connections and takes no new ones. */
  cut(): void {
    this.#state = 'cut'
    for (const socket of this.#sockets) socket.destroy()
  }

  mend(): void {
    this.#state = 'whole'
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    this.#server.close()
    await once(this.#server, 'close')
  }
}
