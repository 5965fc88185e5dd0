/** A peer as WireGuard has it. */
export interface WireguardPeer {
  readonly publicKey: string
  /** `HOST:PORT` to which packets for it go now. */
  readonly endpoint: string | undefined
  /** `ADDRESS/BITS`, sorted. */
  readonly allowedIps: readonly string[]
  /** Seconds since 1970; 0: never. */
  readonly handshakeSeconds: number
  readonly rxBytes: number
  readonly txBytes: number
  /** Seconds; 0: off. */
  readonly keepalive: number
}

/** An interface as WireGuard has it. */
export interface WireguardState {
  /** '' when it has none yet. */
  readonly publicKey: string
  readonly listenPort: number
  readonly peers: ReadonlyMap<string, WireguardPeer>
}

/** Reads what `wg show INTERFACE dump` prints (wg(8)). Private keys in it are not kept. */
export function readWireguard(text: string): WireguardState {
  const [own = '', ...rows] = text.split('\n')
  const [, publicKey = '', listenPort = ''] = own.split('\t')
  const peers = rows.flatMap((row): readonly [string, WireguardPeer][] => {
    const [key = '', , endpoint, allowed = '', handshake, rx, tx, keepalive] = row.split('\t')
    if (key === '') return []
    const peer = {
      publicKey: key,
      endpoint: endpoint === NONE ? undefined : endpoint,
      allowedIps: allowed === NONE ? [] : allowed.split(',').sort(),
      handshakeSeconds: numberOr(handshake),
      rxBytes: numberOr(rx),
      txBytes: numberOr(tx),
      keepalive: numberOr(keepalive),
    }
    return [[key, peer]]
  })
  return {
    publicKey: publicKey === NONE ? '' : publicKey,
    listenPort: numberOr(listenPort),
    peers: new Map(peers),
  }
}

const NONE = '(none)'

function numberOr(text: string | undefined): number {
  const number = Number(text)
  return Number.isSafeInteger(number) && number >= 0 ? number : 0
}
