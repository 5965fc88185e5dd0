// Before the library: it looks for what this adds to the language as it is loaded.
import 'reflect-metadata'
import type { webcrypto } from 'node:crypto'
import * as x509 from '@peculiar/x509'

/** A key pair's private half in PEM (PKCS #8). Never logged, and on disk only sealed or with mode 0600. */
export type PrivateKeyPem = string

/** A certificate and its key. */
export interface Credential {
  readonly certificatePem: string
  readonly keyPem: PrivateKeyPem
}

/** Whom a certificate is for: Kubernetes reads the common name as the user, organisations as groups. */
export interface CertificateRequest {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly usage: 'client' | 'server'
  /** Names and addresses a server is reached at. */
  readonly dnsNames: readonly string[]
  readonly addresses: readonly string[]
  readonly notBefore: Date
  readonly notAfter: Date
  /** 16 random bytes. */
  readonly serial: Uint8Array
}

/** Signs certificates: P-256, SHA-256 (RFC 5280). */
export class Authority {
  readonly #certificate: x509.X509Certificate
  readonly #key: webcrypto.CryptoKey

  private constructor(certificate: x509.X509Certificate, key: webcrypto.CryptoKey) {
    this.#certificate = certificate
    this.#key = key
  }

  /** A new authority with a key of its own, valid from now for ten years. */
  static async make(name: string, serial: Uint8Array, now: Date): Promise<Credential> {
    const keys = await newKeys()
    const notAfter = new Date(now)
    notAfter.setUTCFullYear(notAfter.getUTCFullYear() + 10)
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialOf(serial),
      name: [{ CN: [name] }],
      notBefore: hourBefore(now),
      notAfter,
      signingAlgorithm: SIGNING,
      keys,
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    return { certificatePem: pemOf(certificate), keyPem: await exportKey(keys.privateKey) }
  }

  static async open({ certificatePem, keyPem }: Credential): Promise<Authority> {
    return new Authority(new x509.X509Certificate(certificatePem), await importKey(keyPem))
  }

  get certificatePem(): string {
    return pemOf(this.#certificate)
  }

  /** A certificate with a new key. */
  async issue(request: CertificateRequest): Promise<Credential> {
    const keys = await newKeys()
    const certificatePem = await this.sign(request, keys.publicKey)
    return { certificatePem, keyPem: await exportKey(keys.privateKey) }
  }

  /** A certificate for somebody else's key. */
  async sign(request: CertificateRequest, publicKey: webcrypto.CryptoKey): Promise<string> {
    const { commonName, organizations, usage, dnsNames, addresses } = request
    const names = [
      ...dnsNames.map(value => ({ type: 'dns' as const, value })),
      ...addresses.map(value => ({ type: 'ip' as const, value })),
    ]
    const certificate = await x509.X509CertificateGenerator.create({
      serialNumber: serialOf(request.serial),
      subject: [...organizations.map(name => ({ O: [name] })), { CN: [commonName] }],
      issuer: this.#certificate.subject,
      notBefore: request.notBefore,
      notAfter: request.notAfter,
      signingAlgorithm: SIGNING,
      publicKey,
      signingKey: this.#key,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([EXTENDED[usage]]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#certificate.publicKey),
        ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
      ],
    })
    return pemOf(certificate)
  }
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const
const EXTENDED = { client: x509.ExtendedKeyUsage.clientAuth, server: x509.ExtendedKeyUsage.serverAuth } as const

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(KEYS, true, ['sign', 'verify'])
}

async function exportKey(key: webcrypto.CryptoKey): Promise<PrivateKeyPem> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`
}

async function importKey(pem: PrivateKeyPem): Promise<webcrypto.CryptoKey> {
  const [bytes] = x509.PemConverter.decode(pem)
  return crypto.subtle.importKey('pkcs8', bytes ?? new ArrayBuffer(0), KEYS, true, ['sign'])
}

function pemOf(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`
}

// Positive: the highest bit says the sign.
function serialOf(random: Uint8Array): string {
  const bytes = Buffer.from(random)
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

// Clocks of two machines differ.
function hourBefore(time: Date): Date {
  return new Date(time.getTime() - 3_600_000)
}
