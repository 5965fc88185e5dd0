import os from 'node:os'
import { isFault, type World, whyOf } from '#base'
import {
  type DiskReport,
  FORMAT_LEVEL,
  Links,
  type Machines,
  type MapDisk,
  MapStore,
  type MeshReport,
  type NodeFiles,
  type NodeMap,
  readNodeFiles,
  readPlaces,
  SKEW_STOP_MS,
  subjectOf,
} from '#cluster'
import { type CheckRow, connectTls, type Handler, listenAddressOf, serveStranger, type TlsListenOptions } from '#rpc'
import { Announcer } from '../discovery/announcer.ts'
import { mainFault } from '../faults.ts'
import { softwareName } from '../version.ts'
import { keepHomeAt, setHomeHandlers } from './homes.ts'
import { localSeatHandler, seatHandlers } from './seats.ts'
import { renewHandlers, strangerHandlers } from './admission.ts'
import { cloudCheck } from './cloud-check.ts'
import { GROUPS_ALONE, PEER_LOOK_MS } from './limits.ts'
import { peerAddressOf } from './listen-words.ts'
import { type Load, LoadMeter } from './load.ts'
import { localClusterMethods } from './local-methods.ts'
import { hostPort, ownAddresses } from './own-addresses.ts'
import { isNews, ownReport, ownZone } from './own-report.ts'
import { PeerPort } from './peer-port.ts'
import { certificateCheck, renewingNode } from './renewal.ts'
import { authorised, rightOf } from './rights.ts'

/** What the storage process keeps in touch with other machines with. */
export interface PeersOptions {
  readonly world: World
  readonly dataFolder: string
  /** `--peer-listen`: see {@link peerAddressOf}. */
  readonly listen: string
  /** False, or undefined: machines of the same network that look for a controller do not find this one. */
  readonly isDiscoverable?: boolean | undefined
  /** What is said of its disks, as they are now. */
  readonly disks: () => readonly DiskReport[]
  /** Machines that the process before this one did not hear. */
  readonly silent?: readonly string[] | undefined
}

/**
 * This machine among others: the port, the connections, what it says of itself. A machine that is in no cloud has no port and
 * a map of itself alone; it becomes a member when its files are there and `cluster.reload` is called.
 */
export class Peers implements AsyncDisposable {
  readonly #options: PeersOptions
  readonly #maps: MapStore
  readonly #links: Links
  readonly #port: PeerPort | undefined
  readonly #load = new LoadMeter()
  readonly #closing = new AbortController()
  #files: NodeFiles | undefined
  #places: readonly string[]
  #looking: Promise<void> = Promise.resolve()
  #reloading: Promise<unknown> = Promise.resolve()
  #renewing: AsyncDisposable | undefined
  #isServing = false
  #announcer: Promise<Announcer> | undefined
  #mesh: MeshReport | undefined

  /** Reads what this machine is; nothing is listened for or dialled before {@link serve}. Faults: DataFolder, Invalid. */
  static async open(options: PeersOptions): Promise<Peers> {
    return new Peers(options)
  }

