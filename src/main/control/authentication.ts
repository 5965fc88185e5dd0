import { apiFault, LocalConnection, peerOf } from '#api'
import type { Authenticator, Caller } from '#identity'

/** Who sends a request: this process itself, or whoever an authenticator knows by what was shown. Faults: Unauthorized. */
export function authentication(knows: Authenticator) {
  return async (request: Request, connection: unknown): Promise<Caller> => {
    if (connection instanceof LocalConnection) return connection.caller
    const shown = { certificate: peerOf(connection), bearer: bearerOf(request) }
    const caller = await knows(shown, request.signal)
    if (caller === undefined) throw apiFault('Unauthorized', 'Unauthorized')
    return caller
  }
}

function bearerOf(request: Request): string | undefined {
  return /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1]
}
