import { Fault, type World } from '#base'
import { type NodeMap, subjectOf } from '#cluster'
import { type Client, type Handler, openPeer, type Peer } from '#rpc'
import { type ChunkStore, inlineWorkers, memoryIndex, openChunkStore } from '#storage/chunks'
import { openPool, type Pool, poolHandlers, type PoolMachines } from '#storage/pool'
import type { DiskFaults } from '../disk/faults.ts'
import { DiskImage } from '../disk/image.ts'
import { cutPower } from '../disk/power-cut.ts'
import { type Ending, Life } from '../life.ts'
import { openSimWorld, type Machine } from '../world.ts'
import type { PoolCanary } from './canaries.ts'
import type { SimNetwork } from './network.ts'

/** What all machines of a simulated cloud share. */
export interface CloudParts {
  readonly machine: Machine
  readonly network: SimNetwork
  readonly canary: PoolCanary | undefined
  /** The machine of a name, while it is up. */
  find(name: string): PoolMachine | undefined
}

/** A machine of a simulated cloud that outlives its processes: its disk, the last map it has heard, and its connections. */
export class PoolMachine implements PoolMachines {
  readonly own: string
  map: NodeMap
  image = newImage()
  /** Counts its disks: a wiped machine has another one. */
  disks = 1
  pool: Pool | undefined
  store: ChunkStore | undefined
  /** Resolves when the process of the moment has ended. */
  gone = Promise.withResolvers<'gone'>()
  readonly #parts: CloudParts
  readonly #links = new Map<string, Peer>()
  #dialling = new Map<string, Promise<Client>>()
  readonly #hearers = new Set<(map: NodeMap) => void>()
  #life = new Life(0)
  #lives = 0
  #world: World | undefined

  constructor(own: string, map: NodeMap, parts: CloudParts) {
    this.own = own
    this.map = map
    this.#parts = parts
  }

  get isUp(): boolean {
    return this.pool !== undefined
  }

  /** Opens the store and the pool. */
  async start(): Promise<void> {
    const { machine, canary } = this.#parts
    this.#life = new Life(++this.#lives)
    this.gone = Promise.withResolvers()
    const opened = openSimWorld(machine, this.#life, this.image, NO_FAULTS)
    const world = canary?.world?.(opened) ?? opened
    const life = this.#life
    const folder = '/data'
    const workers = inlineWorkers(world.disk)
    const options = { world, folder, workers, index: memoryIndex(), ballastBytes: 0, segmentBytesMax: SEGMENT_BYTES }
    const store = await openChunkStore(options)
    if (life.ended) return
    this.#world = world
    this.store = canary?.store?.(store) ?? store
    this.#hearers.clear()
    this.pool = openPool({ id: 'default', world, store: this.store, machines: this, cachedBytesMax: CACHED_BYTES })
  }

  /** Ends the process, as a kill or a power cut does. */
  end(how: Ending): void {
    const left = new DiskImage(this.image)
    this.#life.end(left)
    this.image = how === 'power' ? cutPower(left, this.#parts.machine.random) : left
    this.pool = undefined
    this.store = undefined
    this.gone.resolve('gone')
    for (const link of this.#links.values()) void link[Symbol.asyncDispose]()
    this.#links.clear()
    this.#dialling = new Map() // what has ended dials for ever
  }

  /** Gives the machine, which is down, an empty disk. */
  wipe(): void {
    this.image = newImage()
    this.disks += 1
  }

  hear(map: NodeMap): void {
    if (map.version <= this.map.version) return
    this.map = map
    if (this.isUp) for (const run of this.#hearers) run(map)
  }

  onMap(run: (map: NodeMap) => void): Disposable {
    if (this.#parts.canary?.isDeaf !== true) this.#hearers.add(run)
    return { [Symbol.dispose]: () => void this.#hearers.delete(run) }
  }

  client(name: string): Client | undefined {
    const link = this.#links.get(name)
    return link?.isOpen === true ? link : undefined
  }

  connect(name: string): Promise<Client> {
    const running = this.#dialling.get(name)
    if (running !== undefined) return running
    const dialled = this.#dialling
    const dialling = this.#dial(name).finally(() => dialled.delete(name))
    dialled.set(name, dialling)
    return dialling
  }

  states = () => []

  async #dial(name: string): Promise<Client> {
    const other = this.#parts.find(name)
    const { network } = this.#parts
    if (other === undefined || network.isCut(this.own, name) || network.isCut(name, this.own)) {
      throw new Fault('NoPath', { status: 503, retry: 'later' }, `there is no way to ${name}`)
    }
    const [near, far] = network.connect(this.own, name)
    const accepted = openPeer(far, { ...other.#optionsFor(this.own), side: 'acceptor' }, NEVER)
    const life = other.#life
    accepted.then(peer => other.#keep(this.own, peer, life)).catch(() => undefined)
    const ownLife = this.#life
    const peer = await openPeer(near, { ...this.#optionsFor(name), side: 'dialler' }, NEVER)
    this.#keep(name, peer, ownLife)
    return peer
  }

  // A process that has ended has no connections, whatever its code still does.
  #keep(name: string, peer: Peer, life: Life): void {
    if (life.ended) void peer[Symbol.asyncDispose]()
    else this.#links.set(name, peer)
  }

  #optionsFor(other: string) {
    const world = this.#world
    if (world === undefined) throw new Fault('NoPath', { status: 503, retry: 'later' }, 'nobody is here')
    // Not the pool of the moment: a pool that begins calls others before it is known here.
    const handlers: readonly Handler[] = poolHandlers(id => (id === 'default' ? this.pool : undefined))
    const peer = { ...subjectOf({ name: other, isController: false }), serial: '1' }
    const changed = this.#parts.canary?.handlers?.(handlers) ?? handlers
    return { clock: world.clock, log: world.log, software: 'sim', handlers: changed, peer }
  }
}

function newImage(): DiskImage {
  const image = new DiskImage()
  image.names.set('/', 'folder')
  image.durableNames.set('/', 'folder')
  return image
}

const NEVER = new AbortController().signal
const SEGMENT_BYTES = 512 * 1024
const CACHED_BYTES = 256 * 1024
const NO_FAULTS: DiskFaults = { fault: () => undefined, crash: () => undefined, lies: () => false }
