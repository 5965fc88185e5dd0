import { createHash } from 'node:crypto'
import { Fault, isFault, type World } from '#base'
import { keepMap, Links, MapStore, type NodeMap, type Shown, subjectOf } from '#cluster'
import { type LocalKeyspace, openEmbeddedKeyspace } from '#keyspace'
import { RemoteFilesystems, remoteHandlers } from '#main'
import { type ChunkStore, inlineWorkers, memoryIndex, openChunkStore } from '#storage/chunks'
import { afterChunks, type Filesystem, openFilesystem, type UsedFilesystem } from '#storage/fs'
import { openPool, type Pool, poolHandlers } from '#storage/pool'
import type { DiskFaults } from '../disk/faults.ts'
import { DiskImage } from '../disk/image.ts'
import { cutPower } from '../disk/power-cut.ts'
import { keptRowIndex } from '../index/row-index.ts'
import { type Ending, Life } from '../life.ts'
import type { SimNetwork } from '../pool/network.ts'
import { openSimWorld, type Machine } from '../world.ts'
import type { CloudCanary } from './canaries.ts'
import type { Process } from './program.ts'

/** What all machines of a simulated cloud share. */
export interface CloudParts {
  readonly machine: Machine
  readonly network: SimNetwork
  readonly canary: CloudCanary | undefined
  /** The machine of a name, while its process runs. */
  find(name: string): CloudMachine | undefined
}

/** What never changes about a machine. */
export interface MachineStart {
  readonly name: string
  readonly isController: boolean
  readonly serial: string
  readonly capacityMiB: number
}

/** The home of the filesystem, in the process of a machine. */
export interface OpenHome {
  readonly keyspace: LocalKeyspace
  readonly filesystem: Filesystem
}

/**
 * A machine of a simulated cloud: what of its storage process is no thread and no socket, over a disk that outlives it. The first
 * machine is the controller and the home of the filesystem; the others use it from there.
 */
export class CloudMachine {
  readonly name: string
  readonly start0: MachineStart
  image = emptyImage()
  /** Nobody starts it now. */
  isHeld = false
  /** Counts its disks: a wiped machine has another one. */
  disks = 1
  links: Links | undefined
  maps: MapStore | undefined
  pool: Pool | undefined
  store: ChunkStore | undefined
  /** While this machine is the home and has it open. */
  home: OpenHome | undefined
  /** Hears why the filesystem accepts nothing more until the process begins anew. */
  onFailed: (error: Error) => void = () => undefined
  /** Hears the revision at which the keyspace of a home was found. */
  onFound: (revision: number) => void = () => undefined
  /** Resolves when the process of the moment has ended. */
  gone = Promise.withResolvers<'gone'>()
  readonly #parts: CloudParts
  readonly #machine: Machine
  #life = new Life(0)
  #boots = 1
  #elsewhere: RemoteFilesystems | undefined

  constructor(start: MachineStart, parts: CloudParts) {
    this.name = start.name
    this.start0 = start
    this.#parts = parts
    this.#machine = { ...parts.machine, wall: { offsetMs: 0 } }
    this.#life.end(this.image)
  }

  /** True while its process runs. */
  get isUp(): boolean {
    return !this.#life.ended
  }

  /** What people set its wall clock to, against the right time. */
  set skewMs(ms: number) {
    this.#machine.wall.offsetMs = ms
  }

  /** The filesystem as programs of this machine use it, once it is open. */
  get filesystem(): UsedFilesystem | undefined {
    if (this.home !== undefined) return this.home.filesystem
    try {
      return this.#elsewhere?.get(FILESYSTEM)
    } catch (error) {
      if (isFault(error)) return undefined
      throw error
    }
  }

  /** Its process, as a program uses the filesystem through it; undefined while nothing is open. */
  get process(): Omit<Process, 'cuts'> | undefined {
    const { name, filesystem } = this
    const life = this.#life
    if (filesystem === undefined) return undefined
    const gone = this.gone.promise
    return {
      name,
      vfs: filesystem.vfs,
      gone,
      get isOver() {
        return life.ended
      },
    }
  }

