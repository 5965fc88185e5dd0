import { isSystemError, type Log } from '#base'
import type { CheckRow, TlsCredential, TlsListening, TlsListenOptions } from '#rpc'
import { listenTls } from '#rpc'
import type { PeerAddress } from './listen-words.ts'
import { hostPort } from './own-addresses.ts'

/** What the port is opened with. */
export interface PeerPortOptions extends Pick<TlsListenOptions, 'accept' | 'acceptStranger'> {
  readonly address: PeerAddress
  readonly log: Log
}

/** The port on which machines call. One that is taken does not stop a start: it is said once, and tried again. */
export class PeerPort implements AsyncDisposable {
  readonly #options: PeerPortOptions
  #listening: TlsListening | undefined
  #problem: string | undefined

  constructor(options: PeerPortOptions) {
    this.#options = options
  }

  /** Where it listens; undefined while it does not. */
  get port(): number | undefined {
    return this.#listening?.port
  }

  /** The host it was told to listen at; undefined: all. */
  get host(): string | undefined {
    const { host } = this.#options.address
    return host === '::' || host === '0.0.0.0' ? undefined : host
  }

  /** Listens, or shows another certificate where it listens. */
  async open(credential: TlsCredential): Promise<void> {
    if (this.#listening !== undefined) return this.#listening.renew(credential)
    const { address, log } = this.#options
    try {
      this.#listening = await this.#listen(credential)
      this.#problem = undefined
      log.info('machines are listened for', { at: hostPort(address.host ?? '*', this.#listening.port) })
    } catch (error) {
      if (!isSystemError(error)) throw error
      const isNew = this.#problem === undefined
      this.#problem = `${hostPort(address.host ?? '*', address.port)} cannot be listened at (${error.code})`
      if (isNew) log.warn(`${this.#problem}: other machines are dialled from here, but cannot dial this one`)
    }
  }

  /** Ends the connections of these certificates. */
  cut(serials: ReadonlySet<string>): void {
    this.#listening?.cut(({ serial }) => serials.has(serial))
  }

  /** How it is, for `cairn doctor`. */
  check(): CheckRow {
    const name = 'port of machines'
    if (this.#problem !== undefined) {
      const remedy = 'End what has that port, or choose another: `cairn up --peer-listen HOST:PORT`.'
      return { name, state: 'warn', detail: this.#problem, remedy }
    }
    const { port } = this
    const detail = port === undefined ? 'closed' : hostPort(this.host ?? '*', port)
    return { name, state: 'ok', detail }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listening?.[Symbol.asyncDispose]()
    this.#listening = undefined
  }

  // `::` takes IPv4 too, but not where the kernel has no IPv6.
  async #listen(credential: TlsCredential): Promise<TlsListening> {
    const { address, accept, acceptStranger } = this.#options
    const { host, port } = address
    const all = { port, credential, accept, acceptStranger }
    if (host !== undefined) return listenTls({ host, ...all })
    try {
      return await listenTls({ host: '::', ...all })
    } catch (error) {
      if (!isSystemError(error, 'EAFNOSUPPORT') && !isSystemError(error, 'EADDRNOTAVAIL')) throw error
      return listenTls({ host: '0.0.0.0', ...all })
    }
  }
}
