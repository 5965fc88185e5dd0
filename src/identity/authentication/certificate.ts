import type { Clock } from '#base'
import { AUTHENTICATED } from '../caller.ts'
import type { Authenticator } from './chain.ts'

/**
 * Believes client certificates that hold and are not revoked. Each request is looked at: a connection may live longer than
 * its certificate.
 */
export function certificateAuthenticator(clock: Clock, isRevoked: (serial: string) => boolean): Authenticator {
  return async ({ certificate }) => {
    if (certificate === undefined || certificate.commonName === '') return undefined
    const { commonName, organizations, serial, expiresMs } = certificate
    if (isRevoked(serial) || !(Number(clock.wallNs() / 1_000_000n) < expiresMs)) return undefined
    return {
      name: commonName,
      uid: undefined,
      groups: [...organizations, AUTHENTICATED],
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SERIAL=${serial}`] },
      expiresMs,
    }
  }
}
