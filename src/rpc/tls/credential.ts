import type { TLSSocket } from 'node:tls'
import type { PeerName } from '../method.ts'

/** What a machine shows to others and believes of them; all in PEM. */
export interface TlsCredential {
  readonly certificatePem: string
  readonly keyPem: string
  /** The authorities whose certificates are believed. */
  readonly authorityPem: string
}

/** TLS 1.3 with certificates on both sides, nothing else. */
export function contextOf({ certificatePem, keyPem, authorityPem }: TlsCredential) {
  return { minVersion: 'TLSv1.3', cert: certificatePem, key: keyPem, ca: authorityPem } as const
}

/** Whom the other side's certificate names; undefined when it has shown none that is believed. */
export function peerNameOf(socket: TLSSocket): PeerName | undefined {
  if (!socket.authorized) return undefined
  const { subject, serialNumber } = socket.getPeerCertificate()
  const name: string | readonly string[] | undefined = subject?.CN
  if (typeof name !== 'string' || name === '') return undefined
  const groups: string | readonly string[] | undefined = subject.O
  return { name, groups: groups === undefined ? [] : [groups].flat(), serial: serialNumber.toLowerCase() }
}
