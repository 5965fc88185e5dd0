import { connect, type TLSSocket } from 'node:tls'
import { isSystemError } from '#base'
import type { Duplex } from '../duplex.ts'
import { rpcFault } from '../faults.ts'
import type { PeerName } from '../method.ts'
import { socketDuplex } from '../socket/duplex.ts'
import { contextOf, nameByFingerprint, peerNameOf, type TlsCredential } from './credential.ts'

/** Which machine is dialled, and as whom. */
export interface TlsConnectOptions {
  readonly host: string
  readonly port: number
  /** What is shown; or, as a stranger with nothing to show, the authority that is believed: SHA-256 of its public key, base64url. */
  readonly credential: TlsCredential | { readonly authorityFingerprint: string }
  /** False: the machine that answers is not the one meant. Machines are known by their certificate, never by address. */
  readonly isMeant: (peer: PeerName) => boolean
}

/** A connection to a machine that has shown who it is. */
export interface TlsConnection {
  readonly duplex: Duplex
  readonly peer: PeerName
}

/** Dials a machine. Faults: Unreachable (nobody there, or no certificate of this cloud, or another machine); the signal's reason. */
export function connectTls(options: TlsConnectOptions, signal: AbortSignal): Promise<TlsConnection> {
  signal.throwIfAborted()
  const { host, port, credential } = options
  return new Promise((resolve, reject) => {
    // What the certificate says is asked below: its name is a machine's, not that of an address.
    const socket = connect({ host, port, ...shownBy(credential), checkServerIdentity: () => undefined })
    const abort = () => socket.destroy(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const over = () => signal.removeEventListener('abort', abort)
    const failed = (error: unknown) => {
      over()
      reject(signal.aborted ? signal.reason : unreachable(`${host}:${port}`, error))
    }
    socket.once('error', failed)
    socket.once('secureConnect', () => {
      over()
      socket.off('error', failed)
      try {
        resolve(connectionOf(socket, options))
      } catch (error) {
        socket.destroy()
        reject(error)
      }
    })
  })
}

// Who knows only a fingerprint looks at the certificates itself, before anything is said.
function shownBy(credential: TlsConnectOptions['credential']) {
  if ('keyPem' in credential) return contextOf(credential)
  return { minVersion: 'TLSv1.3', rejectUnauthorized: false } as const
}

function connectionOf(socket: TLSSocket, { host, port, credential, isMeant }: TlsConnectOptions): TlsConnection {
  const address = `${host}:${port}`
  const isKnown = 'keyPem' in credential
  const peer = isKnown ? peerNameOf(socket) : nameByFingerprint(socket, credential.authorityFingerprint)
  if (peer === undefined && !isKnown) {
    throw rpcFault('Unreachable', `at ${address} answers another cloud: its authority has another fingerprint`, {
      hint: 'See that the token and the address are of the same cloud.',
    })
  }
  if (peer === undefined || !isMeant(peer)) {
    throw rpcFault('Unreachable', `at ${address} answers ${peer?.name ?? 'somebody without a name'}, another machine`, {
      hint: 'An address has changed hands: see `cairn node ls`.',
    })
  }
  socket.setNoDelay(true)
  return { duplex: socketDuplex(socket), peer }
}

function unreachable(address: string, error: unknown): unknown {
  const code = isSystemError(error) ? error.code : undefined
  return rpcFault('Unreachable', `no machine of this cloud answers at ${address} (${code ?? String(error)})`, {
    hint: 'See that it runs and that its port is not blocked: `cairn status` there.',
    cause: error,
  })
}
