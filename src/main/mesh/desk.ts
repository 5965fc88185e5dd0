import { isFault, type World } from '#base'
import { forMachines, machineOf, type Machines, type MeshReport } from '#cluster'
import {
  type Heard,
  heardShape,
  jsonBody,
  Meetings,
  meshFault,
  meshFollow,
  meshMapOf,
  meshMeet,
  meshRotate,
  meshStatus,
  type MeshStatus,
  meshTurn,
  readJsonBody,
  saidShape,
  TOLD_MAX,
  type Said,
  turnShape,
} from '#mesh'
import { answerDownload, answerUnary, type CheckRow, type Handler, message } from '#rpc'
import { wireguardObstacle } from './obstacle.ts'
import { providerOf, type MeshWords } from './words.ts'

/** What the storage process has to do with the mesh. */
export interface DeskParts {
  readonly world: Pick<World, 'clock'>
  readonly machines: Machines
  readonly words: MeshWords
  /** This machine says this of its mesh from now on. */
  readonly report: (report: MeshReport) => void
}

/** The mesh as the storage process knows it: hands the map to the mesh process, and carries what machines tell each other. */
export class MeshDesk {
  readonly #parts: DeskParts
  readonly #meetings = new Meetings()
  #status: MeshStatus | undefined
  #toldMs = Number.NEGATIVE_INFINITY
  #rotations = 0
  #changed = Promise.withResolvers<void>()

  constructor(parts: DeskParts) {
    this.#parts = parts
    parts.machines.onMap(() => this.#ring())
    const problem = this.#obstacle()?.problem
    if (problem !== undefined) parts.report({ ...NO_MESH, problem })
  }

  /** What other machines may call. */
  machineMethods(): readonly Handler[] {
    return forMachines([
      answerUnary(meshMeet, async (_, { body, peer }) => {
        const name = peer === undefined ? undefined : machineOf(peer)?.name
        const said = readJsonBody(body, saidShape)
        return message(undefined, jsonBody(name === undefined ? NOTHING : this.#meet(name, said)))
      }),
    ])
  }

  /** What the local door answers of the mesh. */
  localMethods(): readonly Handler[] {
    return [
      answerDownload(meshFollow, (_, { signal }) => this.#follow(signal)),
      answerUnary(meshTurn, async (_, { body, signal }) => {
        const { report, said, status } = readJsonBody(body, turnShape)
        this.#connect(status)
        this.#status = status
        this.#toldMs = this.#parts.world.clock.monotonicMs()
        this.#parts.report(report)
        return message(undefined, jsonBody(await this.#ask(said, signal)))
      }),
      answerUnary(meshStatus, async () => message(undefined, jsonBody(this.status()))),
      answerUnary(meshRotate, async () => {
        if (this.status().provider !== 'wireguard')
          throw meshFault('NoMesh', 'this machine has no WireGuard of its own')
        this.#rotations += 1
        this.#ring()
        return message(undefined)
      }),
    ]
  }

  /** The mesh as it is here. */
  status(): MeshStatus {
    const isNow = this.#parts.world.clock.monotonicMs() - this.#toldMs < STATUS_MS
    if (this.#status !== undefined && isNow) return this.#status
    const obstacle = this.#obstacle() ?? this.#alone()
    return { provider: 'none', ...obstacle, nat: 'unknown', names: 'none', isRotating: false, machines: [] }
  }

  /** How it is, for `cairn doctor`; a machine that is alone needs none. */
  checks(): readonly CheckRow[] {
    return this.#parts.machines.map.machines.length < 2 ? [] : [this.#check()]
  }

  #check(): CheckRow {
    const { provider, problem, remedy, machines, interface: name } = this.status()
    const row = { name: 'mesh' }
    if (problem !== undefined && remedy !== undefined) return { ...row, state: 'warn', detail: problem, remedy }
    if (provider === 'none') return { ...row, state: 'ok', detail: problem ?? 'none' }
    const others = machines.filter(({ path }) => path !== 'this machine')
    const reached = others.filter(({ path }) => path !== 'none').length
    return { ...row, state: 'ok', detail: `${name ?? provider}: ${reached} of ${others.length} machines are reached` }
  }

  #obstacle() {
    const provider = providerOf(this.#parts.words)
    if (provider.kind === 'none') return { problem: 'this machine was told to have none' }
    return provider.kind === 'wireguard' ? wireguardObstacle() : undefined
  }

  #alone() {
    const isAlone = this.#parts.machines.map.machines.length < 2
    return { problem: isAlone ? 'this machine is alone in its cloud' : 'the mesh is being made' }
  }

  #ring(): void {
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  // Who has just come into reach may be reached in no other way, and is not dialled again for a while.
  #connect({ machines }: MeshStatus): void {
    const before = new Map(this.#status?.machines.map(({ name, path }) => [name, path]))
    const soon = AbortSignal.timeout(CONNECT_MS)
    for (const { name, path } of machines) {
      const isNew = path !== 'none' && path !== 'this machine' && (before.get(name) ?? 'none') === 'none'
      if (!isNew || this.#parts.machines.client(name) !== undefined) continue
      this.#parts.machines.connect(name, soon).catch(() => undefined) // it is dialled again anyway
    }
  }

  async *#follow(signal: AbortSignal) {
    const stopped = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => stopped.resolve(), { once: true })
    let told = ''
    while (!signal.aborted) {
      const { machines } = this.#parts
      const changed = this.#changed.promise
      const body = jsonBody(meshMapOf(machines.map, machines.own))
      const now = `${this.#rotations} ${new TextDecoder().decode(body)}`
      if (now !== told) yield message({ rotations: this.#rotations }, body)
      told = now
      await Promise.race([changed, stopped.promise])
    }
    return message(undefined)
  }

  #meet(name: string, said: Said): Heard {
    this.#meetings.say(name, said, this.#parts.world.clock.monotonicMs())
    return this.#meetings.heardBy(name)
  }

  // Each controller that is connected is told; what the first of them answers counts, and others' where it is silent.
  async #ask(said: Said, signal: AbortSignal): Promise<Heard> {
    const { machines } = this.#parts
    const controllers = machines.map.machines.filter(({ role }) => role === 'controller')
    const isOne = controllers.some(({ name }) => name === machines.own)
    const own = isOne ? [this.#meet(machines.own, said)] : []
    const asked = controllers.map(async ({ name }) => {
      const client = machines.client(name)
      if (name === machines.own || client === undefined) return []
      try {
        const { body } = await client.exchange(meshMeet, message(undefined, jsonBody(said)), signal)
        return [readJsonBody(body, heardShape)]
      } catch (error) {
        if (!isFault(error)) throw error
        return []
      }
    })
    return together([...own, ...(await Promise.all(asked)).flat()])
  }
}

const NOTHING: Heard = { seen: [], machines: [] }
const STATUS_MS = 60_000
const CONNECT_MS = 10_000
const NO_MESH: MeshReport = {
  provider: 'none',
  endpoints: [],
  addresses: [],
  nat: 'unknown',
  scoreTenths: 0,
  direct: 0,
  relayed: 0,
  canRelay: false,
}

function together(all: readonly Heard[]): Heard {
  const seen = new Map(all.flatMap(each => each.seen).map(each => [`${each.by} ${each.endpoint}`, each]))
  const machines = new Map(all.toReversed().flatMap(each => each.machines.map(row => [row.name, row])))
  return { seen: [...seen.values()].slice(0, TOLD_MAX), machines: [...machines.values()].slice(0, TOLD_MAX) }
}
