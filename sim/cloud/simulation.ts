import { type Digest, isFault, isSystemError } from '#base'
import type { NodeMap } from '#cluster'
import type { Ending } from '../life.ts'
import { Life } from '../life.ts'
import { mustHold, Violation } from '../model/violation.ts'
import { SimNetwork } from '../pool/network.ts'
import { Random } from '../random.ts'
import { Scheduler, turn } from '../scheduler.ts'
import { Trace } from '../trace.ts'
import type { CloudCanary } from './canaries.ts'
import { Leader } from './leader.ts'
import { CloudMachine, type CloudParts } from './machine.ts'
import { CloudModel } from './model.ts'
import { checkMoves } from './moves.ts'
import { act, type CloudSetting } from './program.ts'
import { flipBitOf } from './rot.ts'
import { checkHome, settleFiles } from './settle.ts'
import { ALL_TROUBLES, trouble, type Troubled } from './trouble.ts'

/** How a run of a cloud went. */
export interface CloudOutcome {
  readonly seed: number
  readonly violation: string | undefined
  readonly tail: readonly string[]
  readonly traceHash: string
  readonly virtualMs: number
}

/** Runs a cloud of machines with one filesystem from a seed through rounds of trouble; after each, all must be well again. */
export async function simulateCloud(seed: number, canary?: CloudCanary, print = false): Promise<CloudOutcome> {
  const trace = new Trace(print)
  const cloud = new Cloud(seed, trace, canary)
  let violation: string | undefined
  try {
    await cloud.run()
  } catch (error) {
    if (!(error instanceof Violation)) throw error
    violation = error.message
    trace.line(`violation ${violation}`)
  }
  return { seed, violation, tail: trace.tail, traceHash: trace.digest(), virtualMs: cloud.nowMs }
}

/** A violation for people: what it is, what led to it, and how to see it again. */
export function describeCloudFailure({ seed, violation, tail }: CloudOutcome): string {
  const lines = tail.map(line => `  | ${line}`)
  const replay = `  replay: npm run sim -- --cloud --seed ${seed} --trace`
  return [`cloud ${seed}: ${violation ?? ''}`, ...lines, replay].join('\n')
}

class Cloud implements CloudSetting, Troubled {
  readonly model = new CloudModel()
  readonly random: Random
  isCalm = false
  readonly #trace: Trace
  readonly #scheduler = new Scheduler()
  readonly #life = new Life(0)
  readonly network: SimNetwork
  readonly machines: CloudMachine[] = []
  readonly #leader: Leader
  readonly #parts: CloudParts
  readonly #replicas: number
  readonly #canary: CloudCanary | undefined
  /** Chunks that had all their copies when all was last calm. */
  #rested: readonly Digest[] = []
  #names = 0
  #isOver = false
  /** Why not all has its copies. */
  #said = ''
  #asking = Promise.withResolvers<string>()
  #failed: Error | undefined
  #lastRevision = 0
  #foundBy: Ending = 'kill'