  /** Notes a map as `cairn join` does, before anything runs. */
  async join(map: NodeMap): Promise<void> {
    const world = openSimWorld(this.#machine, new Life(0), this.image, NO_FAULTS)
    await keepMap(world.disk, DATA, map)
  }

  /** Starts its process: store, links, pool, then the filesystem. Resolves when all of it serves. */
  async start(): Promise<void> {
    const life = new Life(this.#life.number + 1)
    this.#life = life
    this.gone = Promise.withResolvers()
    const world = openSimWorld(this.#machine, life, this.image, NO_FAULTS)
    const workers = inlineWorkers(world.disk)
    const folder = `${DATA}/chunks`
    const index = memoryIndex()
    const sizes = { ballastBytes: 0, segmentBytesMax: SEGMENT_BYTES }
    const opened = await openChunkStore({ world, folder, workers, index, ...sizes })
    if (life.ended) return
    const store = this.#parts.canary?.store?.(opened) ?? opened
    const maps = new MapStore(world.disk, DATA, this.#alone())
    const { name, isController } = this.start0
    const own = { name, isController, cloud: CLOUD }
    const links = new Links({ world, software: 'sim', own, maps, dial: this.#dial(life, world) })
    links.report = this.#report()
    const pool = openPool({ id: 'default', world, store, machines: links, cachedBytesMax: CACHED_BYTES })
    Object.assign(this, { store, maps, links, pool })
    const homes = { sessionsOf: () => this.#sessions(), accessOf: () => 'full' as const }
    const handlers = [...remoteHandlers(homes), ...poolHandlers(id => (id === 'default' ? pool : undefined))]
    links.serve(this.#parts.canary?.handlers?.(handlers) ?? handlers)
    if (isController) await this.#openHome(life, world)
    else this.#useHome(life, world)
  }

  /** Ends the process, as a kill or a power cut does. */
  end(how: Ending): void {
    if (!this.isUp) return
    const left = new DiskImage(this.image)
    this.#life.end(left)
    this.image = how === 'power' ? cutPower(left, this.#machine.random) : left
    if (how === 'power') this.#boots += 1
    Object.assign(this, { links: undefined, maps: undefined, pool: undefined, store: undefined, home: undefined })
    this.#elsewhere = undefined
    this.gone.resolve('gone')
    this.#parts.network.end(this.name, how)
  }

  /** Gives the machine, which is down, an empty disk and what it needs to join again. */
  async wipe(map: NodeMap): Promise<void> {
    this.image = emptyImage()
    this.disks += 1
    await this.join(map)
  }

  /** Takes a connection that another machine has made; false when nobody is here. */
  accept(shown: Shown): void {
    void this.links?.accept(shown)
  }

  async #openHome(life: Life, world: World): Promise<void> {
    const { pool } = this
    if (pool === undefined) return
    const keyspace = await openEmbeddedKeyspace({
      world,
      folder: `${DATA}/fs/keyspace`,
      index: keptRowIndex,
      history: { ms: 0, revisions: 0 },
      failed: error => {
        if (!life.ended) this.onFailed(error)
      },
      ...afterChunks(pool),
    })
    if (life.ended) return
    this.onFound(keyspace.revision)
    const bootId = this.#bootId
    const filesystem = await openFilesystem({
      world,
      folder: `${DATA}/fs`,
      name: FILESYSTEM,
      keyspace,
      chunks: pool,
      bootId,
      isMounted: false,
      owner: { uid: 1000, gid: 1000 },
      chunkBytes: CHUNK_BYTES,
    })
    if (!life.ended) this.home = { keyspace, filesystem }
  }

  #useHome(life: Life, world: World): void {
    const { pool, links } = this
    if (pool === undefined || links === undefined || life.ended) return
    this.#elsewhere = new RemoteFilesystems({
      world,
      dataFolder: DATA,
      bootId: this.#bootId,
      chunks: pool,
      machines: links,
      told: async () => undefined,
      names: [FILESYSTEM],
    })
  }

  #sessions(): Filesystem['sessions'] {
    if (this.home !== undefined) return this.home.filesystem.sessions
    throw new Fault('HomeUnreachable', { status: 503, retry: 'later' }, 'its filesystems are not open yet')
  }

  #dial(life: Life, world: World) {
    const { network, find } = this.#parts
    const { name: own, isController, serial } = this.start0
    return async (name: string, _address: string, signal: AbortSignal): Promise<Shown> => {
      await world.clock.sleep(network.delayMs(own, name) + network.delayMs(name, own), signal)
      if (network.isCut(own, name) || network.isCut(name, own)) await world.clock.sleep(SYN_MS, signal)
      const other = find(name)
      if (other === undefined || life.ended) throw unreachable(name)
      const [near, far] = network.connect(own, name)
      other.accept({ duplex: far, certificate: { ...subjectOf({ name: own, isController }), serial }, host: own })
      const subject = subjectOf({ name, isController: other.start0.isController })
      return { duplex: near, certificate: { ...subject, serial: other.start0.serial }, host: name }
    }
  }

  #alone(): NodeMap {
    const { name, isController } = this.start0
    const role = isController ? ('controller' as const) : ('node' as const)
    const machine = { name, role, zone: '', addresses: [], state: 'Online' as const, disks: [] }
    const machines = [machine]
    return { ...EMPTY_MAP, machines, isShared: false }
  }

  #report() {
    const { name, capacityMiB } = this.start0
    const disk = { path: DATA, usedMiB: 0, freeMiB: capacityMiB, chunks: 0, damaged: 0 }
    return {
      software: 'sim',
      level: 1,
      zone: '',
      addresses: [`${name}:7443`],
      architecture: 'sim',
      kernel: 'sim',
      os: 'sim',
      cpus: 1,
      memoryMiB: 512,
      cpuUsedMilli: 0,
      memoryUsedMiB: 64,
      disks: [{ ...disk, id: diskIdOf(name, this.disks), state: 'Ready' as const, capacityMiB }],
    }
  }

  get #bootId(): string {
    return `${this.#boots}`.padStart(32, '0')
  }
}

/** What a cloud knows before it has machines. */
export const EMPTY_MAP: Omit<NodeMap, 'machines'> = {
  version: 0,
  cloud: 'sim',
  level: 1,
  groups: 16,
  pools: [],
  revoked: [],
  filesystems: [],
  isShared: true,
}

function unreachable(name: string): Fault {
  return new Fault('Unreachable', { status: 503, retry: 'later' }, `nobody answers at ${name}`)
}

function emptyImage(): DiskImage {
  const image = new DiskImage()
  image.names.set('/', 'folder')
  image.durableNames.set('/', 'folder')
  return image
}

/** The machine that the others ask, and the home of the filesystem. */
export const CONTROLLER_NAME = 'm1'
/** How the filesystem is called. */
export const FILESYSTEM = 'home'
const CLOUD = 'sim'
const DATA = '/data'
const SYN_MS = 30_000
const SEGMENT_BYTES = 512 * 1024
const CACHED_BYTES = 256 * 1024
const CHUNK_BYTES = 16 * 1024
const NO_FAULTS: DiskFaults = { fault: () => undefined, crash: () => undefined, lies: () => false }

function diskIdOf(name: string, number: number): string {
  return createHash('sha256').update(`${name} ${number}`).digest('hex').slice(0, 32)
}
