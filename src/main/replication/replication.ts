import { type World, whyOf } from '#base'
import type { Machines } from '#cluster'
import type { IndexFactory, LogReach } from '#keyspace'
import type { Handler } from '#rpc'
import type { ChunkSource, LeftBehind } from '#storage/fs'
import { mainFault } from '../faults.ts'
import { CLAIM_AGAIN_MS } from '../limits.ts'
import { standInHandlers } from '../remote-fs/handlers.ts'
import { homeMachine } from '../remote-fs/remote-filesystems.ts'
import type { Filesystems, FilesystemsHomes } from '../storage/filesystems.ts'
import { isCutOff } from '../storage/cut-off.ts'
import { logHandlers } from './handlers.ts'
import { HomeRecords, type SetHome } from './records.ts'
import { retire } from './retire.ts'
import { type Roles, takeRoles, watchRoles } from './roles.ts'
import { shipLog } from './shipping.ts'
import { StandIns } from './stand-ins.ts'
import { Standbys } from './standbys.ts'
import { tellHomes } from './tell-homes.ts'

/** What homes and standbys of this machine are kept with. */
export interface ReplicationOptions {
  readonly world: World
  readonly dataFolder: string
  readonly machines: Machines
  readonly chunks: ChunkSource
  readonly bootId: string
  /** Of standbys; SQLite when undefined. */
  readonly index?: IndexFactory | undefined
  readonly setHome: SetHome
  /** Hears once that this machine is to be something else for a filesystem: another process has to take over. */
  changed(filesystem: string): void
}

/** The filesystems of the cloud as this machine has them: as their home, as a standby of their log, or from elsewhere. */
export class Replication implements AsyncDisposable {
  readonly records: HomeRecords
  readonly standbys: Standbys
  readonly standIns: StandIns
  readonly #options: ReplicationOptions
  readonly #closing = new AbortController()
  readonly #work = new Set<Promise<void>>()
  readonly #leftBehind = new Map<string, PromiseWithResolvers<LeftBehind>>()
  /** Those whose home was here: somebody knows of a later one. */
  readonly #deposed = new Set<string>()
  #roles: Roles = { here: [], retired: [] }
  #filesystems: Filesystems | undefined
  #listening: Disposable | undefined

  constructor(options: ReplicationOptions) {
    this.#options = options
    this.records = new HomeRecords(options)
    this.standbys = new Standbys(options)
    this.standIns = new StandIns({ ...options, records: this.records, standbys: this.standbys })
  }

