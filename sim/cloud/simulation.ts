import { type Digest, isFault, isSystemError } from '#base'
import { homeOf, type MapFilesystem, type NodeMap } from '#cluster'
import { ROOT_INO } from '#storage/fs'
import { type Ending, Life } from '../life.ts'
import { ok } from '../model/observe.ts'
import { mustHold, Violation } from '../model/violation.ts'
import { SimNetwork } from '../pool/network.ts'
import { Random } from '../random.ts'
import type { Scheduler } from '../scheduler.ts'
import { describeSeed, runSeed, type SeedOutcome, type SeedParts, untilOver } from '../seed.ts'
import { Trace } from '../trace.ts'
import type { CloudCanary } from './canaries.ts'
import { collectAll, collecting } from './collecting.ts'
import type { ControlSetting } from './control.ts'
import { Decisions } from './decisions.ts'
import { HomeBook } from './home-book.ts'
import { CloudMachine, type CloudParts, FILESYSTEM, type MachineHearer, type OpenHome } from './machine.ts'
import { CloudModel } from './model.ts'
import { checkMoves } from './moves.ts'
import { act, type CloudSetting, type Process } from './program.ts'
import { flipBitOf } from './rot.ts'
import { checkHome, checkMaps, settleFiles, whyHomesMove } from './settle.ts'
import { SharedMap } from './shared-map.ts'
import { ALL_TROUBLES, trouble, type Troubled } from './trouble.ts'

/** How a run of a cloud went. */
export interface CloudOutcome extends SeedOutcome {
  readonly virtualMs: number
  /** Epochs of the home that have begun. */
  readonly homes: number
}

/** Runs a cloud of machines with one filesystem from a seed through rounds of trouble; after each, all must be well again. */
export async function simulateCloud(seed: number, canary?: CloudCanary, print?: boolean): Promise<CloudOutcome> {
  const { outcome, run } = await runSeed({ seed, print }, parts => new Cloud(seed, parts, canary))
  return { ...outcome, virtualMs: run.nowMs, homes: run.homes }
}

/** A violation for people. */
export const describeCloudFailure = (outcome: CloudOutcome): string => describeSeed('cloud', outcome)

class Cloud implements CloudSetting, Troubled, MachineHearer, ControlSetting {
  readonly model = new CloudModel()
  readonly random: Random
  isCalm = false
  readonly network: SimNetwork
  readonly machines: CloudMachine[] = []
  readonly shared: SharedMap
  readonly decisions: Decisions
  readonly isAlone: boolean
  /** Of the whole filesystem; undefined: it has none. */
  limit: number | undefined
  readonly #trace: Trace
  readonly #scheduler: Scheduler
  readonly #life = new Life(0)
  readonly #book = new HomeBook()
  readonly #parts: CloudParts
  readonly #controllers: number
  readonly #isLimited: boolean
  readonly #replicas: number
  readonly #canary: CloudCanary | undefined
  readonly #broken = Promise.withResolvers<never>()
  /** Chunks that had all their copies when all was last calm. */
  #rested: readonly Digest[] = []
  #names = 0
  #requests = 0
  /** Why not all has its copies. */
  #said = ''
  #asking = Promise.withResolvers<string>()
  #lastRevision = 0
  /** Machines that have lost their power since they were the home last. */
  readonly #cut = new Set<string>()

