import { isFault, type World, whyOf } from '#base'
import { type Echoes, lossPercentOf, type MeshMap, type MeshRow, NO_ECHOES, rttOf, type Turn, withEcho } from '#mesh'
import { MeshDoor } from './door.ts'
import type { MeshFiles } from './keys.ts'
import { MESH_TICK_MS, MESH_TURN_MS } from './limits.ts'
import { addressesOn } from './own.ts'
import { openPresence, type Presence } from './presence.ts'

/** What a mesh that is there already is used with. */
export interface InterfaceMeshParts {
  readonly world: World
  readonly dataFolder: string
  readonly files: MeshFiles
  /** The interface: of Tailscale, ZeroTier, Nebula, … */
  readonly name: string
  readonly isResolvConf: boolean
}

/**
 * This machine on a mesh that something else has made: others are told the addresses of that interface, names are answered
 * there, and how far machines are is measured. Nothing of it is changed.
 */
export class InterfaceMesh implements AsyncDisposable {
  readonly #parts: InterfaceMeshParts
  readonly #door: MeshDoor
  readonly #closing = new AbortController()
  readonly #echoes = new Map<string, Echoes>()
  readonly #running: Promise<void>
  #presence: Presence | undefined
  #wake = Promise.withResolvers<void>()

  constructor(parts: InterfaceMeshParts) {
    this.#parts = parts
    this.#door = new MeshDoor(parts.dataFolder, parts.world, () => this.#wake.resolve())
    this.#running = this.#run()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#wake.resolve()
    await this.#running
    await this.#door[Symbol.asyncDispose]()
    await this.#presence?.[Symbol.asyncDispose]()
  }

  async #run(): Promise<void> {
    const { clock, log } = this.#parts.world
    const { signal } = this.#closing
    while (!signal.aborted) {
      try {
        const { map } = this.#door
        if (map !== undefined) await this.#turn(map, signal)
      } catch (error) {
        if (!isFault(error)) throw error
        log.warn('the mesh cannot be told of', { why: whyOf(error) })
      }
      const over = new AbortController()
      const turn = clock
        .sleep(this.#isNew ? MESH_TICK_MS : MESH_TURN_MS, AbortSignal.any([signal, over.signal]))
        .catch(() => undefined)
      await Promise.race([turn, this.#wake.promise])
      over.abort()
      this.#wake = Promise.withResolvers()
    }
  }

  // Some machine has hardly been asked yet.
  get #isNew(): boolean {
    return this.#echoes.values().some(({ last }) => last.length < NEW_ECHOES)
  }

  async #turn(map: MeshMap, signal: AbortSignal): Promise<void> {
    const { world, files, name, isResolvConf } = this.#parts
    const addresses = addressesOn(name)
    const address = addresses.find(each => !each.includes(':'))
    if (address !== this.#presence?.address) {
      await this.#presence?.[Symbol.asyncDispose]()
      this.#presence = undefined
      const place = { device: name, address: address ?? '', direct: undefined, range: '', isResolvConf }
      const parts = { world, files, map: () => this.#door.map, heardDirect: () => undefined }
      if (address !== undefined) this.#presence = await openPresence(place, parts)
    }
    await this.#measure(map, signal)
    await this.#door.turn(this.#told(map, addresses))
  }

  async #measure({ own, machines }: MeshMap, signal: AbortSignal): Promise<void> {
    const asked = machines.slice(0, MEASURED_MAX).map(async machine => {
      const [address] = machine.mesh?.addresses ?? []
      // Those on our own WireGuard are not on that interface.
      if (machine.name === own || machine.mesh?.publicKey !== undefined || address === undefined) return
      const rttMs = await this.#presence?.usual.ask({ address, isDirect: false }, signal)
      this.#echoes.set(machine.name, withEcho(this.#echoes.get(machine.name) ?? NO_ECHOES, rttMs))
    })
    await Promise.all(asked)
  }

  #told(map: MeshMap, addresses: readonly string[]): Turn {
    const { name } = this.#parts
    const isThere = addresses.length > 0
    const problem = isThere ? undefined : `the interface ${name} has no address`
    const rows = map.machines.flatMap((machine): MeshRow[] =>
      machine.mesh === undefined ? [] : [this.#row(machine, map)],
    )
    const why = problem === undefined ? {} : { problem }
    const fixed = { nat: 'unknown', canRelay: false } as const
    const remedy = `Bring it up, or choose another: cairn up --mesh interface:NAME`
    const reached = rows.filter(({ path }) => path === 'interface').length
    return {
      report: {
        provider: 'interface',
        ...why,
        ...fixed,
        endpoints: [],
        addresses: addresses.slice(0, 4),
        scoreTenths: 0,
        direct: reached,
        relayed: 0,
      },
      said: { ...fixed, seen: [], ways: [], wants: [] },
      status: {
        provider: 'interface',
        ...(problem === undefined ? {} : { problem, remedy }),
        interface: name,
        nat: 'unknown',
        names: this.#presence?.names ?? 'none',
        isRotating: false,
        machines: rows,
      },
    }
  }

  #row({ name, mesh }: MeshMap['machines'][number], { own }: MeshMap): MeshRow {
    const common = { name, address: mesh?.addresses[0] ?? '', rxBytes: 0, txBytes: 0 }
    if (name === own) return { ...common, path: 'this machine' }
    const echoes = this.#echoes.get(name) ?? NO_ECHOES
    const rttMs = rttOf(echoes)
    if (!echoes.isWell || rttMs === undefined) return { ...common, path: 'none' }
    return { ...common, path: 'interface', rttMs: Math.max(1, Math.round(rttMs)), lossPercent: lossPercentOf(echoes) }
  }
}

const MEASURED_MAX = 64
const NEW_ECHOES = 5
