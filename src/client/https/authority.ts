import { createHash, type X509Certificate } from 'node:crypto'
import tls from 'node:tls'
import { whyOf } from '#base'
import { clientFault } from '../faults.ts'
import { CONNECT_MS_MAX } from '../limits.ts'

/**
 * The authority of a server that is known by its fingerprint alone (SHA-256 of the public key in base64url, as tokens carry
 * it): the certificate the server shows that has it, and has signed the server's own. Nothing is sent before. Faults:
 * Unreachable, Unauthorized when the server is another.
 */
export async function authorityByFingerprint(url: string, fingerprint: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const [own, ...others] = await shownBy(hostname.replace(/^\[|\]$/g, ''), Number(port || 443), url)
  const authority = others.find(each => fingerprintOf(each) === fingerprint)
  if (own === undefined || authority === undefined || !own.verify(authority.publicKey)) {
    throw clientFault('Unauthorized', `${url} is not the Cairn that the token is of`, {
      hint: 'Check the address. If it is right, somebody is in between: make a new token and use it in another network.',
    })
  }
  return authority.toString()
}

function fingerprintOf({ publicKey }: X509Certificate): string {
  return createHash('sha256')
    .update(publicKey.export({ type: 'spki', format: 'der' }))
    .digest('base64url')
}

function shownBy(host: string, port: number, url: string): Promise<readonly X509Certificate[]> {
  return new Promise((resolve, reject) => {
    // Whoever it is: what he shows is compared before a word is said.
    const socket = tls.connect({
      host,
      port,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.3',
      timeout: CONNECT_MS_MAX,
    })
    const failed = (why: string, cause?: unknown) => {
      socket.destroy()
      reject(clientFault('Unreachable', `${url}: ${why}`, { cause }))
    }
    socket.once('error', error => failed(whyOf(error), error))
    socket.once('timeout', () => failed('no answer in time'))
    socket.once('secureConnect', () => {
      const shown: X509Certificate[] = []
      for (let next = socket.getPeerX509Certificate(); next !== undefined; next = next.issuerCertificate) {
        const { raw } = next
        if (shown.length === CHAIN_MAX || shown.some(each => each.raw.equals(raw))) break
        shown.push(next)
      }
      socket.destroy()
      resolve(shown)
    })
  })
}

const CHAIN_MAX = 8
