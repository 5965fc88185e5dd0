import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import { isSystemError, type World } from '#base'
import { type Authority, type Credential, MASTERS, newKeyPair } from '#identity'
import { kubeconfigText } from '#rpc'
import { replaceFile } from '../keys/replace-file.ts'
import { ADMIN_CERTIFICATE_MS, ADMIN_RENEW_MS } from '../limits.ts'
import type { Issuing } from './issuing.ts'

/** What the administrator's kubeconfig is kept with. */
export interface KubeconfigParts {
  readonly world: World
  readonly authority: Authority
  readonly issuing: Issuing
  readonly file: string
  readonly isRevoked: (serial: string) => boolean
}

/**
 * Keeps the administrator's kubeconfig right: writes it when it is missing, is for another address or authority, or its
 * certificate was revoked or is about to end. What people changed in it is kept otherwise.
 */
export async function keepKubeconfig(
  { world, authority, issuing, file, isRevoked }: KubeconfigParts,
  url: string,
  signal: AbortSignal,
): Promise<void> {
  const nowMs = Number(world.clock.wallNs() / 1_000_000n)
  const text = readText(file)
  const kept = text === undefined ? undefined : credentialIn(text)
  const isHeld = kept !== undefined && isHeldBy(kept, authority, nowMs) && !isRevoked(serialOf(kept))
  if (isHeld) await issuing.adopt(kept.certificatePem, FROM, signal)
  if (text !== undefined && isHeld && hasCluster(text, url, authority)) return
  const credential = isHeld ? kept : await adminCredential(issuing, signal)
  replaceFile(file, kubeconfigText({ url, authorityPem: authority.certificatePem, user: 'admin', ...credential }))
}

const FROM = 'cairn up'

async function adminCredential(issuing: Issuing, signal: AbortSignal): Promise<Credential> {
  const { publicKey, keyPem } = await newKeyPair()
  const wish = { user: 'admin', groups: [MASTERS], publicKey, from: FROM }
  const { certificatePem } = await issuing.issue(wish, signal, ADMIN_CERTIFICATE_MS)
  return { certificatePem, keyPem }
}

function hasCluster(text: string, url: string, { certificatePem }: Authority): boolean {
  return text.includes(`server: ${url}\n`) && text.includes(base64(certificatePem))
}

function credentialIn(text: string): Credential | undefined {
  const [, certificate] = /^\s*client-certificate-data: (\S+)$/m.exec(text) ?? []
  const [, key] = /^\s*client-key-data: (\S+)$/m.exec(text) ?? []
  if (certificate === undefined || key === undefined) return undefined
  return { certificatePem: fromBase64(certificate), keyPem: fromBase64(key) }
}

function isHeldBy({ certificatePem }: Credential, authority: Authority, nowMs: number): boolean {
  try {
    const certificate = new X509Certificate(certificatePem)
    const isOurs = certificate.verify(new X509Certificate(authority.certificatePem).publicKey)
    return isOurs && Date.parse(certificate.validTo) - nowMs > ADMIN_RENEW_MS
  } catch {
    return false // a file that people wrote by hand
  }
}

function serialOf({ certificatePem }: Credential): string {
  return new X509Certificate(certificatePem).serialNumber.toLowerCase()
}

function readText(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return undefined
    throw error
  }
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64')
}

function fromBase64(text: string): string {
  return Buffer.from(text, 'base64').toString()
}