  constructor(seed: number, { trace, scheduler }: SeedParts, canary: CloudCanary | undefined) {
    this.random = new Random(seed)
    this.#trace = trace
    this.#scheduler = scheduler
    this.#canary = canary
    this.#replicas = this.random.pick([2, 2, 3])
    this.#controllers = this.random.pick([1, 3])
    this.isAlone = this.#controllers === 1
    this.#isLimited = this.random.chance(LIMITED_SHARE) || canary?.isLimited === true
    this.network = new SimNetwork(this.#scheduler, this.random.fork())
    this.decisions = new Decisions({ replicas: this.#replicas, minReplicas: 2 })
    this.shared = new SharedMap({
      network: this.network,
      random: this.random.fork(),
      all: () => this.#controllersWhere(() => true),
      running: () => this.#controllersWhere(({ isUp }) => isUp),
    })
    const machine = {
      scheduler: this.#scheduler,
      random: this.random.fork(),
      trace: SILENT,
      capacity: { bytes: 2 ** 30 },
      wall: { offsetMs: 0 },
    }
    const find = (name: string) => this.machines.find(each => each.name === name && each.isUp)
    this.#parts = { machine, network: this.network, canary, control: this, find }
  }

  get nowMs(): number {
    return this.#scheduler.nowMs
  }

  get homes(): number {
    return this.#book.epoch
  }

  get home(): string {
    return this.#book.home
  }

  get revision(): number {
    this.#lastRevision = this.#openHome?.keyspace.revision ?? this.#lastRevision
    return this.#lastRevision
  }

  note(line: string): void {
    this.#trace.line(`${this.nowMs.toFixed(0)} ${line}`)
  }

  asks(machine: string): void {
    this.#asking.resolve(machine)
    this.#asking = Promise.withResolvers()
  }

  asked(): Promise<string> {
    return this.#asking.promise
  }

  pause(ms: number): Promise<void> {
    return new Promise(resolve => this.#scheduler.at(this.#life, ms, resolve))
  }

  nextRequest(): number {
    return ++this.#requests
  }

  async run(): Promise<void> {
    const count = Math.max(this.random.pick([3, 3, 4]), this.#controllers === 3 && this.random.chance(0.5) ? 4 : 3)
    await untilOver(this.#scheduler, this.#body(count), this.#broken.promise)
  }

  broke(error: unknown): void {
    this.#broken.reject(error)
  }

  async #body(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.join()
    await this.#recover()
    await this.#limit()
    for (let round = 1; round <= (this.#canary === undefined ? ROUNDS : 1); round++) {
      this.note(`round ${round} with ${this.#replicas} copies, ${this.#controllers} controllers`)
      this.isCalm = false
      await Promise.all([
        ...Array.from({ length: PROGRAMS }, () => this.#program()),
        trouble(this, this.#canary?.trouble ?? ALL_TROUBLES),
        collecting(this),
      ])
      await this.#recover()
    }
    await collectAll(this, this.#homeMachine)
    await this.#until(() => this.#isWhole(), 'all copies')
    await checkHome(this.#homeMachine, { from: this.random.pick(this.machines), limit: this.limit })
  }

  async #limit(): Promise<void> {
    const home = this.#openHome
    if (home === undefined || !this.#isLimited) return
    this.limit = LIMIT_BYTES
    this.note(`at most ${this.limit} bytes`)
    await ok(
      home.filesystem.quotas.set(ROOT_INO, { bytesMax: this.limit, inodesMax: undefined }),
      'setting limits in calm',
    )
    await home.filesystem.sync()
  }

  /** The home of the newest epoch, while it is open. */
  get #openHome(): OpenHome | undefined {
    const { epoch } = this.#book
    return this.machines.map(({ home }) => home).find(home => home?.epoch === epoch)
  }

  get #homeMachine(): CloudMachine {
    const machine = this.machines.find(({ name }) => name === this.#book.home)
    if (machine === undefined) throw new Violation('the home is no machine')
    return machine
  }

  #controllersWhere(isSo: (machine: CloudMachine) => boolean): string[] {
    return this.machines.flatMap(each => (each.start0.isController && isSo(each) ? [each.name] : []))
  }

  get #record(): MapFilesystem | undefined {
    const { map } = this.shared
    return map === undefined ? undefined : homeOf(map, FILESYSTEM)
  }

  async join(): Promise<void> {
    const name = `m${++this.#names}`
    const isFirst = this.machines.length === 0
    const isController = this.#names <= this.#controllers
    const start = { name, isController, serial: `serial-${name}`, capacityMiB: this.random.between(500, 2000) }
    const machine = new CloudMachine(start, this.#parts, this)
    this.decisions.admit(machine)
    this.note(`join ${name}`)
    if (isFirst) this.shared.map = this.decisions.nextMap(undefined, { own: name, heard: new Map(), versionThere: 0 })
    const isIn = () => this.shared.map?.machines.some(each => each.name === name) === true
    while (!isIn()) await this.pause(500)
    if (!isFirst && this.shared.map !== undefined) await machine.join(this.shared.map)
    this.machines.push(machine)
    void this.#run(machine)
    await this.pause(2_000)
  }

  opened({ name }: CloudMachine, home: OpenHome): void {
    const isFirst = this.#book.epoch === 0
    const kept = this.#book.opened(name, home, this.#cut.delete(name))
    const told = kept === undefined ? 'it is over' : kept === 'all' ? 'all is there' : `all is there up to ${kept.to}`
    this.note(`${name} is home in epoch ${home.epoch} and finds revision ${home.found.last}: ${told}`)
    if (kept === undefined || kept === 'all' || isFirst) return
    this.#lastRevision = kept.to
    this.model.found(kept.to, kept.hasMore)
  }

  failed(machine: CloudMachine, error: Error): void {
    this.note(`${machine.name} fails: ${error.message}`)
    void this.#again(machine, 2_000)
  }

  leaving(machine: CloudMachine): void {
    this.note(`${machine.name} is to be something else`)
    void this.#again(machine, this.random.fraction() * LEAVING_MS)
  }

  named(record: MapFilesystem): void {
    this.note(`the leader has named ${record.home} in epoch ${record.epoch}`)
    this.#book.named(record)
  }

  // As a supervisor: a process that cannot start is started again.
  async #run(machine: CloudMachine): Promise<void> {
    if (machine.isHeld) return
    this.note(`start ${machine.name}`)
    try {
      await machine.start()
    } catch (error) {
      if (!isFault(error) && !isSystemError(error)) return this.broke(error)
      this.note(`${machine.name} fails to start: ${error.message}`)
      await this.#again(machine, 2_000)
    }
  }

  async #again(machine: CloudMachine, afterMs: number): Promise<void> {
    const { gone } = machine
    await Promise.race([this.pause(afterMs), gone.promise])
    if (machine.gone === gone) this.#end(machine, 'kill')
    if (!machine.isUp) void this.#run(machine)
  }

  #end(machine: CloudMachine, how: Ending): void {
    if (!machine.isUp) return
    this.note(`${how} ${machine.name}`)
    void this.revision
    if (how === 'power') this.#cut.add(machine.name)
    machine.end(how)
  }

  async #program(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      await this.pause(this.random.fraction() * 4_000)
      const machine = this.anybody()
      if (machine !== undefined) await act(this, machine)
    }
  }

  anybody(): Process | undefined {
    const ready = this.machines.flatMap(machine => (this.#book.isAstray(machine) ? [] : (machine.process ?? [])))
    return ready.length === 0 ? undefined : Object.assign(this.random.pick(ready), { cuts: this.model.cuts })
  }

  async restart(machine: CloudMachine, how: Ending, msMax: number): Promise<void> {
    if (!machine.isUp) return
    this.#end(machine, how)
    await this.pause(this.random.fraction() * msMax)
    if (!machine.isUp) await this.#run(machine)
  }

  async wipe(machine: CloudMachine): Promise<void> {
    this.#end(machine, 'power')
    this.note(`wipe ${machine.name}`)
    machine.isHeld = true
    if (this.shared.map !== undefined) await machine.wipe(this.shared.map)
    await this.pause(this.random.fraction() * 20_000)
    machine.isHeld = false
    if (!machine.isUp) await this.#run(machine)
  }

  async replace(machine: CloudMachine): Promise<void> {
    this.#leave(machine)
    await this.pause(this.random.fraction() * 20_000)
    await this.join()
  }

  drain(machine: CloudMachine): void {
    this.note(`drain ${machine.name}`)
    this.decisions.drain(machine.name)
  }

  isSpare({ name, start0 }: CloudMachine): boolean {
    if (this.isAlone && start0.isController) return false
    const { inSync = [], epoch } = this.#record ?? {}
    // Who has the log of a home that was forced, controllers do not know yet.
    return epoch === this.#book.epoch && inSync.some(each => each !== name)
  }

  async promote(machine: CloudMachine, isForced = false): Promise<void> {
    const record = this.#record
    const changed = record === undefined ? undefined : this.#canary?.record?.(record, machine.name)
    if (changed !== undefined && changed.home !== record?.home) return this.#plant(changed)
    this.note(`people make ${machine.name} the home${isForced ? ', by force' : ''}`)
    try {
      const { epoch } = await machine.promote(isForced)
      this.note(`${machine.name} is to be the home in epoch ${epoch}`)
    } catch (error) {
      if (!isFault(error)) return this.broke(error)
      this.note(`${machine.name} is not made the home: ${error.message}`)
    }
  }

  #plant(record: MapFilesystem): void {
    const { map, revision } = this.shared
    if (map === undefined) return
    this.note(`${record.home} is home by a planted bug in epoch ${record.epoch}`)
    this.shared.write({ ...map, version: map.version + 1, filesystems: [record] }, revision)
  }

  async lose(): Promise<void> {
    const machine = this.machines.find(({ name }) => name === this.home)
    if (machine === undefined || !machine.isUp || machine.isHeld) return
    machine.isHeld = true
    this.#end(machine, this.random.pick(['kill', 'power']))
    await this.pause(this.random.between(5_000, 20_000))
    await this.#follow(machine.name, this.isAlone && machine.start0.isController)
    await this.pause(this.random.between(5_000, 20_000))
    machine.isHeld = false
    if (!machine.isUp) await this.#run(machine)
  }

  // Somebody who has the log is made the home, by people who know who has it.
  async #follow(lost: string, isForced: boolean): Promise<void> {
    const { home, inSync = [] } = this.#record ?? {}
    const next = this.machines.find(({ name, isUp }) => isUp && name !== lost && inSync.includes(name))
    if (home === lost && next !== undefined) await this.promote(next, isForced)
  }

  // A bit of somebody's copy of one chunk flips, on the disk and in memory; there is another copy.
  rot(): void {
    if (this.#rested.length === 0) return
    const digest = this.random.pick(this.#rested)
    const machine = this.random.pick(this.machines)
    const where = flipBitOf(machine.image, digest)
    if (where !== undefined) this.note(`rot ${machine.name} ${where}`)
  }

  changed(before: NodeMap | undefined, after: NodeMap): void {
    const record = homeOf(after, FILESYSTEM)
    const home = record === undefined ? '' : `, home ${record.home} ${record.epoch} of ${record.inSync.join()}`
    this.note(`map ${after.version}: ${after.machines.map(({ name, state }) => `${name} ${state}`).join()}${home}`)
    try {
      if (before !== undefined) checkMoves(before, after, this.#replicas)
    } catch (error) {
      this.broke(error)
    }
  }

  spoil(map: NodeMap): NodeMap {
    return this.#canary?.map?.(map) ?? map
  }

  // Out of the cloud for good, with its disk.
  #leave(machine: CloudMachine): void {
    this.#end(machine, 'power')
    this.note(`${machine.name} is gone for good`)
    this.decisions.remove(machine)
    machine.isHeld = true
    this.machines.splice(this.machines.indexOf(machine), 1)
  }

  // Everything works again: then all that was acknowledged is there, everywhere, and has all its copies, by itself.
  async #recover(): Promise<void> {
    this.network.heal()
    this.note('heal')
    await this.pause(30_000)
    for (const machine of this.machines) if (!machine.isUp) void this.#run(machine)
    await this.#untilHome()
    await this.#until(() => this.machines.every(({ filesystem }) => filesystem !== undefined), 'all filesystems')
    await this.pause(CALM_MS)
    this.isCalm = true
    this.note('calm')
    const parts = {
      model: this.model,
      home: this.#homeMachine,
      machines: this.machines,
      note: (line: string) => this.note(line),
    }
    checkMaps(this.machines)
    await settleFiles(parts)
    await this.pause(5_000)
    await this.#until(() => this.#isWhole(), 'all copies')
    await this.#until(() => this.#areHomesSettled(), 'homes where they belong')
    this.#rested = await checkHome(this.#homeMachine, { from: this.random.pick(this.machines), limit: this.limit })
    this.model.durable(this.revision)
    await this.#unplug()
  }

  // A home that is gone, or has lost its disk, waits for people to name another.
  async #untilHome(): Promise<void> {
    for (let tries = 0; ; tries++) {
      const record = this.#record
      const machine = this.machines.find(({ name }) => name === record?.home)
      if (record === undefined || machine?.home?.epoch === record.epoch) return
      mustHold(tries < HOME_TRIES_MAX, () => `there is never a home: ${record.home} is to be it`)
      await this.pause(10_000)
      if (tries % 3 === 2) await this.#follow(record.home, false)
      // One that was named has lost its disk: the home before has all that was acknowledged, and people know.
      const isLost = this.#canary?.lacks === undefined && machine?.replication?.lacks.includes(FILESYSTEM) === true
      if (tries % 6 === 5 && isLost) await this.promote(this.#homeMachine, true)
    }
  }

  #areHomesSettled(): boolean {
    const why = whyHomesMove({
      record: this.#record,
      machines: this.machines,
      copies: Math.min(this.#replicas, this.#countStaying),
    })
    this.#said = why ?? ''
    return why === undefined
  }

  get #countStaying(): number {
    const { home } = this.#record ?? {}
    return this.machines.filter(({ name }) => name === home || !this.decisions.isDraining(name)).length
  }

  // What is said to be safe to unplug goes, disk and all; the home does not stay there.
  async #unplug(): Promise<void> {
    const machine = this.machines.find(({ name }) => name === this.decisions.draining)
    if (machine === undefined) return
    if (machine.name === this.home) {
      await this.#follow(machine.name, false)
      await this.#until(() => this.home !== machine.name && this.#areHomesSettled(), 'a home elsewhere')
      await this.#until(() => this.#isWhole(), 'all copies')
    }
    const status = await this.#homeMachine.pool?.status(NEVER)
    const isSafe = status?.machines.find(({ name }) => name === machine.name)?.isSafeToUnplug
    mustHold(isSafe === true, () => `${machine.name} is not said to be safe to unplug`)
    this.#leave(machine)
    await this.pause(10_000)
    await this.#until(() => this.#isWhole(), 'all copies')
    await this.#until(() => this.#areHomesSettled(), 'homes where they belong')
  }

  async #isWhole(): Promise<boolean> {
    for (const { name, pool, links } of this.machines) {
      const version = this.shared.map?.version
      this.#said = `${name} has map ${links?.map.version} of ${version}`
      if (pool === undefined || links?.map.version !== version) return false
      const status = await pool.status(NEVER)
      this.#said = `${name} says: ${status.sentence} ${status.misplacedChunks} misplaced`
      if (!status.isSafe || status.misplacedChunks > 0) return false
    }
    return true
  }

  async #until(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
    const startMs = this.nowMs
    while (!(await isSo())) {
      mustHold(this.nowMs - startMs < SETTLE_MS_MAX, () => `there are never ${what}: ${this.#said}`)
      await this.pause(5_000)
    }
  }
}

const SILENT = new Trace(false)
const NEVER = new AbortController().signal
const ROUNDS = 2
const PROGRAMS = 4
const STEPS = 12
/** Sessions and leases of before are over. */
const CALM_MS = 90_000
const HOME_TRIES_MAX = 18
const LEAVING_MS = 500
/** Of seeds, how many limit the filesystem, and to what. */
const LIMITED_SHARE = 0.2
const LIMIT_BYTES = 300_000
const SETTLE_MS_MAX = 2 * 3600_000