  private constructor(options: PeersOptions) {
    const { world, dataFolder, listen, silent } = options
    this.#options = options
    this.#files = this.#read()
    this.#places = readPlaces(world.disk, dataFolder)
    this.#maps = new MapStore(world.disk, dataFolder, this.#alone())
    this.#links = new Links({
      world,
      software: softwareName(),
      own: this.#own(),
      maps: this.#maps,
      dial: (name, address, signal) => this.#dial(name, address, signal),
      places: () => this.#places,
      silent,
    })
    const address = peerAddressOf(listen)
    this.#port = address === undefined ? undefined : new PeerPort({ address, log: world.log, ...this.#guests() })
    this.#maps.onMap(map => this.#port?.cut(new Set(map.revoked)))
  }

  /** The machines of the cloud, for other rooms. */
  get machines(): Machines {
    return this.#links
  }

  /** True when a controller has said last that this machine was removed from the cloud. */
  get isRemoved(): boolean {
    return this.#links.refusal?.code === 'Removed'
  }

  /** False for a machine whose clock is so far from that of this one that it may not write. */
  mayWrite(machine: string): boolean {
    return Math.abs(this.#links.hearing.skewMs(machine)) <= SKEW_STOP_MS
  }

  /** Where it listens; undefined while it does not. */
  get port(): number | undefined {
    return this.#port?.port
  }

  /**
   * Opens the port and keeps connections from now on. Other machines may call the handlers, if they have the right to by
   * `rightFor`; each handler looks closer at who calls.
   */
  async serve(handlers: readonly Handler[], rightFor: typeof rightOf = rightOf): Promise<void> {
    const { world, dataFolder } = this.#options
    const renew = renewHandlers({ clock: world.clock, software: softwareName(), dataFolder })
    this.#isServing = true
    await this.#openPort()
    this.#maps.setAlone(this.#alone())
    this.#tell()
    const control = { clock: world.clock, software: softwareName(), dataFolder }
    const all = [...renew, ...setHomeHandlers(keepHomeAt(control)), ...seatHandlers(control), ...handlers]
    this.#links.serve(authorised(all, () => this.#maps.map, rightFor))
    this.#looking = this.#lookOn()
    const changed = () => this.reload()
    this.#renewing = renewingNode({ world, dataFolder, files: () => this.#files, machines: this.#links, changed })
  }

  /** Of which filesystems this machine lacks the log, as it says from now on. */
  tellLacks(lacks: () => readonly string[]): void {
    this.#links.lacks = lacks
  }

  /** What this machine says of its mesh from now on. */
  tellMesh(report: MeshReport): void {
    this.#mesh = report
    if (this.#isServing) this.#tell()
  }

  /** What the local door answers of the cloud. */
  localMethods(): readonly Handler[] {
    const methods = localClusterMethods({ links: this.#links, maps: this.#maps, reload: () => this.reload() })
    return [...methods, localSeatHandler(() => this.#links)]
  }

  /** Takes what lies in DATA/node now. */
  reload(): Promise<void> {
    const reloaded = this.#reloading.then(() => this.#reload())
    this.#reloading = reloaded.catch(() => undefined)
    return reloaded
  }

  /** How it is, for `cairn doctor`. */
  checks(): readonly CheckRow[] {
    const { world } = this.#options
    if (this.#files === undefined) return []
    const port = this.#port === undefined ? [] : [this.#port.check()]
    return [...port, cloudCheck(this.#links), certificateCheck(this.#files, world)]
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    await this.#renewing?.[Symbol.asyncDispose]()
    await this.#reloading
    await this.#looking
    await this.#links[Symbol.asyncDispose]()
    await (await this.#announcer)?.[Symbol.asyncDispose]()
    await this.#port?.[Symbol.asyncDispose]()
  }

  async #reload(): Promise<void> {
    this.#files = this.#read()
    this.#places = readPlaces(this.#options.world.disk, this.#options.dataFolder)
    this.#links.become(this.#own())
    if (this.#isServing && !this.#closing.signal.aborted) await this.#openPort()
    this.#maps.setAlone(this.#alone())
    if (this.#isServing) this.#tell()
  }

  // Damaged files keep this machine out of its cloud, not its data from its programs.
  #read(): NodeFiles | undefined {
    const { world, dataFolder } = this.#options
    try {
      return readNodeFiles(world.disk, dataFolder)
    } catch (error) {
      if (!isFault(error, 'NodeFile')) throw error
      world.log.warn('this machine is in no cloud', { why: whyOf(error) })
      return undefined
    }
  }

  #own() {
    const node = this.#files?.node
    const name = node?.name ?? os.hostname().toLowerCase()
    return { name, isController: node?.role !== 'node', cloud: node?.cloud ?? '' }
  }

  #alone(): NodeMap {
    const { name, isController, cloud } = this.#own()
    const machine = {
      name,
      role: isController ? 'controller' : 'node',
      zone: ownZone(),
      addresses: this.#addresses(),
      state: 'Online',
      disks: this.#options.disks().flatMap(diskAlone),
    } as const
    return {
      version: 0,
      cloud,
      level: FORMAT_LEVEL,
      groups: GROUPS_ALONE,
      machines: [machine],
      pools: [],
      filesystems: [],
      revoked: [],
      isShared: false,
    }
  }

  #report(load: Load) {
    return ownReport({
      addresses: this.#addresses(),
      load,
      disks: this.#options.disks(),
      mesh: this.#mesh,
    })
  }

  #addresses(): readonly string[] {
    const { host, port } = this.#port ?? {}
    if (port === undefined) return []
    return host === undefined ? ownAddresses(os.networkInterfaces(), port) : [hostPort(host, port)]
  }

  #guests() {
    const { world, dataFolder } = this.#options
    const common = { clock: world.clock, software: softwareName() }
    return {
      accept: (...[duplex, certificate, address]: Parameters<TlsListenOptions['accept']>) => {
        void this.#links.accept({ duplex, certificate, host: address })
      },
      acceptStranger: (...[duplex, address]: Parameters<Required<TlsListenOptions>['acceptStranger'] & object>) => {
        const handlers = strangerHandlers({ ...common, dataFolder }, address)
        serveStranger(duplex, { ...common, log: world.log, handlers })
      },
    }
  }

  async #dial(name: string, address: string, signal: AbortSignal) {
    const at = listenAddressOf(address)
    const credential = this.#files?.credential
    if (at === undefined || credential === undefined) throw mainFault('Invalid', `${address} cannot be dialled`)
    const isMeant = (peer: { readonly name: string }) => peer.name === subjectOf({ name, isController: false }).name
    const { duplex, peer } = await connectTls({ ...at, credential, isMeant }, signal)
    return { duplex, certificate: peer, host: at.host }
  }

  async #openPort(): Promise<void> {
    if (this.#files !== undefined) await this.#port?.open(this.#files.credential)
    await this.#announce()
  }

  // On networks only where it is listened for, and those that are new.
  async #announce(): Promise<void> {
    const { world, isDiscoverable = false } = this.#options
    const { port, host } = this.#port ?? {}
    const node = this.#files?.node
    const isHidden = !isDiscoverable || (host !== undefined && /^(127\.|::1$)/.test(host))
    if (isHidden || node?.role !== 'controller' || port === undefined) return
    const announced = { name: node.name, fingerprint: node.cloud, port }
    this.#announcer ??= Announcer.open({ clock: world.clock, log: world.log, announced, host })
    const announcer = await this.#announcer
    announcer.refresh()
  }

  #tell(): void {
    const load = this.#load.measure()
    this.#links.load = { cpuUsedMilli: load.cpuUsedMilli, memoryUsedMiB: load.memoryUsedMiB }
    const report = this.#report(load)
    if (isNews(this.#links.report, report)) this.#links.report = report
  }

  async #lookOn(): Promise<void> {
    const { clock, log } = this.#options.world
    const { signal } = this.#closing
    while (!signal.aborted) {
      await clock.sleep(PEER_LOOK_MS, signal).catch(() => undefined)
      if (signal.aborted) return
      try {
        if (this.#port?.port === undefined) await this.#openPort()
        else await this.#announce()
        this.#tell()
      } catch (error) {
        log.warn('this machine cannot say how it is', { why: whyOf(error) })
      }
    }
  }
}

// As long as it is in the map of no other.
function diskAlone({ id, capacityMiB, isLeaving }: DiskReport): readonly MapDisk[] {
  return isLeaving === true ? [] : [{ id, capacityMiB, quarters: 4, takes: 'groups' }]
}
