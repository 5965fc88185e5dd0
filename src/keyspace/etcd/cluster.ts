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
import { ETCD_CALL_MS, ETCD_READ_MS, ETCD_RETRY_MS, ETCD_TOKENS_MAX, ETCD_WRITE_MS } from '../limits.ts'
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
import type { EtcdFileNames } from './misfit.ts'

/** Where etcd is. Every endpoint is a member of one cluster. */
export interface ClusterAddress {
  readonly endpoints: readonly URL[]
  readonly tls: EtcdTls
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
  readonly #connections: readonly Connection[]
  readonly #login: Login | undefined
  readonly #names: EtcdFileNames
  #current = 0

  constructor(world: World, { endpoints, tls, keepAlive, login }: ClusterAddress) {
    this.#world = world
    this.#names = tls.names ?? {}
    this.#login = login === undefined ? undefined : new Login(login)
    this.#connections = endpoints.map(url => new Connection(url, tls, keepAlive))
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
      const used = this.#current
      const answer = await this.#unary(used, { path, message, timeoutMs }, signal)
      if (answer.ok) return fromBinary(method.output, answer.message)
      signal.throwIfAborted()
      const { failure } = answer
      if (this.#login?.forgets(failure) === true && tokens++ < ETCD_TOKENS_MAX) continue
      // Others may be right where one is not.
      misfits = failure.misfit === undefined ? 0 : misfits + 1
      if (!isPassing(failure) || misfits >= this.#connections.length) throw this.fault(failure)
      this.leave(used)
      if (!twiceIsOnce && !isNotBegun(failure)) throw unknownOutcome(failure)
      if (clock.monotonicMs() > endMs) throw unavailable(failure)
      if (attempt % this.#connections.length === 0) await clock.sleep(ETCD_RETRY_MS, signal)
    }
  }

  /** Opens a stream on the endpoint in use, and says which it is. */
  stream(path: string, listener: StreamListener): { readonly stream: Stream; readonly endpoint: number } {
    const endpoint = this.#current
    const connection = this.#connection(endpoint)
    const login = this.#login
    const token = login === undefined ? undefined : () => login.token(connection)
    return { stream: connection.stream({ path, token }, listener), endpoint }
  }

  /** The fault a failure means, in words that name our files. */
  fault(failure: CallFailure): Fault {
    return faultOf(failure, this.#names)
  }

  /** Asks for another token before the next call; false when no tokens are used here. */
  renewToken(): boolean {
    this.#login?.forget()
    return this.#login !== undefined
  }

  /** Uses the next endpoint, unless somebody has left this one before. */
  leave(endpoint: number): void {
    if (this.#current === endpoint) this.#current = (endpoint + 1) % this.#connections.length
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections) connection.close()
  }

  async #unary(endpoint: number, call: UnaryCall, signal: AbortSignal): Promise<UnaryAnswer> {
    const connection = this.#connection(endpoint)
    if (this.#login === undefined) return connection.unary(call, signal)
    const known = await this.#login.token(connection)
    return known.ok ? connection.unary({ ...call, token: known.token }, signal) : known
  }

  #connection(endpoint: number): Connection {
    const connection = this.#connections[endpoint]
    if (connection === undefined) throw keyspaceFault('Unavailable', 'no endpoint of etcd is known')
    return connection
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
