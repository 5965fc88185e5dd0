import { createSocket, type Socket } from 'node:dgram'
import { isSystemError, type World } from '#base'
import { ECHO_MS, ECHO_PORT } from '#mesh'

/** Told that the machine at this address sends its packets directly now. */
export type HeardDirect = (address: string) => void

/**
 * Answers how far this machine is, and asks others, from one address on the mesh. What is not of the right length and begin is
 * dropped; an answer is never longer than what was asked.
 */
export class EchoPort implements AsyncDisposable {
  readonly #world: World
  readonly #socket: Socket
  readonly #waiting = new Map<string, (atMs: number) => void>()

  /** Opens the port at an address of this machine. Errors: those of the system. */
  static open(address: string, world: World, heard: HeardDirect = () => undefined): Promise<EchoPort> {
    const socket = createSocket('udp4')
    const port = new EchoPort(socket, world, heard)
    return new Promise((resolve, reject) => {
      socket.once('error', reject)
      socket.bind(ECHO_PORT, address, () => {
        socket.off('error', reject)
        // A way that breaks is heard as an error of the next send; the echo is lost then.
        socket.on('error', () => undefined)
        resolve(port)
      })
    })
  }

  private constructor(socket: Socket, world: World, heard: HeardDirect) {
    this.#socket = socket
    this.#world = world
    socket.on('message', (bytes, from) => {
      if (bytes.byteLength !== ECHO_BYTES || bytes.readUInt32BE(0) !== MAGIC) return
      const kind = bytes[4]
      if (kind === ASK) {
        if (bytes[5] === IS_DIRECT) heard(from.address)
        const answer = Buffer.from(bytes)
        answer[4] = ANSWER
        socket.send(answer, from.port, from.address, () => undefined)
      } else if (kind === ANSWER) {
        this.#waiting.get(`${from.address} ${bytes.toString('hex', 8)}`)?.(world.clock.monotonicMs())
      }
    })
  }

  /**
   * Asks once, and says whether packets for that machine go directly; answers the milliseconds there and back, undefined when
   * nothing came.
   */
  async ask(
    { address, isDirect }: { readonly address: string; readonly isDirect: boolean },
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const { clock, entropy } = this.#world
    const bytes = Buffer.alloc(ECHO_BYTES)
    bytes.writeUInt32BE(MAGIC, 0)
    bytes[4] = ASK
    bytes[5] = isDirect ? IS_DIRECT : 0
    bytes.set(entropy.bytes(ECHO_BYTES - 8), 8)
    const key = `${address} ${bytes.toString('hex', 8)}`
    const over = new AbortController()
    const answered = new Promise<number>(resolve => this.#waiting.set(key, resolve))
    const sentMs = clock.monotonicMs()
    try {
      this.#socket.send(bytes, ECHO_PORT, address, () => undefined)
      const late = clock.sleep(ECHO_MS, AbortSignal.any([signal, over.signal])).catch(() => undefined)
      const atMs = await Promise.race([answered, late.then(() => undefined)])
      return atMs === undefined ? undefined : atMs - sentMs
    } catch (error) {
      if (!isSystemError(error)) throw error
      return undefined
    } finally {
      over.abort()
      this.#waiting.delete(key)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>(resolve => this.#socket.close(() => resolve()))
  }
}

const MAGIC = 0x63_61_69_72 // "cair"
const ASK = 1
const ANSWER = 2
const IS_DIRECT = 1
const ECHO_BYTES = 24
