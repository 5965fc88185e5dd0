import type { World } from '#base'
import {
  candidatesOf,
  directAddressOf,
  type Heard,
  isInDoubt,
  KEPT_OPEN_MAX,
  MEASURE_MS,
  MEASURE_SOON_MS,
  MEASURED_MAX,
  type MeshMachine,
  type MeshMap,
  type Networks,
  newWay,
  nextTrial,
  followDirect,
  nextWay,
  pathOf,
  type OtherSaid,
  type PeerWish,
  type Relay,
  rangeOf,
  rttOf,
  type Way,
  type WireguardState,
  withEcho,
} from '#mesh'
import type { EchoPort } from './echo.ts'

/** What is known of the machines when ways are looked at. */
export interface WaysFacts {
  readonly map: MeshMap
  readonly state: WireguardState
  readonly heard: Heard | undefined
  readonly networks: Networks
}

/** Two ports: of the address that others use, and of the one to which packets always go directly. */
export interface EchoPorts {
  readonly usual: EchoPort
  readonly direct: EchoPort
}

/** The ways to all other machines: measures them, and chooses how packets go. */
export class Ways {
  readonly #world: World
  readonly #ways = new Map<string, Way>()
  readonly #askedMs = new Map<string, number>()
  readonly #bytes = new Map<string, number>()
  #active: ReadonlySet<string> = new Set()
  #wishes: ReadonlyMap<string, PeerWish> = new Map()

  constructor(world: World) {
    this.#world = world
  }

  /** The way to a machine; undefined when it is not on the mesh. */
  of(name: string): Way | undefined {
    return this.#ways.get(name)
  }

  /** Machines whose ways are measured and mended: those in use, and some others. */
  get active(): ReadonlySet<string> {
    return this.#active
  }

