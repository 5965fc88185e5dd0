import type { World } from '#base'
import type { MeshReport, Nat } from '#cluster'
import { whyOf, isFault } from '#base'
import {
  type Heard,
  type MeshMap,
  type MeshStatus,
  natOf,
  peerChanges,
  rangeOf,
  rttOver,
  scoreOf,
  steadyTenths,
  wantedPeers,
  type WireguardState,
} from '#mesh'
import { MeshDoor } from './door.ts'
import { EchoPort } from './echo.ts'
import type { MeshInterface } from './interface.ts'
import { clashOf } from './interface.ts'
import type { MeshFiles } from './keys.ts'
import { MESH_TICK_MS, MESH_TURN_MS } from './limits.ts'
import { ownEndpoints, ownNetworks } from './own.ts'
import { counts, ownPair, rowsOf, saidOf, type TellingFacts } from './telling.ts'
import { type EchoPorts, Ways } from './ways.ts'

/** What the mesh of this machine works with. */
export interface MeshParts {
  readonly world: World
  readonly dataFolder: string
  readonly files: MeshFiles
  readonly device: MeshInterface
  /** The range that people want; said by controllers. */
  readonly range: string | undefined
}

/** This machine on the mesh: makes WireGuard as the map wants it, keeps ways open, tells how it is. */
export class Mesh implements AsyncDisposable {
  readonly #parts: MeshParts
  readonly #ways: Ways
  readonly #door: MeshDoor
  readonly #closing = new AbortController()
  readonly #running: Promise<void>
  #wake = Promise.withResolvers<void>()
  #heard: Heard | undefined
  #nat: Nat = 'unknown'
  #scoreTenths: number | undefined
  #ports: { readonly address: string; readonly ports: EchoPorts; readonly stack: AsyncDisposableStack } | undefined
  #problem: string | undefined
  #turnMs = Number.NEGATIVE_INFINITY
  #lookMs = Number.NEGATIVE_INFINITY
  #told = ''

  constructor(parts: MeshParts) {
    this.#parts = parts
    this.#ways = new Ways(parts.world)
    this.#door = new MeshDoor(parts.dataFolder, parts.world, () => this.#changed())
    this.#running = this.#run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#wake.resolve()
    await this.#running
    await this.#door[Symbol.asyncDispose]()
    await this.#ports?.stack.disposeAsync()
  }

