import { createHash, type X509Certificate } from 'node:crypto'
import type { TLSSocket } from 'node:tls'
import type { PeerName } from '../method.ts'

/** What a machine shows to others and believes of them; all in PEM. */
export interface TlsCredential {
  readonly certificatePem: string
  readonly keyPem: string
  /** The authorities whose certificates are believed. */
  readonly authorityPem: string
}

/** TLS 1.3 with certificates on both sides, nothing else. The authority's is sent too, for who knows only its fingerprint. */
export function contextOf({ certificatePem, keyPem, authorityPem }: TlsCredential) {
  const chain = `${certificatePem.trimEnd()}\n${authorityPem}`
  return { minVersion: 'TLSv1.3', cert: chain, key: keyPem, ca: authorityPem } as const
}

/** Whom the other side's certificate names; undefined when it has shown none that is believed. */
export function peerNameOf(socket: TLSSocket): PeerName | undefined {
  const leaf = socket.authorized ? socket.getPeerX509Certificate() : undefined
  return leaf === undefined ? undefined : shownName(leaf)
}

/**
 * Whom the other side's certificate names, when it was made by an authority that it has sent along and whose public key has
 * this SHA-256 (SubjectPublicKeyInfo, RFC 7469 section 2.4, in base64url). Its times are not looked at: who joins with a
 * wrong clock is told so by the other side.
 */
export function nameByFingerprint(socket: TLSSocket, fingerprint: string): PeerName | undefined {
  const leaf = socket.getPeerX509Certificate()
  if (leaf === undefined) return undefined
  let above = leaf.issuerCertificate
  for (let depth = 0; above !== undefined && depth < CHAIN_MAX; depth++, above = above.issuerCertificate) {
    if (fingerprintOf(above) !== fingerprint) continue
    return above.ca && leaf.checkIssued(above) && leaf.verify(above.publicKey) ? shownName(leaf) : undefined
  }
  return undefined
}

const CHAIN_MAX = 4

function fingerprintOf(certificate: X509Certificate): string {
  const key = certificate.publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64url')
}

// Not by `getPeerCertificate`: it answers nothing once the certificate was asked for in its newer form.
function shownName(leaf: X509Certificate): PeerName | undefined {
  const { subject, serialNumber } = leaf.toLegacyObject()
  const name: string | readonly string[] | undefined = subject?.CN
  if (typeof name !== 'string' || name === '') return undefined
  const groups: string | readonly string[] | undefined = subject.O
  return { name, groups: groups === undefined ? [] : [groups].flat(), serial: serialNumber.toLowerCase() }
}
