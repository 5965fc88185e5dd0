import type { Caller } from '../caller.ts'

/** What somebody has shown with a request. */
export interface Shown {
  /** The client certificate of the connection, signed by our authority. */
  readonly certificate: ShownCertificate | undefined
  /** The token of an `Authorization: Bearer` header (RFC 6750). */
  readonly bearer: string | undefined
  /** Where it comes from; the same for all that one sender has for himself. */
  readonly network?: string | undefined
}

/** A client certificate; the common name is the user, organisations are groups. */
export interface ShownCertificate {
  readonly commonName: string
  readonly organizations: readonly string[]
  /** Hexadecimal, lower case. */
  readonly serial: string
  readonly expiresMs: number
}

/** Knows one kind of credential: answers who shows it, or undefined when it is not shown or does not hold. */
export type Authenticator = (shown: Shown, signal: AbortSignal) => Promise<Caller | undefined>

/** Asks authenticators in order: the first who knows somebody decides. */
export function firstToKnow(authenticators: readonly Authenticator[]): Authenticator {
  return async (shown, signal) => {
    for (const authenticator of authenticators) {
      const caller = await authenticator(shown, signal)
      if (caller !== undefined) return caller
    }
    return undefined
  }
}
