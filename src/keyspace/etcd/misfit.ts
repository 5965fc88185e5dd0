import type { Fault } from '#base'
import { keyspaceFault } from '../faults.ts'

/**
 * Why etcd will not answer however often it is asked: it is not one we trust, it does not trust us, its certificate does
 * not hold now, or it is no etcd.
 */
export type Misfit = 'authority' | 'certificate' | 'time' | 'name' | 'protocol'

/** What faults call the files that etcd is reached with. */
export interface EtcdFileNames {
  readonly authority?: string | undefined
  readonly certificate?: string | undefined
  readonly password?: string | undefined
}

/** What the failure of a connection shows about its two ends; undefined when the next one may go better. */
export function misfitOf(error: unknown): Misfit | undefined {
  const code = codeOf(error)
  return MISFITS.find(([pattern]) => pattern.test(code))?.[1]
}

// Node's codes of OpenSSL's verification (nodejs.org/api/tls.html, "X509 certificate error codes"), alerts and HTTP/2.
const MISFITS = [
  [/^CERT_(HAS_EXPIRED|NOT_YET_VALID)$/, 'time'],
  [/^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_|INVALID_CA|HOSTNAME_MISMATCH)/, 'authority'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'name'],
  [/^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT)/, 'certificate'],
  [
    /^(ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL)/,
    'protocol',
  ],
  [/^ERR_HTTP2_ERROR$/, 'protocol'],
] as const

/** The fault of a misfit, which names what to mend. */
export function misfitFault(misfit: Misfit, message: string, names: EtcdFileNames): Fault {
  const { authority, certificate } = names
  const by = authority === undefined ? 'by an authority that this machine trusts' : `by ${authority}`
  const shown = certificate === undefined ? 'a client that shows no certificate' : `the certificate in ${certificate}`
  const [what, hint] = {
    authority: [`the certificate of etcd is not signed ${by}`, 'Name the authority that signed it: --keyspace-ca.'],
    certificate: [
      `etcd does not accept ${shown}`,
      'Name a certificate that its authority signed and that has not expired: --keyspace-cert, --keyspace-key.',
    ],
    time: ['the certificate of etcd does not hold now', 'Renew it, or set the clocks of both machines right.'],
    name: [
      'the certificate of etcd is for another name',
      'Name etcd as its certificate does: --keyspace etcd=https://NAME:PORT.',
    ],
    protocol: [
      'what answers there is no etcd v3',
      "Name etcd's client port, with https:// where it has a certificate.",
    ],
  }[misfit]
  return keyspaceFault('Refused', `${what} (${message})`, { hint })
}

function codeOf(error: unknown): string {
  for (let at = error, depth = 0; at instanceof Error && depth < 4; at = at.cause, depth++) {
    if ('code' in at && typeof at.code === 'string') return at.code
  }
  return ''
}
