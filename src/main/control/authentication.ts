import { apiFault, LocalConnection, mayHaveHeaders, peerOf, senderOf } from '#api'
import type { Authenticator, Caller } from '#identity'
import { impersonated, type ImpersonationParts } from './impersonation.ts'

/**
 * Who sends a request: this process itself, or whoever an authenticator knows by what was shown; or in whose place he
 * sends it, when he may. Faults: Unauthorized, Forbidden, BadRequest.
 */
export function authentication(knows: Authenticator, impersonation: ImpersonationParts) {
  return async (request: Request, connection: unknown): Promise<Caller> => {
    if (connection instanceof LocalConnection) return connection.caller
    const bearer = bearerOf(request)
    const network = bearer === undefined ? undefined : senderOf(connection).network
    const shown = { certificate: peerOf(connection), bearer, network }
    const caller = await knows(shown, request.signal)
    if (caller === undefined) throw apiFault('Unauthorized', 'Unauthorized')
    return mayHaveHeaders(connection, 'impersonate-') ? impersonated(request, caller, impersonation) : caller
  }
}

function bearerOf(request: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}
