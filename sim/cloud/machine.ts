import { createHash } from 'node:crypto'
import { isFault, type World } from '#base'
import { clusterFault, keepMap, Links, MapStore, type NodeMap, type Shown, subjectOf } from '#cluster'
import type { LocalKeyspace, LogReach } from '#keyspace'
import {
  askSetHome,
  Collector,
  Filesystems,
  homesHere,
  isElsewhere,
  type KeepHome,
  otherRoots,
  promote,
  RemoteFilesystems,
  remoteHandlers,
  Replication,
  rootsHandlers,
  type SetHome,
  servedHomes,
  setHomeHandlers,
} from '#main'
import { type ChunkStore, inlineWorkers, memoryIndex, openChunkStore } from '#storage/chunks'
import type { Filesystem, RemoteFilesystem, UsedFilesystem } from '#storage/fs'
import { openPool, type Pool, poolHandlers } from '#storage/pool'
import type { DiskFaults } from '../disk/faults.ts'
import { DiskImage } from '../disk/image.ts'
import { cutPower } from '../disk/power-cut.ts'
import { keptRowIndex } from '../index/row-index.ts'
import { type Ending, Life } from '../life.ts'
import type { SimNetwork } from '../pool/network.ts'
import { openSimWorld, type Machine } from '../world.ts'
import type { CloudCanary } from './canaries.ts'
import { Control, type ControlSetting } from './control.ts'
import type { Process } from './program.ts'

/** What all machines of a simulated cloud share. */
export interface CloudParts {
  readonly machine: Machine
  readonly network: SimNetwork
  readonly canary: CloudCanary | undefined
  readonly control: ControlSetting
  /** The machine of a name, while its process runs. */
  find(name: string): CloudMachine | undefined
}

/** Who hears what becomes of a machine's process. */
export interface MachineHearer {
  /** It accepts nothing more until it begins anew. */
  failed(machine: CloudMachine, error: Error): void
  /** It is to be something else for the filesystem: the next process is. */
  leaving(machine: CloudMachine): void
  /** It is the home of the filesystem. */
  opened(machine: CloudMachine, home: OpenHome): void
  /** What it does in the background broke. */
  broke(error: unknown): void
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
  readonly epoch: number
  /** How far its log was when it was found. */
  readonly found: LogReach
}

