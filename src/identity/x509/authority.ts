import { createPrivateKey, type webcrypto } from 'node:crypto'
import { x509 } from './library.ts'

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
  /** `node`: a machine calls others and is called. */
  readonly usage: 'client' | 'server' | 'node'
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
  readonly certificatePem: string
  readonly #key: webcrypto.CryptoKey

  private constructor(certificatePem: string, key: webcrypto.CryptoKey) {
    this.certificatePem = certificatePem
    this.#key = key
  }

  /** A new authority with a key of its own, valid from now for ten years. */
  static async make(name: string, serial: Uint8Array, now: Date): Promise<Credential> {
    const library = await x509()
    const keys = await newKeys()
    const notAfter = new Date(now)
    notAfter.setUTCFullYear(notAfter.getUTCFullYear() + 10)
    const { BasicConstraintsExtension, KeyUsagesExtension, KeyUsageFlags, SubjectKeyIdentifierExtension } = library
    const certificate = await library.X509CertificateGenerator.createSelfSigned({
      serialNumber: serialText(serial),
      name: [{ CN: [name] }],
      notBefore: hourBefore(now),
      notAfter,
      signingAlgorithm: SIGNING,
      keys,
      extensions: [
        new BasicConstraintsExtension(true, 0, true),
        new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign, true),
        await SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    return { certificatePem: pemOf(certificate), keyPem: await exportKey(keys.privateKey) }
  }

  static async open({ certificatePem, keyPem }: Credential): Promise<Authority> {
    return new Authority(certificatePem, await importKey(keyPem))
  }

  /** A certificate with a new key. */
  async issue(request: CertificateRequest): Promise<Credential> {
    const { publicKey, keyPem } = await newKeyPair()
    return { certificatePem: await this.sign(request, publicKey), keyPem }
  }

  /** A certificate for somebody else's key. */
  async sign(request: CertificateRequest, publicKey: webcrypto.CryptoKey): Promise<string> {
    const { commonName, organizations, usage, dnsNames, addresses } = request
    const names = [
      ...dnsNames.map(value => ({ type: 'dns' as const, value })),
      ...addresses.map(value => ({ type: 'ip' as const, value })),
    ]
    const library = await x509()
    const authority = new library.X509Certificate(this.certificatePem)
    const { KeyUsageFlags, AuthorityKeyIdentifierExtension, SubjectAlternativeNameExtension } = library
    const certificate = await library.X509CertificateGenerator.create({
      serialNumber: serialText(request.serial),
      subject: new library.Name([...organizations.map(name => ({ O: literal(name) })), { CN: literal(commonName) }]),
      issuer: authority.subject,
      notBefore: request.notBefore,
      notAfter: request.notAfter,
      signingAlgorithm: SIGNING,
      publicKey,
      signingKey: this.#key,
      extensions: [
        new library.BasicConstraintsExtension(false, undefined, true),
        new library.KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new library.ExtendedKeyUsageExtension([...EXTENDED[usage]]),
        await AuthorityKeyIdentifierExtension.create(authority.publicKey),
        ...(names.length === 0 ? [] : [new SubjectAlternativeNameExtension(names)]),
      ],
    })
    return pemOf(certificate)
  }

  /** The certificates of this authority that hold no more, by their serials in hexadecimal (RFC 5280, section 5), in PEM. */
  async revocationList(serials: readonly string[], now: Date): Promise<string> {
    const library = await x509()
    const list = await library.X509CrlGenerator.create({
      issuer: new library.X509Certificate(this.certificatePem).subject,
      thisUpdate: hourBefore(now),
      signingAlgorithm: SIGNING,
      signingKey: this.#key,
      entries: serials.map(serialNumber => ({ serialNumber, revocationDate: now })),
    })
    return pemText('X509 CRL', list.rawData)
  }
}

// As an object: of plain text the library takes `#` for hexadecimal, and leaves quotes and backslashes out.
function literal(utf8String: string) {
  return [{ utf8String }]
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' } as const
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const
// RFC 5280, section 4.2.1.12.
const [CLIENT, SERVER] = ['1.3.6.1.5.5.7.3.2', '1.3.6.1.5.5.7.3.1'] as const
const EXTENDED = { client: [CLIENT], server: [SERVER], node: [CLIENT, SERVER] } as const

/** A new key pair, P-256. */
export async function newKeyPair(): Promise<{
  readonly publicKey: webcrypto.CryptoKey
  readonly keyPem: PrivateKeyPem
}> {
  const { publicKey, privateKey } = await newKeys()
  return { publicKey, keyPem: await exportKey(privateKey) }
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(KEYS, true, ['sign', 'verify'])
}

async function exportKey(key: webcrypto.CryptoKey): Promise<PrivateKeyPem> {
  return pemText('PRIVATE KEY', await crypto.subtle.exportKey('pkcs8', key))
}

// RFC 7468.
function pemText(label: string, der: ArrayBuffer): string {
  const bytes = Buffer.from(der).toString('base64')
  return `-----BEGIN ${label}-----\n${bytes.replace(/.{64}(?=.)/g, '$&\n')}\n-----END ${label}-----\n`
}

async function importKey(pem: PrivateKeyPem): Promise<webcrypto.CryptoKey> {
  const bytes = createPrivateKey(pem).export({ type: 'pkcs8', format: 'der' })
  return crypto.subtle.importKey('pkcs8', new Uint8Array(bytes), KEYS, true, ['sign'])
}

function pemOf(certificate: { toString(format: 'pem'): string }): string {
  return `${certificate.toString('pem')}\n`
}

/** The serial that a certificate gets for these bytes: hexadecimal, lower case. */
export function serialText(random: Uint8Array): string {
  const bytes = Buffer.from(random)
  // Positive: the highest bit says the sign. The next one keeps the length.
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40
  return bytes.toString('hex')
}

// Clocks of two machines differ.
function hourBefore(time: Date): Date {
  return new Date(time.getTime() - 3_600_000)
}