  constructor(seed: number, trace: Trace, canary: CloudCanary | undefined) {
    this.random = new Random(seed)
    this.#trace = trace
    this.#replicas = this.random.pick([2, 2, 3])
    this.network = new SimNetwork(this.#scheduler, this.random.fork())
    this.#canary = canary
    this.#leader = new Leader({ replicas: this.#replicas, minReplicas: 2 }, this)
    const machine = {
      scheduler: this.#scheduler,
      random: this.random.fork(),
      trace: SILENT,
      capacity: { bytes: 2 ** 30 },
      wall: { offsetMs: 0 },
    }
    const find = (name: string) => this.machines.find(each => each.name === name && each.isUp)
    this.#parts = { machine, network: this.network, canary, find }
  }

  get nowMs(): number {
    return this.#scheduler.nowMs
  }

  get home(): string {
    return this.#first.name
  }

  get revision(): number {
    this.#lastRevision = this.#first.home?.keyspace.revision ?? this.#lastRevision
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

  async run(): Promise<void> {
    void this.#body(this.random.pick([3, 3, 4])).then(
      () => {
        this.#isOver = true
      },
      error => this.#break(error),
    )
    for (let idle = 0; !this.#isOver; ) {
      idle = (await this.#scheduler.step()) ? 0 : idle + 1
      if (idle > 0) await turn()
      mustHold(idle < IDLE_MAX, () => 'nothing can go on')
      mustHold(this.nowMs < RUN_MS_MAX, () => 'the run does not end')
    }
    if (this.#failed !== undefined) throw this.#failed
  }

  #break(error: unknown): void {
    this.#failed ??= error instanceof Error ? error : new Error(String(error))
    this.#isOver = true
  }

  async #body(count: number): Promise<void> {
    void this.#rule().catch(error => this.#break(error))
    for (let i = 0; i < count; i++) await this.join()
    await this.#recover()
    for (let round = 1; round <= (this.#canary === undefined ? ROUNDS : 1); round++) {
      this.note(`round ${round} with ${this.#replicas} copies`)
      this.isCalm = false
      await Promise.all([
        ...Array.from({ length: PROGRAMS }, () => this.#program()),
        trouble(this, this.#canary?.trouble ?? ALL_TROUBLES),
      ])
      await this.#recover()
    }
  }

  get #first(): CloudMachine {
    const [first] = this.machines
    if (first === undefined) throw new Violation('there is no machine')
    return first
  }

  async #rule(): Promise<void> {
    for (;;) {
      const [first] = this.machines
      // Whoever ends meanwhile does not answer.
      if (first?.isUp === true) await Promise.race([this.#leader.look(first), first.gone.promise])
      await this.pause(500)
    }
  }

  async join(): Promise<void> {
    const name = `m${++this.#names}`
    const isController = this.machines.length === 0
    const start = { name, isController, serial: `serial-${name}`, capacityMiB: this.random.between(500, 2000) }
    const machine = new CloudMachine(start, this.#parts)
    machine.onFound = revision => this.#found(revision)
    machine.onFailed = error => {
      this.note(`${name} fails: ${error.message}`)
      void this.#again(machine)
    }
    this.#leader.admit(machine)
    this.note(`join ${name}`)
    if (!isController) {
      while (!this.#leader.kept.machines.some(each => each.name === name)) await this.pause(500)
      await machine.join(this.#leader.kept)
    }
    this.machines.push(machine)
    void this.#run(machine)
    await this.pause(2_000)
  }

  #found(revision: number): void {
    this.note(`the home finds revision ${revision}`)
    this.#lastRevision = revision
    if (this.#foundBy === 'power') this.model.found(revision)
    this.#foundBy = 'kill'
  }

  // As a supervisor: a process that cannot start is started again.
  async #run(machine: CloudMachine): Promise<void> {
    if (machine.isHeld) return
    this.note(`start ${machine.name}`)
    try {
      await machine.start()
    } catch (error) {
      if (!isFault(error) && !isSystemError(error)) return this.#break(error)
      this.note(`${machine.name} fails to start: ${error.message}`)
      await this.#again(machine)
    }
  }

  async #again(machine: CloudMachine): Promise<void> {
    this.#end(machine, 'kill')
    await this.pause(2_000)
    if (!machine.isUp) void this.#run(machine)
  }

  #end(machine: CloudMachine, how: Ending): void {
    this.note(`${how} ${machine.name}`)
    if (machine === this.#first) {
      void this.revision
      if (how === 'power') this.#foundBy = how
    }
    machine.end(how)
  }

  async #program(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      await this.pause(this.random.fraction() * 4_000)
      const ready = this.machines.flatMap(({ process }) => (process === undefined ? [] : [process]))
      if (ready.length > 0) await act(this, Object.assign(this.random.pick(ready), { cuts: this.model.cuts }))
    }
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
    await machine.wipe(this.#leader.kept)
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
    this.#leader.drain(machine.name)
  }

  // A bit of somebody's copy of one chunk flips, on the disk and in memory; there is another copy.
  rot(): void {
    if (this.#rested.length === 0) return
    const digest = this.random.pick(this.#rested)
    const machine = this.random.pick(this.machines)
    const where = flipBitOf(machine.image, digest)
    if (where !== undefined) this.note(`rot ${machine.name} ${where}`)
  }

  changed(before: NodeMap, after: NodeMap): void {
    this.note(`map ${after.version}: ${after.machines.map(({ name, state }) => `${name} ${state}`).join()}`)
    try {
      checkMoves(before, after, this.#replicas)
    } catch (error) {
      this.#break(error)
    }
  }

  spoil(map: NodeMap): NodeMap {
    return this.#canary?.map?.(map) ?? map
  }

  // Out of the cloud for good, with its disk.
  #leave(machine: CloudMachine): void {
    this.#end(machine, 'power')
    this.note(`${machine.name} is gone for good`)
    this.#leader.remove(machine)
    machine.isHeld = true
    this.machines.splice(this.machines.indexOf(machine), 1)
  }

  // Everything works again: then all that was acknowledged is there, everywhere, and has all its copies, by itself.
  async #recover(): Promise<void> {
    this.network.heal()
    this.note('heal')
    await this.pause(30_000)
    for (const machine of this.machines) if (!machine.isUp) void this.#run(machine)
    await this.#until(() => this.machines.every(({ filesystem }) => filesystem !== undefined), 'all filesystems')
    await this.pause(CALM_MS)
    this.isCalm = true
    this.note('calm')
    const parts = {
      model: this.model,
      home: this.#first,
      machines: this.machines,
      note: (line: string) => this.note(line),
    }
    await settleFiles(parts)
    await this.pause(5_000)
    await this.#until(() => this.#isWhole(), 'all copies')
    this.#rested = await checkHome(this.#first, this.random.pick(this.machines))
    this.model.durable(this.revision)
    await this.#unplug()
  }

  // What is said to be safe to unplug goes, disk and all.
  async #unplug(): Promise<void> {
    const machine = this.machines.find(({ name }) => name === this.#leader.draining)
    if (machine === undefined) return
    const status = await this.#first.pool?.status(NEVER)
    const isSafe = status?.machines.find(({ name }) => name === machine.name)?.isSafeToUnplug
    mustHold(isSafe === true, () => `${machine.name} is not said to be safe to unplug`)
    this.#leave(machine)
    await this.pause(10_000)
    await this.#until(() => this.#isWhole(), 'all copies')
  }

  async #isWhole(): Promise<boolean> {
    for (const { name, pool, links } of this.machines) {
      this.#said = `${name} has map ${links?.map.version} of ${this.#leader.kept.version}`
      if (pool === undefined || links?.map.version !== this.#leader.kept.version) return false
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
const IDLE_MAX = 100
const ROUNDS = 2
const PROGRAMS = 4
const STEPS = 12
/** Sessions and leases of before are over. */
const CALM_MS = 90_000
const SETTLE_MS_MAX = 2 * 3600_000
const RUN_MS_MAX = 24 * 3600_000
