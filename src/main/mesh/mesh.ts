import type { World } from '#base'
import type { MeshReport, Nat } from '#cluster'
import { whyOf, isFault } from '#base'
import {
  type Heard,
  keyInUse,
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
import type { MeshInterface } from './interface.ts'
import { clashOf } from './interface.ts'
import type { MeshFiles } from './keys.ts'
import { MESH_TICK_MS, MESH_TURN_MS, ROTATE_LOOK_MS } from './limits.ts'
import { ownEndpoints, ownNetworks } from './own.ts'
import { counts, ownPair, rowsOf, saidOf, type TellingFacts } from './telling.ts'
import { openPresence, type Presence } from './presence.ts'
import { KeyRotation } from './rotation.ts'
import { Ways } from './ways.ts'

/** What the mesh of this machine works with. */
export interface MeshParts {
  readonly world: World
  readonly dataFolder: string
  readonly files: MeshFiles
  readonly device: MeshInterface
  /** The range that people want; said by controllers. */
  readonly range: string | undefined
  readonly isResolvConf: boolean
}

/** This machine on the mesh: makes WireGuard as the map wants it, keeps ways open, tells how it is. */
export class Mesh implements AsyncDisposable {
  readonly #parts: MeshParts
  readonly #ways: Ways
  readonly #rotation: KeyRotation
  readonly #door: MeshDoor
  readonly #closing = new AbortController()
  readonly #gone = Promise.withResolvers<void>()
  readonly #running: Promise<void>
  #wake = Promise.withResolvers<void>()
  #heard: Heard | undefined
  #nat: Nat = 'unknown'
  #scoreTenths: number | undefined
  #presence: Presence | undefined
  #clashMs = Number.NEGATIVE_INFINITY
  #rotations = 0
  #isKeyAwaited = false
  #problem: string | undefined
  #turnMs = Number.NEGATIVE_INFINITY
  #lookMs = Number.NEGATIVE_INFINITY
  #told = ''
  #before: { readonly state: WireguardState; readonly atMs: number } | undefined

  constructor(parts: MeshParts) {
    this.#parts = parts
    this.#ways = new Ways(parts.world)
    this.#rotation = new KeyRotation(parts)
    this.#door = new MeshDoor(parts.dataFolder, parts.world, () => this.#changed())
    this.#running = this.#run()
  }

  /** Resolves when somebody has removed the interface: only a process that makes another can go on. */
  get gone(): Promise<void> {
    return this.#gone.promise
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#wake.resolve()
    await this.#running
    await this.#door[Symbol.asyncDispose]()
    await this.#leave()
  }

  #changed(): void {
    this.#turnMs = Number.NEGATIVE_INFINITY
    this.#lookMs = Number.NEGATIVE_INFINITY
    this.#wake.resolve()
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts.world
    const { signal } = this.#closing
    let trouble: string | undefined
    while (!signal.aborted) {
      try {
        if (!this.#parts.device.isThere) return this.#gone.resolve()
        await this.#tick(signal)
      } catch (error) {
        if (!isFault(error)) throw error
        if (!this.#parts.device.isThere) return this.#gone.resolve()
        const why = whyOf(error)
        if (why !== trouble) log.warn('the mesh cannot be made as it has to be', { why })
        trouble = why
      }
      const over = new AbortController()
      const tick = clock
        .sleep(this.#isKeyAwaited ? ROTATE_LOOK_MS : MESH_TICK_MS, AbortSignal.any([signal, over.signal]))
        .catch(() => undefined)
      await Promise.race([tick, this.#wake.promise])
      over.abort()
      this.#wake = Promise.withResolvers()
    }
  }

  async #tick(signal: AbortSignal): Promise<void> {
    const { clock } = this.#parts.world
    const { map } = this.#door
    if (map === undefined) return
    if (this.#door.rotations !== this.#rotations) await this.#rotation.begin()
    this.#rotations = this.#door.rotations
    const isBusy = this.#ways.isUnsettled || this.#rotation.next !== undefined
    const everyMs = this.#isKeyAwaited ? ROTATE_LOOK_MS : isBusy ? MESH_TICK_MS : MESH_TURN_MS
    const nowMs = clock.monotonicMs()
    if (nowMs - this.#lookMs >= everyMs - SLACK_MS) {
      this.#lookMs = nowMs
      await this.#look(map)
    }
    if (this.#presence !== undefined) this.#ways.measure(map, this.#presence, signal)
    const marks = this.#ways.marks
    if (marks !== this.#told || nowMs - this.#turnMs >= (isBusy ? TURN_SOON_MS : MESH_TURN_MS) - SLACK_MS) {
      this.#turnMs = nowMs
      this.#told = marks
      await this.#turn(map)
    }
  }

  async #look(map: MeshMap): Promise<void> {
    const { device } = this.#parts
    await this.#settle(map)
    const state = await device.state()
    this.#ways.look({ map, state, heard: this.#heard, networks: ownNetworks() })
    if (this.#presence === undefined) return
    await device.set(
      peerChanges(
        state,
        wantedPeers(map, state, name => this.#ways.wishOf(name)),
      ),
    )
    this.#isKeyAwaited = isKeyAwaited(map, state)
    if (await this.#rotation.look(map)) {
      this.#ways.measureSoon() // whoever is told something shakes hands with the new key
      this.#turnMs = Number.NEGATIVE_INFINITY
    }
  }

  async #turn(map: MeshMap): Promise<void> {
    const state = await this.#parts.device.state()
    const facts = this.#facts(map, state)
    this.#before = { state, atMs: this.#parts.world.clock.monotonicMs() }
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
  async #settle(map: MeshMap): Promise<void> {
    const { device, world, files, isResolvConf } = this.#parts
    const { range, prefix } = map.ranges ?? {}
    const pair = ownPair({ map })
    const at = rangeOf(range ?? '')
    if (range === undefined || prefix === undefined || at === undefined || pair === undefined) return
    const nowMs = world.clock.monotonicMs()
    const [address, direct] = pair
    if (this.#presence?.address === address && nowMs - this.#clashMs < MESH_TURN_MS) return
    this.#clashMs = nowMs
    const clash = await clashOf(at, device.name)
    this.#problem = clash === undefined ? undefined : `the range ${range} of the mesh clashes with ${clash}`
    if (clash !== undefined) return this.#leave()
    const { addresses = [] } = map.machines.find(({ name }) => name === map.own)?.mesh ?? {}
    await device.address({ range, prefix, addresses })
    if (this.#presence?.address === address) return
    await this.#leave()
    const heardDirect = (from: string) => {
      const { map: now } = this.#door
      if (now !== undefined && this.#ways.heardDirect(from, now)) this.#changed()
    }
    const place = { device: device.name, address, direct, range, isResolvConf }
    this.#presence = await openPresence(place, { world, files, map: () => this.#door.map, heardDirect })
  }

  async #leave(): Promise<void> {
    await this.#presence?.[Symbol.asyncDispose]()
    this.#presence = undefined
  }

  #facts(map: MeshMap, state: WireguardState): TellingFacts {
    const { device, world } = this.#parts
    const before = this.#before
    const agoMs = before === undefined ? 0 : world.clock.monotonicMs() - before.atMs
    return {
      map,
      state,
      ways: this.#ways,
      heard: this.#heard,
      nat: this.#nat,
      canRelay: device.forwarding.isAllowed,
      networks: ownNetworks(),
      wallSeconds: Number(world.clock.wallNs() / 1_000_000n) / 1000,
      before: before === undefined ? undefined : { state: before.state, agoMs },
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
      ...(this.#rotation.next === undefined ? {} : { nextPublicKey: this.#rotation.next.publicKey }),
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
      names: this.#presence?.names ?? 'none',
      isRotating: this.#rotation.next !== undefined,
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

// A machine has told its next key, and not used it yet.
function isKeyAwaited(map: MeshMap, state: WireguardState): boolean {
  return map.machines.some(
    machine =>
      machine.name !== map.own &&
      machine.mesh?.nextPublicKey !== undefined &&
      keyInUse(machine, state) === machine.mesh.publicKey,
  )
}

const SLACK_MS = 50
const TURN_SOON_MS = 2_000
const CLASH_REMEDY = 'Choose another range on a controller: cairn up --mesh-range 10.60.0.0/16'