  /** True while a way is sought or in doubt, and it is worth looking often. */
  get isUnsettled(): boolean {
    return [...this.#ways.values()].some(way => this.#active.has(way.name) && this.#isUnsettled(way))
  }

  /** Changes whenever a machine is reached otherwise. */
  get marks(): string {
    return Array.from(this.#ways.values(), way => `${way.name} ${pathOf(way)} ${way.via ?? ''}`).join()
  }

  /** What is wanted of WireGuard for a machine. */
  wishOf(name: string): PeerWish {
    return this.#wishes.get(name) ?? NO_WISH
  }

  /** Looks at all ways, once. */
  look(facts: WaysFacts): void {
    const { map } = facts
    const others = map.machines.filter(({ name, mesh }) => name !== map.own && mesh?.publicKey !== undefined)
    const names = new Set(others.map(({ name }) => name))
    for (const name of this.#ways.keys()) if (!names.has(name)) this.#ways.delete(name)
    const nowMs = this.#nowMs()
    for (const name of names) if (!this.#ways.has(name)) this.#ways.set(name, newWay(name, nowMs))
    this.#active = this.#activeOf(others, facts)
    const relays = this.#relays(facts)
    const isSmall = others.length < KEPT_OPEN_MAX
    this.#wishes = new Map(others.map(machine => [machine.name, this.#wish(machine, { ...facts, relays, isSmall })]))
  }

  /**
   * The machine that has this direct address sends its packets directly now: one that follows it does the same at once, for
   * it takes none from there before. True when that is new.
   */
  heardDirect(address: string, { own, ranges, machines }: MeshMap): boolean {
    const range = rangeOf(ranges?.range ?? '')
    const isIt = ({ mesh }: MeshMachine) =>
      range !== undefined && directAddressOf(range, mesh?.addresses[0] ?? '') === address
    const name = machines.find(isIt)?.name
    const way = this.#ways.get(name ?? '')
    if (way?.via === undefined || own < way.name) return false
    this.#ways.set(way.name, followDirect(way, this.#nowMs()))
    return true
  }

  /** All are asked anew at once. */
  measureSoon(): void {
    this.#askedMs.clear()
  }

  /** Asks how far machines are that are due; what comes of it is seen at the next look. */
  measure(map: MeshMap, { usual, direct }: EchoPorts, signal: AbortSignal): void {
    const range = rangeOf(map.ranges?.range ?? '')
    const nowMs = this.#nowMs()
    for (const { name, mesh } of map.machines) {
      const way = this.#ways.get(name)
      const [address] = mesh?.addresses ?? []
      if (way === undefined || range === undefined || address === undefined || !this.#active.has(name)) continue
      const everyMs = this.#isUnsettled(way) ? MEASURE_SOON_MS : MEASURE_MS
      if (nowMs - (this.#askedMs.get(name) ?? -MEASURE_MS) < everyMs) continue
      this.#askedMs.set(name, nowMs)
      const isDirect = way.via === undefined && way.direct.isWell
      const straight = directAddressOf(range, address) ?? address
      void this.#ask(name, 'direct', direct.ask({ address: straight, isDirect }, signal))
      if (way.via !== undefined) void this.#ask(name, 'relayed', usual.ask({ address, isDirect }, signal))
    }
  }

  async #ask(name: string, which: 'direct' | 'relayed', asked: Promise<number | undefined>): Promise<void> {
    const via = this.#ways.get(name)?.via
    const rttMs = await asked
    const way = this.#ways.get(name)
    if (way === undefined || (which === 'relayed' && way.via !== via)) return
    this.#ways.set(name, { ...way, [which]: withEcho(way[which], rttMs) })
  }

  #wish(
    machine: MeshMachine,
    {
      heard,
      state,
      relays,
      networks,
      map,
      isSmall,
    }: WaysFacts & { readonly relays: readonly Relay[]; readonly isSmall: boolean },
  ): PeerWish {
    const { name, mesh, isController } = machine
    const way = this.#ways.get(name)
    const range = rangeOf(map.ranges?.range ?? '')
    const said = saidBy(heard, name)
    const candidates = candidatesOf({ own: mesh?.endpoints ?? [], seen: said?.endpoints ?? [] }, { networks, range })
    const peer = state.peers.get(mesh?.publicKey ?? '')
    const isKeptOpen = isSmall || isController || this.#active.has(name)
    const first = peer?.endpoint === undefined ? candidates[0] : undefined
    if (way === undefined || !this.#active.has(name)) {
      return { via: undefined, endpoint: first, isFresh: false, isKeptOpen }
    }
    const nowMs = this.#nowMs()
    const chosen = nextWay(way, { nowMs, own: map.own, said, relays })
    const trial = nextTrial(chosen, candidates, { nowMs, rxBytes: peer?.rxBytes ?? 0 })
    this.#ways.set(name, trial.way)
    if (trial.way.via !== way.via) this.#askedMs.delete(name)
    const endpoint = trial.endpoint ?? first
    return { via: trial.way.via, endpoint, isFresh: trial.endpoint !== undefined, isKeptOpen }
  }

  #relays({ map, heard }: WaysFacts): readonly Relay[] {
    return map.machines.flatMap(({ name }) => {
      const [way, said] = [this.#ways.get(name), saidBy(heard, name)]
      if (way?.direct.isWell !== true || said?.canRelay !== true) return []
      return [{ name, rttMs: rttOf(way.direct), nat: said.nat }]
    })
  }

  #activeOf(others: readonly MeshMachine[], { map, state }: WaysFacts): ReadonlySet<string> {
    if (others.length <= MEASURED_MAX) return new Set(others.map(({ name }) => name))
    const names = others.map(({ name }) => name).sort()
    const start = names.findIndex(name => name > map.own)
    const ring = [...names.slice(Math.max(0, start)), ...names.slice(0, Math.max(0, start))]
    const used = others.filter(({ name, mesh }) =>
      this.#isUsed(name, state.peers.get(mesh?.publicKey ?? '')?.txBytes ?? 0),
    )
    return new Set([...used.map(({ name }) => name), ...ring.slice(0, MEASURED_MAX)])
  }

  // Keepalives and echoes alone are less.
  #isUsed(name: string, txBytes: number): boolean {
    const before = this.#bytes.get(name) ?? txBytes
    this.#bytes.set(name, txBytes)
    return txBytes - before > USED_BYTES
  }

  #isUnsettled(way: Way): boolean {
    const { direct, relayed, via, soughtSinceMs, viaSinceMs } = way
    const nowMs = this.#nowMs()
    if (direct.isWell) return isInDoubt(direct)
    if (nowMs - soughtSinceMs < SEEK_MS) return true
    return via !== undefined && isInDoubt(relayed) && nowMs - viaSinceMs < SEEK_MS
  }

  #nowMs(): number {
    return this.#world.clock.monotonicMs()
  }
}

const NO_WISH: PeerWish = { via: undefined, endpoint: undefined, isFresh: false, isKeptOpen: false }
const USED_BYTES = 4_096
const SEEK_MS = 30_000

function saidBy(heard: Heard | undefined, name: string): OtherSaid | undefined {
  return heard?.machines.find(each => each.name === name)
}
