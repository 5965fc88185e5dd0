import type { MeshReport, Nat } from '#cluster'
import {
  directAddressOf,
  kindOf,
  lossPercentOf,
  type MeshMachine,
  type MeshMap,
  type MeshRow,
  type MeshStatus,
  pathOf,
  rangeOf,
  rttOver,
  type Said,
  SESSION_SECONDS,
  scoreOf,
  TOLD_MAX,
  type Heard,
  type WireguardPeer,
  type WireguardState,
} from '#mesh'
import type { Ways } from './ways.ts'

/** What is told to others and to people is made of these. */
export interface TellingFacts {
  readonly map: MeshMap
  readonly state: WireguardState
  readonly ways: Ways
  readonly heard: Heard | undefined
  readonly nat: Nat
  readonly canRelay: boolean
  readonly networks: readonly string[]
  readonly wallSeconds: number
  /** What WireGuard had said a moment before, and how long ago that is. */
  readonly before: { readonly state: WireguardState; readonly agoMs: number } | undefined
}

/** What this machine tells controllers of its ways. */
export function saidOf({ map, state, ways, nat, canRelay, wallSeconds }: TellingFacts): Said {
  const others = map.machines.filter(({ name }) => ways.active.has(name))
  const seen = others.flatMap(machine => {
    const peer = peerOf(machine, state)
    const isNow = wallSeconds - (peer?.handshakeSeconds ?? 0) < SESSION_SECONDS
    return isNow && peer?.endpoint !== undefined ? [{ name: machine.name, endpoint: peer.endpoint }] : []
  })
  const rows = others.flatMap(({ name }) => {
    const way = ways.of(name)
    if (way === undefined) return []
    const rttMs = rttOver(way)
    const path = pathOf(way)
    return [
      {
        name,
        path,
        ...(way.via === undefined ? {} : { via: way.via }),
        ...(rttMs === undefined ? {} : { rttMs: Math.round(rttMs) }),
      },
    ]
  })
  const wants = [...rows].sort((a, b) => Number(a.path === 'direct') - Number(b.path === 'direct'))
  return {
    seen: seen.slice(0, TOLD_MAX),
    ways: rows.slice(0, TOLD_MAX),
    nat,
    canRelay,
    wants: wants.map(({ name }) => name).slice(0, TOLD_MAX),
  }
}

/** How many machines are reached in which way. */
export function counts({ map, ways }: TellingFacts): Pick<MeshReport, 'direct' | 'relayed'> {
  const paths = map.machines.map(({ name }) => ways.of(name)).map(way => (way === undefined ? 'none' : pathOf(way)))
  return {
    direct: paths.filter(path => path === 'direct').length,
    relayed: paths.filter(path => path === 'relayed').length,
  }
}

/** Machines for people. */
export function rowsOf(facts: TellingFacts): MeshStatus['machines'] {
  const { map } = facts
  return map.machines.flatMap(machine => (machine.mesh === undefined ? [] : [rowOf(machine, facts)]))
}

function rowOf(machine: MeshMachine, facts: TellingFacts): MeshRow {
  const { map, state, ways, heard, networks, wallSeconds } = facts
  const { name, mesh } = machine
  const common = { name, address: mesh?.addresses[0] ?? '' }
  if (name === map.own) return { ...common, path: 'this machine', rxBytes: 0, txBytes: 0 }
  const [way, peer] = [ways.of(name), peerOf(machine, state)]
  const { rxBytes = 0, txBytes = 0 } = peer ?? {}
  if (way === undefined) return { ...common, path: 'none', rxBytes, txBytes }
  const nat = heard?.machines.find(each => each.name === name)?.nat ?? 'unknown'
  const rttMs = rttOver(way)
  const isPunched = peer?.endpoint !== undefined && kindOf(peer.endpoint, mesh?.endpoints ?? [], networks) === 'punched'
  const path = pathOf(way)
  return {
    ...common,
    path: path === 'direct' && isPunched ? 'punched' : path,
    ...(way.via === undefined ? {} : { via: way.via }),
    ...(peer?.endpoint === undefined ? {} : { endpoint: peer.endpoint }),
    ...(rttMs === undefined ? {} : { rttMs: Math.max(1, Math.round(rttMs)) }),
    lossPercent: lossPercentOf(way.via === undefined ? way.direct : way.relayed),
    score: Math.round(100 * scoreOf(nat, rttMs)),
    nat,
    ...(peer === undefined || peer.handshakeSeconds === 0
      ? {}
      : { handshakeAgoMs: Math.max(0, Math.round(1000 * (wallSeconds - peer.handshakeSeconds))) }),
    rxBytes,
    txBytes,
    ...rates(machine, facts),
  }
}

// Counts begin anew with a peer that is made anew.
function rates(machine: MeshMachine, { state, before }: TellingFacts): Pick<MeshRow, 'rxPerSecond' | 'txPerSecond'> {
  const [now, then] = [peerOf(machine, state), before === undefined ? undefined : peerOf(machine, before.state)]
  if (before === undefined || now === undefined || then === undefined || before.agoMs <= 0) return {}
  const perSecond = (bytes: number) => Math.max(0, Math.round((1000 * bytes) / before.agoMs))
  return { rxPerSecond: perSecond(now.rxBytes - then.rxBytes), txPerSecond: perSecond(now.txBytes - then.txBytes) }
}

function peerOf({ mesh }: MeshMachine, { peers }: WireguardState): WireguardPeer | undefined {
  const next = peers.get(mesh?.nextPublicKey ?? '')
  return (next?.handshakeSeconds ?? 0) > 0 ? next : peers.get(mesh?.publicKey ?? '')
}

/** The two addresses of this machine on the mesh: the usual one, and the one that is always direct. */
export function ownPair({ map }: Pick<TellingFacts, 'map'>): readonly [string, string] | undefined {
  const range = rangeOf(map.ranges?.range ?? '')
  const address = map.machines.find(({ name }) => name === map.own)?.mesh?.addresses[0]
  const direct = range === undefined || address === undefined ? undefined : directAddressOf(range, address)
  return address === undefined || direct === undefined ? undefined : [address, direct]
}