  /** What other machines may ask. */
  handlers(): readonly Handler[] {
    const { machines } = this.#options
    const logs = logHandlers({
      records: this.records,
      standbys: name => (this.#mayFollow(name) ? this.standbys : undefined),
      home: name => {
        if (this.#filesystems === undefined) throw mainFault('HomeUnreachable', 'filesystems are not open yet')
        return this.#filesystems.get(name)
      },
      lacks: () => this.lacks,
      own: () => machines.own,
    })
    return [...logs, ...standInHandlers(this.standIns)]
  }

  /** Decides what this machine is, before filesystems are opened; other machines can be called. */
  async begin(): Promise<FilesystemsHomes> {
    const { world, machines, bootId, changed } = this.#options
    const { records, standbys } = this
    await standbys.openAll()
    this.#roles = await takeRoles({ ...this.#options, records, standbys })
    const deposed = (filesystem: string, error: Error) => {
      this.#deposed.add(filesystem)
      world.log.warn('another machine is the home of a filesystem', { filesystem, why: whyOf(error) })
      // Its record comes with the map, or from who has said so.
      changed(filesystem)
    }
    for (const name of this.#roles.retired) this.#leftBehind.set(name, Promise.withResolvers())
    const shipping = { world, machines, records, bootId, deposed }
    return {
      roles: this.#roles,
      ship: opened => shipLog(shipping, opened),
      homeOf: name => this.homeOf(name),
      standIn: (name, call, signal) => this.standIns.ask(name, call, signal),
      leftBehind: name => this.#leftBehind.get(name)?.promise,
      onHomes: run => this.records.onChange(run),
      isCutOff: name => this.isCutOff(name),
      claim: name => this.#run(signal => this.#claim(name, signal)),
      drop: name => this.#run(signal => this.#drop(name, signal)),
    }
  }

  /** The machine a filesystem lives on; undefined: it is made here when it is wanted. */
  homeOf(name: string): string | undefined {
    const record = this.records.of(name)
    return record === undefined ? homeMachine(this.#options.machines) : record.home
  }

  /** True while another machine may be the home of a filesystem of this one, see {@link isCutOff}, and once it is known to be. */
  isCutOff(name: string): boolean {
    const { own, map, leaderAgoMs } = this.#options.machines
    const record = this.records.of(name)
    const isDeposed = this.#deposed.has(name) || (record !== undefined && record.home !== own)
    return isDeposed || (map.isShared && isCutOff(record, map, leaderAgoMs))
  }

  /** Looks after all of it from now on. */
  serve(filesystems: Filesystems): void {
    this.#filesystems = filesystems
    const { changed } = this.#options
    const parts = { ...this.#options, records: this.records, standbys: this.standbys }
    this.#listening = watchRoles({ ...parts, filesystems }, changed)
    this.#run(signal => tellHomes(parts, signal))
    for (const { name } of filesystems.all) this.#run(signal => this.#claim(name, signal))
    const leftBehind = (name: string, left: LeftBehind) => this.#leftBehind.get(name)?.resolve(left)
    const retiring = { ...parts, filesystems, leftBehind }
    for (const name of this.#roles.retired) this.#run(signal => retire(retiring, name, signal))
  }

  /**
   * How far the log is with which this machine could be the home of a filesystem: what it had as the home before, or a whole standby;
   * undefined: it has none.
   */
  async hasLog(name: string): Promise<LogReach | undefined> {
    const retired = this.#filesystems?.retired(name)
    if (retired !== undefined) return retired.reach
    const there = await this.standbys.there(name)
    return there?.isWhole === true ? there : undefined
  }

  /**
   * Filesystems whose log this machine has by the map, and has not, as after a new disk: it must not be named the home. Before all is
   * open it is said of more.
   */
  get lacks(): readonly string[] {
    const { own, map } = this.#options.machines
    const { here, retired } = this.#roles
    const held = new Set(this.#filesystems?.held.map(({ name }) => name) ?? [...here, ...retired])
    return map.filesystems.flatMap(({ name, inSync }) => {
      return !inSync.includes(own) || held.has(name) || this.standbys.isWhole(name) ? [] : [name]
    })
  }

  // A machine has one log of a filesystem: what it has as the home, or had, is given up first.
  #mayFollow(name: string): boolean {
    if (this.#filesystems === undefined || this.#closing.signal.aborted) return false
    return this.#filesystems.held.every(each => each.name !== name)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort()
    this.#listening?.[Symbol.dispose]()
    await Promise.all(this.#work)
    await this.standbys[Symbol.asyncDispose]()
    await this.records[Symbol.asyncDispose]()
  }

  #run(work: (signal: AbortSignal) => Promise<void>): void {
    const { signal } = this.#closing
    const task = work(signal)
      .catch((error: unknown) => {
        if (!signal.aborted) this.#options.world.log.warn('work for homes has ended', { why: whyOf(error) })
      })
      .finally(() => this.#work.delete(task))
    this.#work.add(task)
  }

  // In a cloud, what is here is said to be here, once a controller answers.
  async #claim(name: string, signal: AbortSignal): Promise<void> {
    const { machines, world } = this.#options
    while (!signal.aborted && this.records.of(name) === undefined) {
      if (machines.map.isShared) await this.records.claim(name, signal).catch(() => undefined)
      if (this.records.of(name) === undefined) await world.clock.sleep(CLAIM_AGAIN_MS, signal).catch(() => undefined)
    }
  }

  async #drop(name: string, signal: AbortSignal): Promise<void> {
    const { world } = this.#options
    while (!signal.aborted && this.records.of(name) !== undefined) {
      await this.records.drop(name, signal).catch(() => undefined)
      await world.clock.sleep(CLAIM_AGAIN_MS, signal).catch(() => undefined)
    }
  }
}
