import type { webcrypto } from 'node:crypto'
import type { Pkcs10CertificateRequest } from '@peculiar/x509'
import { whyOf } from '#base'
import { identityFault } from '../faults.ts'
import { RSA_BITS_MIN, SIGNING_REQUEST_BYTES_MAX } from '../limits.ts'
import { x509 } from './library.ts'

/** A request for a certificate (PKCS #10, RFC 2986) whose sender has the private key. */
export interface SigningRequest {
  readonly commonName: string
  readonly organizations: readonly string[]
  readonly dnsNames: readonly string[]
  readonly addresses: readonly string[]
  readonly publicKey: webcrypto.CryptoKey
}

/**
 * Reads a request in PEM and checks that its own signature holds. Faults: SigningRequestInvalid (not one, too large, another
 * key than ECDSA P-256 to P-521, Ed25519 or RSA from 2048 bits on, a subject without exactly one common name or with control
 * characters).
 */
export async function readSigningRequest(pem: string): Promise<SigningRequest> {
  if (pem.length > SIGNING_REQUEST_BYTES_MAX) throw invalid(`it is larger than ${SIGNING_REQUEST_BYTES_MAX} bytes`)
  const { Pkcs10CertificateRequest: Request, SubjectAlternativeNameExtension } = await x509()
  const request = parse(pem, Request)
  const isSigned = await request.verify().catch((error: unknown) => {
    throw invalid(whyOf(error))
  })
  if (!isSigned) throw invalid('its signature does not hold')
  const publicKey = await request.publicKey.export().catch((error: unknown) => {
    throw invalid(whyOf(error))
  })
  refuseWeak(publicKey)
  const [commonName, ...more] = request.subjectName.getField('CN')
  if (commonName === undefined || more.length > 0) throw invalid('its subject needs exactly one common name (CN)')
  const names = request.extensions.find(each => each instanceof SubjectAlternativeNameExtension)?.names.items ?? []
  const named = (type: string) => names.filter(name => name.type === type).map(({ value }) => value)
  const others = names.filter(({ type }) => type !== 'dns' && type !== 'ip')
  if (others.length > 0)
    throw invalid(`it asks for a name of type ${others[0]?.type ?? ''}, where dns and ip are known`)
  const organizations = request.subjectName.getField('O')
  if ([commonName, ...organizations].some(name => name === '' || CONTROL.test(name)))
    throw invalid('a name in its subject is empty or has control characters')
  return { commonName, organizations, dnsNames: named('dns'), addresses: named('ip'), publicKey }
}

const CONTROL = /\p{Cc}/u

function parse(pem: string, Request: typeof Pkcs10CertificateRequest): Pkcs10CertificateRequest {
  try {
    return new Request(pem)
  } catch (error) {
    throw invalid(whyOf(error))
  }
}

function refuseWeak({ algorithm }: webcrypto.CryptoKey): void {
  const isRsa = 'modulusLength' in algorithm && typeof algorithm.modulusLength === 'number'
  if (isRsa && Number(algorithm.modulusLength) < RSA_BITS_MIN)
    throw invalid(`its RSA key has less than ${RSA_BITS_MIN} bits`)
  if (!isRsa && algorithm.name !== 'ECDSA' && algorithm.name !== 'Ed25519') {
    throw invalid(`its key is of type ${algorithm.name}; make one of type P-256`)
  }
}

function invalid(why: string): Error {
  return identityFault('SigningRequestInvalid', `the certificate signing request is not valid: ${why}`)
}