  #changed(): void {
    this.#turnMs = Number.NEGATIVE_INFINITY
    this.#lookMs = Number.NEGATIVE_INFINITY
    this.#wake.resolve()
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts.world
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        await this.#tick(signal)
      } catch (error) {
        if (!isFault(error)) throw error
        log.warn('the mesh cannot be made as it has to be', { why: whyOf(error) })
      }
      const over = new AbortController()
      const tick = clock.sleep(MESH_TICK_MS, AbortSignal.any([signal, over.signal])).catch(() => undefined)
      await Promise.race([tick, this.#wake.promise])
      over.abort()
      this.#wake = Promise.withResolvers()
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.world
    const { map } = this.#door
    if (map === undefined) return
    const everyMs = this.#ways.isUnsettled ? MESH_TICK_MS : MESH_TURN_MS
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#lookMs >= everyMs - SLACK_MS) {
      this.#lookMs = nowMs
      await this.#look(map)
    }
    if (this.#ports !== undefined) this.#ways.measure(map, this.#ports.ports, signal)
    const marks = this.#ways.marks
    if (
      marks !== this.#told ||
      nowMs - this.#turnMs >= (this.#ways.isUnsettled ? TURN_SOON_MS : MESH_TURN_MS) - SLACK_MS
    ) {
      this.#turnMs = nowMs
      this.#told = marks
      await this.#turn(map)
    }
  }

  async #look(map: MeshMap): Promise<void> {
    const { device } = this.#parts
    await this.#address(map)
    const state = await device.state()
    this.#ways.look({ map, state, heard: this.#heard, networks: ownNetworks() })
    if (this.#ports === undefined) return
    await device.set(
      peerChanges(
        state,
        wantedPeers(map, state, name => this.#ways.wishOf(name)),
      ),
    )
  }

  async #turn(map: MeshMap): Promise<void> {
    const state = await this.#parts.device.state()
    const facts = this.#facts(map, state)
    const heard = await this.#door.turn({
      report: this.#report(facts),
      said: saidOf(facts),
      status: this.#status(facts),
    })
    if (heard === undefined) return
    this.#heard = heard
    this.#nat = natOf(ownEndpoints(state.listenPort), heard.seen)
  }

  // Addresses come with the map, and may be others one day.
  async #address(map: MeshMap): Promise<void> {
    const { device, world } = this.#parts
    const { range, prefix } = map.ranges ?? {}
    const pair = ownPair({ map })
    const at = rangeOf(range ?? '')
    if (range === undefined || prefix === undefined || at === undefined || pair === undefined) return
    const clash = await clashOf(at, device.name)
    this.#problem = clash === undefined ? undefined : `the range ${range} clashes with ${clash}`
    if (clash !== undefined) return this.#closePorts()
    const { addresses = [] } = map.machines.find(({ name }) => name === map.own)?.mesh ?? {}
    await device.address({ range, prefix, addresses })
    const [usual, direct] = pair
    if (this.#ports?.address === usual) return
    await this.#closePorts()
    await using opening = new AsyncDisposableStack()
    const ports = {
      usual: opening.use(await EchoPort.open(usual, world)),
      direct: opening.use(await EchoPort.open(direct, world)),
    }
    this.#ports = { address: usual, ports, stack: opening.move() }
  }

  async #closePorts(): Promise<void> {
    await this.#ports?.stack.disposeAsync()
    this.#ports = undefined
  }

  #facts(map: MeshMap, state: WireguardState): TellingFacts {
    const { device, world } = this.#parts
    return {
      map,
      state,
      ways: this.#ways,
      heard: this.#heard,
      nat: this.#nat,
      canRelay: device.forwarding.isAllowed,
      networks: ownNetworks(),
      wallSeconds: Number(world.clock.wallNs() / 1_000_000n) / 1000,
    }
  }

  #report(facts: TellingFacts): MeshReport {
    const { device, range } = this.#parts
    this.#scoreTenths = steadyTenths(this.#scoreTenths, this.#score(facts))
    return {
      provider: 'wireguard',
      publicKey: facts.state.publicKey,
      endpoints: ownEndpoints(facts.state.listenPort),
      addresses: [],
      nat: this.#nat,
      scoreTenths: this.#scoreTenths,
      ...counts(facts),
      canRelay: device.forwarding.isAllowed,
      ...(range === undefined ? {} : { range }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem }),
    }
  }

  #status(facts: TellingFacts): MeshStatus {
    const { device } = this.#parts
    const { state, map } = facts
    return {
      provider: 'wireguard',
      interface: device.name,
      engine: device.engine,
      publicKey: state.publicKey,
      listenPort: state.listenPort,
      ...(map.ranges === undefined ? {} : { range: map.ranges.range }),
      ...(this.#problem === undefined ? {} : { problem: this.#problem, remedy: CLASH_REMEDY }),
      nat: this.#nat,
      score: Math.round(100 * this.#score(facts)),
      names: 'none',
      isRotating: false,
      machines: rowsOf(facts),
    }
  }

  // How far the nearest controller is; a controller is one itself.
  #score({ map, nat }: TellingFacts): number {
    const own = map.machines.find(({ name }) => name === map.own)
    const controllers = map.machines.filter(({ isController, name }) => isController && name !== map.own)
    const times = controllers
      .map(({ name }) => this.#ways.of(name))
      .flatMap(way => (way === undefined ? [] : (rttOver(way) ?? [])))
    return scoreOf(nat, own?.isController === true ? 0 : times.length === 0 ? undefined : Math.min(...times))
  }
}

const SLACK_MS = 50
const TURN_SOON_MS = 2_000
const CLASH_REMEDY = 'Choose another range on a controller: cairn up --mesh-range 10.60.0.0/16'
