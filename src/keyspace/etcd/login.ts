import { create, fromBinary, toBinary } from '@bufbuild/protobuf'
import { whyOf } from '#base'
import { ETCD_READ_MS } from '../limits.ts'
import type { Connection } from './connection.ts'
import { type CallFailure, isOfOldToken, STATUS } from './failure.ts'
import { Auth, AuthenticateRequestSchema, AuthenticateResponseSchema } from './proto/lease-pb.ts'

/** Who we are to an etcd that wants to know. */
export interface EtcdLogin {
  readonly user: string
  /** Read again for each token, as it may have changed. */
  readonly password: () => string
}

/** A token, none when etcd wants none, or why there is none. */
export type TokenAnswer =
  | { readonly ok: true; readonly token: string | undefined }
  | { readonly ok: false; readonly failure: CallFailure }

const PATH = `/${Auth.typeName}/${Auth.method.authenticate.name}`
const NONE: TokenAnswer = { ok: true, token: undefined }
const never = new AbortController().signal

/** The token that etcd gives for a user and a password; it is asked for again when etcd no longer takes it. */
export class Login {
  readonly #given: EtcdLogin
  #token: Promise<TokenAnswer> | undefined

  constructor(given: EtcdLogin) {
    this.#given = given
  }

  /** The token there is, or a new one from the etcd behind a connection. */
  async token(connection: Connection): Promise<TokenAnswer> {
    const asked = (this.#token ??= this.#ask(connection))
    const answer = await asked
    if (!answer.ok && this.#token === asked) this.#token = undefined
    return answer
  }

  /** True when a call failed because of its token: there is another one the next time. */
  forgets(failure: CallFailure): boolean {
    if (!isOfOldToken(failure)) return false
    this.#token = undefined
    return true
  }

  /** There is another token the next time. */
  forget(): void {
    this.#token = undefined
  }

  async #ask(connection: Connection): Promise<TokenAnswer> {
    const message = this.#message()
    if (typeof message === 'string') return { ok: false, failure: refused(message) }
    const answer = await connection.unary({ path: PATH, message, timeoutMs: ETCD_READ_MS }, never)
    if (answer.ok) return { ok: true, token: fromBinary(AuthenticateResponseSchema, answer.message).token }
    if (answer.failure.message.includes('authentication is not enabled')) return NONE
    // The call that needs the token has not begun, whatever became of this one.
    const { failure } = answer
    return { ok: false, failure: failure.how === 'lost' ? { ...failure, how: 'refused' } : failure }
  }

  #message(): Uint8Array | string {
    try {
      const request = { name: this.#given.user, password: this.#given.password() }
      return toBinary(AuthenticateRequestSchema, create(AuthenticateRequestSchema, request))
    } catch (error) {
      return whyOf(error)
    }
  }
}

function refused(message: string): CallFailure {
  return { status: STATUS.unauthenticated, message, how: 'answered' }
}
