import { connect, type TLSSocket } from 'node:tls'
import { isSystemError } from '#base'
import type { Duplex } from '../duplex.ts'
import { rpcFault } from '../faults.ts'
import type { PeerName } from '../method.ts'
import { socketDuplex } from '../socket/duplex.ts'
import { contextOf, peerNameOf, type TlsCredential } from './credential.ts'

/** Which machine is dialled, and as whom. */
export interface TlsConnectOptions {
  readonly host: string
  readonly port: number
  readonly credential: TlsCredential
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
  const { host, port, credential, isMeant } = options
  return new Promise((resolve, reject) => {
    // What the certificate says is asked below: its name is a machine's, not that of an address.
    const socket = connect({ host, port, ...contextOf(credential), checkServerIdentity: () => undefined })
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
        resolve(connectionOf(socket, `${host}:${port}`, isMeant))
      } catch (error) {
        socket.destroy()
        reject(error)
      }
    })
  })
}

function connectionOf(socket: TLSSocket, address: string, isMeant: TlsConnectOptions['isMeant']): TlsConnection {
  const peer = peerNameOf(socket)
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
