import { KEEPALIVE_SECONDS } from '../limits.ts'
import type { MeshMachine, MeshMap } from '../methods/mesh-map.ts'
import { directAddressOf, rangeOf } from '../ranges.ts'
import type { WantedPeer } from './changes.ts'
import type { WireguardState } from './state.ts'

/** What is wanted of the way to a machine. */
export interface PeerWish {
  /** The machine that carries its packets. */
  readonly via: string | undefined
  /** Where packets go from now on; undefined: as it is. */
  readonly endpoint: string | undefined
  /** Begin anew at that endpoint. */
  readonly isFresh: boolean
  readonly isKeptOpen: boolean
}

/** The key under which a machine is spoken to: the next one as soon as it has used that. */
export function keyInUse({ mesh }: MeshMachine, { peers }: WireguardState): string | undefined {
  const { publicKey, nextPublicKey } = mesh ?? {}
  if (publicKey === undefined || nextPublicKey === undefined) return publicKey
  return (peers.get(nextPublicKey)?.handshakeSeconds ?? 0) > 0 ? nextPublicKey : publicKey
}

/** All peers as they have to be: each has its direct address always, and those of the machines that are reached through it. */
export function wantedPeers(
  map: MeshMap,
  state: WireguardState,
  wishOf: (name: string) => PeerWish,
): readonly WantedPeer[] {
  const range = rangeOf(map.ranges?.range ?? '')
  if (range === undefined) return []
  const others = map.machines.filter(({ name, mesh }) => name !== map.own && mesh?.publicKey !== undefined)
  const carried = new Map<string, string[]>()
  for (const { name, mesh } of others) {
    const carrier = wishOf(name).via ?? name
    carried.set(carrier, [...(carried.get(carrier) ?? []), ...(mesh?.addresses ?? []).map(hostRoute)])
  }
  return others.flatMap(machine => {
    const { name, mesh } = machine
    const { endpoint, isFresh, isKeptOpen } = wishOf(name)
    const direct = directAddressOf(range, mesh?.addresses[0] ?? '')
    const allowedIps = [...(carried.get(name) ?? []), ...(direct === undefined ? [] : [hostRoute(direct)])]
    const keys = [mesh?.publicKey, mesh?.nextPublicKey].filter(key => key !== undefined)
    const used = keyInUse(machine, state)
    return keys.map(publicKey => {
      const isUsed = publicKey === used
      const keepalive = isUsed && isKeptOpen ? KEEPALIVE_SECONDS : 0
      // The next key is spoken to first by who has it: it knows when.
      const at = isUsed ? endpoint : undefined
      return { publicKey, endpoint: at, allowedIps: isUsed ? allowedIps : [], keepalive, isFresh: isUsed && isFresh }
    })
  })
}

function hostRoute(address: string): string {
  return `${address}/${address.includes(':') ? 128 : 32}`
}