/**
 * A machine of a simulated cloud: what of its storage process is no thread and no socket, over a disk that outlives it, and the control
 * process of a controller.
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
  replication: Replication | undefined
  filesystems: Filesystems | undefined
  collector: Collector | undefined
  /** Resolves when the process of the moment has ended. */
  gone = Promise.withResolvers<'gone'>()
  readonly #parts: CloudParts
  readonly #machine: Machine
  #life = new Life(0)
  #boots = 1
  #elsewhere: RemoteFilesystems | undefined
  #world: World | undefined
  readonly #hears: MachineHearer

  constructor(start: MachineStart, parts: CloudParts, hears: MachineHearer) {
    this.name = start.name
    this.start0 = start
    this.#parts = parts
    this.#hears = hears
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

  /** The home, while this machine is it and has it open. */
  get home(): OpenHome | undefined {
    const open = this.filesystems?.all.find(({ name }) => name === FILESYSTEM)
    const epoch = this.filesystems?.shippingOf(FILESYSTEM)?.epoch
    if (open === undefined || epoch === undefined) return undefined
    return { keyspace: open.keyspace, filesystem: open.filesystem, epoch, found: open.reach }
  }

  /** The epoch of the home that it uses. */
  get epoch(): number {
    return this.home?.epoch ?? this.replication?.records.of(FILESYSTEM)?.epoch ?? 0
  }

  /** The filesystem as programs of this machine use it, once it is open. */
  get filesystem(): UsedFilesystem | undefined {
    try {
      return this.home === undefined ? this.#elsewhere?.get(FILESYSTEM) : this.filesystems?.use(FILESYSTEM)
    } catch (error) {
      if (isFault(error)) return undefined
      throw error
    }
  }

  /** Its process, as a program uses the filesystem through it; undefined while nothing is open. */
  get process(): Omit<Process, 'cuts'> | undefined {
    const { name, filesystem, home } = this
    const life = this.#life
    if (filesystem === undefined) return undefined
    const gone = this.gone.promise
    return {
      name,
      vfs: filesystem.vfs,
      isHome: home !== undefined,
      get standIns() {
        return 'standIns' in filesystem ? (filesystem as RemoteFilesystem).standIns : 0
      },
      get lostSessions() {
        return 'lostSessions' in filesystem ? (filesystem as RemoteFilesystem).lostSessions : 0
      },
      isUnlanded: ino => 'isUnlanded' in filesystem && (filesystem as RemoteFilesystem).isUnlanded(ino),
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
    this.#world = world
    Object.assign(this, { store, maps, links, pool })
    await this.#serve(life, { world, links, maps, pool, store })
  }

  async #serve(life: Life, parts: Opened): Promise<void> {
    const { canary, control } = this.#parts
    const { world, links, pool, store } = parts
    const machine = { ...parts, name: this.name }
    const controlling = this.start0.isController ? new Control(control, machine) : undefined
    const keep: KeepHome = controlling?.keep ?? nobodyKeeps
    const changed = () => this.#leave(life)
    const shared = { world, dataFolder: DATA, machines: links, chunks: pool, bootId: this.#bootId }
    const askHome: SetHome = (change, signal) => askSetHome(links, keep, change, signal)
    const setHome = canary?.setHome?.(askHome, links) ?? askHome
    const replication = new Replication({ ...shared, index: keptRowIndex, setHome, changed })
    this.replication = replication
    const homes = servedHomes(() => this.filesystems, { mayWrite: () => true }, replication)
    const handlers = [
      ...remoteHandlers(homes),
      ...poolHandlers(id => (id === 'default' ? pool : undefined)),
      ...rootsHandlers(
        () => this.filesystems,
        pool,
        () => homesHere(this.filesystems, replication),
      ),
      ...setHomeHandlers(keep),
      ...replication.handlers(),
    ]
    links.lacks = canary?.lacks ?? (() => replication.lacks)
    links.serve(canary?.handlers?.(handlers) ?? handlers)
    controlling?.run().catch((error: unknown) => this.#hears.broke(error))
    await this.#openFilesystems(life, { ...shared, links, replication, store })
  }

  async #openFilesystems(life: Life, parts: Shared): Promise<void> {
    const { world, chunks, links, replication } = parts
    const begun = await replication.begin()
    if (life.ended) return
    const homes = this.#parts.canary?.homes?.(begun) ?? begun
    const told = async () => undefined
    const names = links.map.isShared && isElsewhere(homes, FILESYSTEM) ? [FILESYSTEM] : []
    const elsewhere = new RemoteFilesystems({
      ...parts,
      machines: links,
      told,
      names,
      homeOf: homes.homeOf,
      onHomes: homes.onHomes,
      standIn: homes.standIn,
    })
    this.#elsewhere = elsewhere
    const filesystems = await Filesystems.open({
      world,
      dataFolder: DATA,
      chunks,
      mounted: new Set(),
      elsewhere,
      homes,
      failed: (_, error) => {
        if (!life.ended) this.#hears.failed(this, error)
      },
      place: { index: keptRowIndex, bootId: parts.bootId, owner: OWNER, chunkBytes: CHUNK_BYTES },
    })
    if (life.ended) return
    this.filesystems = filesystems
    const { home } = this
    if (home !== undefined) this.#hears.opened(this, home)
    replication.serve(filesystems)
    const others = otherRoots(links, () => homesHere(filesystems, replication))
    this.collector = new Collector({ world, chunks: parts.store, filesystems, others, farGraceMs: COLLECT_GRACE_MS })
  }

  // As the storage process does: what was answered is in log and staging file.
  #leave(life: Life): void {
    if (life.ended) return
    this.filesystems?.leave()
    this.#elsewhere?.leave()
    this.#hears.leaving(this)
  }

  /** Makes this machine the home, as `cairn fs promote` does. Faults: those of it. */
  async promote(isForced: boolean): Promise<{ readonly epoch: number }> {
    const { replication, filesystems, links, gone } = this
    const world = this.#world
    if (filesystems === undefined || links === undefined || world === undefined) {
      throw clusterFault('NoController', `${this.name} is not up`)
    }
    const parts = { world, peers: { machines: links }, replication, filesystems }
    const promoted = promote(parts, { filesystem: FILESYSTEM, isForced }, NEVER)
    const done = await Promise.race([promoted, gone.promise])
    if (done === 'gone') throw clusterFault('NoController', `${this.name} went meanwhile`)
    return done
  }

  /** Collects what nobody names, as `cairn fs gc` does; false when it could not, or its process ended. */
  async collect(): Promise<boolean> {
    try {
      const done = await Promise.race([this.collector?.collect(NEVER), this.gone.promise])
      return done !== undefined && done !== 'gone'
    } catch (error) {
      if (isFault(error)) return false
      throw error
    }
  }

  /** Ends the process, as a kill or a power cut does. */
  end(how: Ending): void {
    if (!this.isUp) return
    const left = new DiskImage(this.image)
    this.#life.end(left)
    this.image = how === 'power' ? cutPower(left, this.#machine.random) : left
    if (how === 'power') this.#boots += 1
    Object.assign(this, { links: undefined, maps: undefined, pool: undefined, store: undefined })
    Object.assign(this, { replication: undefined, filesystems: undefined, collector: undefined })
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
    return digestOf(`${this.name} boots ${this.#boots}`)
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

interface Opened {
  readonly world: World
  readonly links: Links
  readonly maps: MapStore
  readonly pool: Pool
  readonly store: ChunkStore
}

interface Shared {
  readonly world: World
  readonly dataFolder: string
  readonly bootId: string
  readonly chunks: Pool
  readonly links: Links
  readonly replication: Replication
  readonly store: ChunkStore
}

const nobodyKeeps: KeepHome = () => Promise.reject(clusterFault('NoController', 'this machine has no control plane'))

function unreachable(name: string): Error {
  return clusterFault('NoPath', `nobody answers at ${name}`)
}

function emptyImage(): DiskImage {
  const image = new DiskImage()
  image.names.set('/', 'folder')
  image.durableNames.set('/', 'folder')
  return image
}

/** How the filesystem is called. */
export const FILESYSTEM = 'home'
const CLOUD = 'sim'
const OWNER = { uid: 1000, gid: 1000 }
const NEVER = new AbortController().signal
const DATA = '/data'
const SYN_MS = 30_000
const SEGMENT_BYTES = 512 * 1024
const CACHED_BYTES = 256 * 1024
/** For which no machine may name a chunk: longer than from a put to its reference, as the hour that it is outside. */
export const COLLECT_GRACE_MS = 120_000
/** Whole blocks of this size do not travel inline: clients store them in the pool themselves. */
const CHUNK_BYTES = 128 * 1024
const NO_FAULTS: DiskFaults = { fault: () => undefined, crash: () => undefined, lies: () => false }

function diskIdOf(name: string, number: number): string {
  return digestOf(`${name} ${number}`)
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32)
}
