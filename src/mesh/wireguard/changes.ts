import type { WireguardPeer, WireguardState } from './state.ts'

/** A peer as it has to be. */
export interface WantedPeer {
  readonly publicKey: string
  /** Undefined: it stays as it is. */
  readonly endpoint: string | undefined
  readonly allowedIps: readonly string[]
  readonly keepalive: number
  /** It is made anew, so that a handshake begins at once instead of after 5 s. */
  readonly isFresh: boolean
}

/**
 * The words for `wg set INTERFACE` that make the peers as they have to be: nothing for what is right, so that ways that work
 * are never touched. What an address is taken from comes before who gets it.
 */
export function peerChanges(state: WireguardState, wanted: readonly WantedPeer[]): readonly string[] {
  const keys = new Set(wanted.map(({ publicKey }) => publicKey))
  const gone = [...state.peers.keys()].filter(key => !keys.has(key))
  const anew = wanted.filter(({ isFresh, publicKey }) => isFresh && state.peers.has(publicKey))
  const removed = [...gone, ...anew.map(({ publicKey }) => publicKey)]
  const rows = wanted.map(each => ({
    each,
    words: wordsOf(each, each.isFresh ? undefined : state.peers.get(each.publicKey)),
  }))
  // `wg` gives an address to the last that is named with it, and takes it from who had it.
  const isLess = ({ each }: (typeof rows)[number]) =>
    each.allowedIps.length < (state.peers.get(each.publicKey)?.allowedIps.length ?? 0)
  const ordered = [...rows.filter(isLess), ...rows.filter(row => !isLess(row))]
  return [...removed.flatMap(key => ['peer', key, 'remove']), ...ordered.flatMap(({ words }) => words)]
}

function wordsOf(wanted: WantedPeer, now: WireguardPeer | undefined): readonly string[] {
  const { publicKey, endpoint, keepalive } = wanted
  const allowed = [...wanted.allowedIps].sort().join(',')
  const isOther = endpoint !== undefined && endpoint !== now?.endpoint
  const words = [
    ...(isOther ? ['endpoint', endpoint] : []),
    ...(now?.keepalive === keepalive || (now === undefined && keepalive === 0)
      ? []
      : ['persistent-keepalive', keepalive === 0 ? 'off' : String(keepalive)]),
    ...(now?.allowedIps.join(',') === allowed || (now === undefined && allowed === '') ? [] : ['allowed-ips', allowed]),
  ]
  return words.length === 0 && now !== undefined ? [] : ['peer', publicKey, ...words]
}
