import { listenAddressOf, PEER_PORT } from '#rpc'
import { mainFault } from '../faults.ts'

/** Where machines are listened for; `host` undefined: at every address of this machine. */
export interface PeerAddress {
  readonly host: string | undefined
  readonly port: number
}

/** Reads `--peer-listen`: `HOST`, `HOST:PORT`, `none` (undefined), or nothing for everywhere. Faults: Invalid. */
export function peerAddressOf(words: string): PeerAddress | undefined {
  if (words === 'none') return undefined
  if (words === '') return { host: undefined, port: PEER_PORT }
  const address = listenAddressOf(words, PEER_PORT)
  if (address === undefined) {
    throw mainFault('Invalid', `--peer-listen: "${words}" is no address to listen on`, {
      hint: 'It must be HOST, HOST:PORT, [IPV6]:PORT or none.',
    })
  }
  return address
}
