import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import { isSystemError, type World } from '#base'
import type { Authority, Credential, Keyring } from '#identity'
import { replaceFile } from '../keys/replace-file.ts'
import { SERVER_CERTIFICATE_MS, SERVER_RENEW_MS } from '../limits.ts'
import type { ServerNames } from './server-names.ts'

/** What a server certificate is made with. */
export interface ServerCertificateParts {
  readonly world: World
  readonly authority: Authority
  readonly keyring: Keyring
  /** Kept here as JSON: the certificate, and its key sealed. */
  readonly file: string
}

/** The certificate that is kept, while it has these names and holds for a while; else a new one, which is kept. */
export async function serverCertificate(parts: ServerCertificateParts, names: ServerNames): Promise<Credential> {
  const { world, authority } = parts
  const now = new Date(Number(world.clock.wallNs() / 1_000_000n))
  const kept = readKept(parts)
  if (kept !== undefined && isGood(kept.certificatePem, { names, authority, now })) {
    const { isOld, ...credential } = kept
    if (isOld) keep(parts, credential)
    return credential
  }
  const made = await authority.issue({
    // Not the authority's own name: OpenSSL takes equal subject and issuer for a certificate that signed itself.
    commonName: 'cairn-api',
    organizations: [],
    usage: 'server',
    ...names,
    notBefore: new Date(now.getTime() - 3_600_000),
    notAfter: new Date(now.getTime() + SERVER_CERTIFICATE_MS),
    serial: world.entropy.bytes(16),
  })
  keep(parts, made)
  return made
}

const PLACE = 'server key'

function keep({ file, keyring }: ServerCertificateParts, { certificatePem, keyPem }: Credential): void {
  replaceFile(file, JSON.stringify({ version: 1, certificatePem, key: keyring.seal(Buffer.from(keyPem), PLACE) }))
}

// What cannot be read is made anew: nothing depends on this one.
function readKept({ file, keyring }: ServerCertificateParts): (Credential & { readonly isOld: boolean }) | undefined {
  try {
    const row: unknown = JSON.parse(fs.readFileSync(file, 'utf8'))
    if (typeof row !== 'object' || row === null || !('key' in row) || !('certificatePem' in row)) return undefined
    const sealed = String(row.key)
    const keyPem = Buffer.from(keyring.open(sealed, PLACE)).toString()
    return { certificatePem: String(row.certificatePem), keyPem, isOld: keyring.isOld(sealed) }
  } catch (error) {
    if (isSystemError(error) && error.code !== 'ENOENT') throw error
    return undefined
  }
}

/** True when a certificate is the authority's, has all the names, and is not due to be renewed. */
export function isGood(
  certificatePem: string,
  { names, authority, now }: { readonly names: ServerNames; readonly authority: Authority; readonly now: Date },
): boolean {
  const certificate = new X509Certificate(certificatePem)
  const left = Date.parse(certificate.validTo) - now.getTime()
  const isStarted = Date.parse(certificate.validFrom) <= now.getTime()
  return (
    left > SERVER_RENEW_MS &&
    isStarted &&
    certificate.verify(new X509Certificate(authority.certificatePem).publicKey) &&
    names.dnsNames.every(name => certificate.checkHost(name) !== undefined) &&
    names.addresses.every(address => certificate.checkIP(address) !== undefined)
  )
}
