import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import type { Fault, World } from '#base'
import { keyspaceFault } from '../faults.ts'
import { ETCD_CALL_MS, ETCD_READ_MS, ETCD_RETRY_MS, ETCD_STAY_MS, ETCD_TOKENS_MAX, ETCD_WRITE_MS } from '../limits.ts'
import {
  Connection,
  type EtcdTls,
  type KeepAlive,
  type Stream,
  type StreamListener,
  type UnaryAnswer,
  type UnaryCall,
} from './connection.ts'
import { type CallFailure, faultOf, isNotBegun, isPassing } from './failure.ts'
import { type EtcdLogin, Login } from './login.ts'

/** Where etcd is. Every endpoint is a member of one cluster. What is a function is asked again whenever it is needed. */
export interface ClusterAddress {
  readonly endpoints: readonly URL[] | (() => readonly URL[])
  readonly tls: EtcdTls | (() => EtcdTls)
  readonly keepAlive: KeepAlive
  readonly login?: EtcdLogin | undefined
}

/** A method, its message, and whether doing it twice is the same as doing it once. */
export interface Call<Input extends DescMessage, Output extends DescMessage> {
  readonly method: DescMethodUnary<Input, Output>
  readonly message: MessageInitShape<Input>
  readonly twiceIsOnce: boolean
}

/**
 * Calls to a cluster of etcd: the endpoint that works is kept, another is tried when it does not. A call is made again
 * while it cannot have been done, or when doing it twice is doing it once. Faults: Unavailable, OutcomeUnknown.
 */
export class Cluster implements Disposable {
  readonly #world: World
  readonly #address: ClusterAddress
  readonly #connections = new Map<string, Connection>()
  readonly #login: Login | undefined
  readonly #tls: () => EtcdTls
  #current: Connection | undefined
  /** Who answers and can do nothing, and since when. */
  #answering: { readonly endpoint: Connection; readonly sinceMs: number; readonly lastMs: number } | undefined
  #isClosed = false

  constructor(world: World, address: ClusterAddress) {
    const { tls, login } = address
    this.#world = world
    this.#address = address
    this.#tls = typeof tls === 'function' ? tls : () => tls
    this.#login = login === undefined ? undefined : new Login(login)
  }

  /** Aborting ends the wait; a call that was sent may still be done. */
  async call<Input extends DescMessage, Output extends DescMessage>(
    call: Call<Input, Output>,
    signal: AbortSignal,
  ): Promise<MessageShape<Output>> {
    const { method, twiceIsOnce } = call
    const path = `/${method.parent.typeName}/${method.name}`
    const message = toBinary(method.input, create(method.input, call.message))
    const timeoutMs = twiceIsOnce ? ETCD_READ_MS : ETCD_WRITE_MS
    const { clock } = this.#world
    const endMs = clock.monotonicMs() + ETCD_CALL_MS
    let misfits = 0
    let tokens = 0
    for (let attempt = 1; ; attempt++) {
      signal.throwIfAborted()
      const used = this.#connection()
      const answer = await this.#unary(used, { path, message, timeoutMs }, signal)
      if (answer.ok) return fromBinary(method.output, answer.message)
      signal.throwIfAborted()
      const { failure } = answer
      if (this.#login?.forgets(failure) === true && tokens++ < ETCD_TOKENS_MAX) continue
      // Others may be right where one is not.
      misfits = failure.misfit === undefined ? 0 : misfits + 1
      if (!isPassing(failure) || misfits >= this.#count) throw this.fault(failure)
      const isLeft = this.leave(used, failure)
      if (!twiceIsOnce && !isNotBegun(failure)) throw unknownOutcome(failure)
      if (clock.monotonicMs() > endMs) throw unavailable(failure)
      if (!isLeft || attempt % this.#count === 0) await clock.sleep(ETCD_RETRY_MS, signal)
    }
  }

  /** Opens a stream on the endpoint in use, and says which it is. */
  stream(path: string, listener: StreamListener): { readonly stream: Stream; readonly endpoint: Connection } {
    const endpoint = this.#connection()
    const login = this.#login
    const token = login === undefined ? undefined : () => login.token(endpoint)
    return { stream: endpoint.stream({ path, token }, listener), endpoint }
  }

  /** The fault a failure means, in words that name our files. */
  fault(failure: CallFailure): Fault {
    return faultOf(failure, this.#tls().names ?? {})
  }

  /** Asks for another token before the next call; false when no tokens are used here. */
  renewToken(): boolean {
    this.#login?.forget()
    return this.#login !== undefined
  }

  /**
   * Uses the next endpoint, unless somebody has left this one before; answers whether another is used now. A member that answers is
   * not left at once: it hears of the next leader as soon as others do, and of those the one that was it may answer nobody.
   */
  leave(endpoint: Connection, { how }: Pick<CallFailure, 'how'>): boolean {
    if (this.#current !== endpoint) return true
    if (how === 'answered' && this.#stays(endpoint)) return false
    const urls = this.#urls
    const next = urls[(urls.findIndex(url => url.origin === endpoint.origin) + 1) % urls.length]
    this.#current = next === undefined ? undefined : this.#connectionTo(next)
    this.#forgetOthers(urls)
    return true
  }

  #stays(endpoint: Connection): boolean {
    const nowMs = this.#world.clock.monotonicMs()
    const known = this.#answering
    const isSame = known?.endpoint === endpoint && nowMs - known.lastMs < ETCD_STAY_MS
    const sinceMs = isSame ? known.sinceMs : nowMs
    this.#answering = { endpoint, sinceMs, lastMs: nowMs }
    return nowMs - sinceMs < ETCD_STAY_MS
  }

  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const connection of this.#connections.values()) connection.close()
  }

  get #urls(): readonly URL[] {
    const { endpoints } = this.#address
    return typeof endpoints === 'function' ? endpoints() : endpoints
  }

  get #count(): number {
    return Math.max(1, this.#urls.length)
  }

  async #unary(connection: Connection, call: UnaryCall, signal: AbortSignal): Promise<UnaryAnswer> {
    if (this.#login === undefined) return connection.unary(call, signal)
    const known = await this.#login.token(connection)
    return known.ok ? connection.unary({ ...call, token: known.token }, signal) : known
  }

  #connection(): Connection {
    if (this.#current !== undefined) return this.#current
    const [first] = this.#urls
    if (first === undefined) throw keyspaceFault('Unavailable', 'no endpoint of etcd is known')
    this.#current = this.#connectionTo(first)
    return this.#current
  }

  #connectionTo(url: URL): Connection {
    const known = this.#connections.get(url.origin)
    if (known !== undefined) return known
    const connection = new Connection(url, this.#tls, this.#address.keepAlive)
    if (this.#isClosed) connection.close()
    this.#connections.set(url.origin, connection)
    return connection
  }

  // Members that have gone.
  #forgetOthers(urls: readonly URL[]): void {
    for (const [origin, connection] of this.#connections) {
      if (urls.some(url => url.origin === origin)) continue
      connection.close()
      this.#connections.delete(origin)
    }
  }
}

function unknownOutcome(failure: CallFailure): Fault {
  return keyspaceFault('OutcomeUnknown', `etcd may or may not have done this: ${failure.message}`, {
    hint: 'Read what is there before you try again.',
  })
}

function unavailable(failure: CallFailure): Fault {
  return keyspaceFault('Unavailable', `etcd does not answer: ${failure.message}`, {
    hint: 'Check that etcd runs and has a quorum.',
  })
}
