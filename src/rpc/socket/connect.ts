import net from 'node:net'
import { isSystemError } from '#base'
import { type Client, openClient } from '../client.ts'
import type { ConnectionOptions } from '../connection.ts'
import { rpcFault } from '../faults.ts'
import { socketDuplex } from './duplex.ts'

/** Opens a client on the unix socket at `path`. Faults: Unreachable, Closed, Unsupported; the signal's reason. */
export async function connectSocket(path: string, options: ConnectionOptions, signal: AbortSignal): Promise<Client> {
  const socket = await connected(path, signal)
  return openClient(socketDuplex(socket), options, signal)
}

function connected(path: string, signal: AbortSignal): Promise<net.Socket> {
  signal.throwIfAborted()
  return new Promise((resolve, reject) => {
    const socket = net.connect({ path })
    const abort = () => socket.destroy(signal.reason)
    signal.addEventListener('abort', abort, { once: true })
    const failed = (error: unknown) => {
      signal.removeEventListener('abort', abort)
      reject(signal.aborted ? signal.reason : unreachableFault(path, error))
    }
    socket.once('error', failed)
    socket.once('connect', () => {
      signal.removeEventListener('abort', abort)
      socket.off('error', failed)
      resolve(socket)
    })
  })
}

function unreachableFault(path: string, error: unknown): unknown {
  if (isSystemError(error, 'EACCES')) {
    return rpcFault('Unreachable', `${path} may not be opened by this user`, {
      hint: 'Run the command as the user who runs `cairn up`, or as root.',
      cause: error,
    })
  }
  if (!isSystemError(error)) return error
  return rpcFault('Unreachable', `nobody answers at ${path} (${error.code})`, {
    hint: 'Start Cairn with `cairn up`, or name its data folder with --data.',
    cause: error,
  })
}
