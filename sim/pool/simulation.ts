import { isFault } from '#base'
import { Life } from '../life.ts'
import { mustHold, Violation } from '../model/violation.ts'
import { Random } from '../random.ts'
import type { Scheduler } from '../scheduler.ts'
import { describeSeed, runSeed, type SeedOutcome, type SeedParts, untilOver } from '../seed.ts'
import { Trace } from '../trace.ts'
import type { Machine } from '../world.ts'
import type { PoolCanary } from './canaries.ts'
import { CONTROLLER, Controller } from './controller.ts'
import { type CloudParts, PoolMachine } from './machine.ts'
import { PoolModel, type PutChunk, told } from './model.ts'
import type { Pool } from '#storage/pool'
import { SimNetwork } from './network.ts'

/** How a run of a cloud went. */
export interface PoolOutcome extends SeedOutcome {
  readonly chunks: number
  readonly virtualMs: number
}

/** Runs a cloud of machines from a seed through rounds of trouble; after each, all must be as it should be again. */
export async function simulatePool(seed: number, canary?: PoolCanary, print?: boolean): Promise<PoolOutcome> {
  const { outcome, run } = await runSeed({ seed, print }, parts => new Cloud(seed, parts, canary))
  return { ...outcome, chunks: run.model.chunks.size, virtualMs: run.nowMs }
}

/** A violation for people. */
export function describePoolFailure(outcome: PoolOutcome): string {
  return describeSeed('pool', outcome)
}

class Cloud {
  readonly model = new PoolModel()
  readonly #random: Random
  readonly #trace: Trace
  readonly #canary: PoolCanary | undefined
  readonly #scheduler: Scheduler
  readonly #life = new Life(0)
  readonly #network: SimNetwork
  readonly #controller: Controller
  readonly #machines: PoolMachine[] = []
  readonly #parts: CloudParts
  readonly #replicas: number
  #names = 0
  #isCalm = false
  readonly #broken = Promise.withResolvers<never>()

  constructor(seed: number, { trace, scheduler }: SeedParts, canary: PoolCanary | undefined) {
    this.#random = new Random(seed)
    this.#trace = trace
    this.#scheduler = scheduler
    this.#canary = canary
    this.#replicas = this.#random.pick([2, 2, 3])
    this.#network = new SimNetwork(this.#scheduler, this.#random.fork())
    const at = (delayMs: number, run: () => void) => this.#scheduler.at(this.#life, delayMs, run)
    const parts = { random: this.#random.fork(), network: this.#network, replicas: this.#replicas, at }
    this.#controller = new Controller(parts)
    const machine: Machine = {
      scheduler: this.#scheduler,
      random: this.#random.fork(),
      trace: SILENT,
      capacity: { bytes: 2 ** 30 },
      wall: { offsetMs: 0 },
    }
    const find = (name: string) => this.#machines.find(({ own, isUp }) => own === name && isUp)
    this.#parts = { machine, network: this.#network, canary, find }
  }

  get nowMs(): number {
    return this.#scheduler.nowMs
  }

  async run(): Promise<void> {
    const count = this.#random.between(3, 6)
    await untilOver(this.#scheduler, this.#body(count), this.#broken.promise)
  }

  async #body(count: number): Promise<void> {
    for (let i = 0; i < count; i++) await this.#join()
    void this.#rule().catch(this.#broken.reject)
    await this.#pause(5_000)
    for (let round = 1; round <= ROUNDS; round++) {
      this.#trace.line(`round ${round}: ${this.#up.map(({ own }) => own).join()} replicas ${this.#replicas}`)
      this.#isCalm = false
      await Promise.all([...Array.from({ length: 3 }, () => this.#program()), this.#trouble()])
      await this.#recover()
    }
  }

  get #up(): PoolMachine[] {
    return this.#machines.filter(({ isUp }) => isUp)
  }

  async #rule(): Promise<void> {
    for (;;) {
      this.#controller.look(this.#machines, this.nowMs)
      await this.#pause(500)
    }
  }

  async #join(): Promise<void> {
    const name = `m${++this.#names}`
    this.#controller.admit(name, this.nowMs, this.#random.between(500, 2000))
    const machine = new PoolMachine(name, this.#controller.map, this.#parts)
    this.#machines.push(machine)
    this.#trace.line(`${this.nowMs.toFixed(0)} join ${name}`)
    await machine.start()
    machine.hear(this.#controller.map)
  }

  // One program: puts a few chunks somewhere, syncs, reads what was acknowledged, anywhere.
  async #program(): Promise<void> {
    for (let step = 0; step < STEPS; step++) {
      await this.#pause(this.#random.fraction() * 4_000)
      const up = this.#up
      if (up.length === 0) continue
      const machine = this.#random.pick(up)
      if (this.#random.chance(0.5)) await this.#write(machine)
      else await this.#read(machine)
    }
  }

  async #write(machine: PoolMachine): Promise<void> {
    const { pool, gone } = machine
    if (pool === undefined) return
    const chunks: PutChunk[] = []
    const lostBefore = this.model.lostDisks
    const before = pool.view()
    const startMs = this.nowMs
    try {
      for (let i = this.#random.between(1, 4); i > 0; i--) {
        const chunk = this.model.note(this.#content())
        if ((await Promise.race([pool.put(chunk.content), gone.promise])) === 'gone') return
        chunks.push(chunk)
      }
      if (this.#random.chance(0.3)) await this.#pause(this.#random.fraction() * THINK_MS)
      if ((await Promise.race([pool.sync(), gone.promise])) === 'gone') return
    } catch (error) {
      if (!isFault(error)) throw error
      mustHold(!this.#isCalm, () => `a write fails in calm: ${error.message}`)
      this.#trace.line(`${this.nowMs.toFixed(0)} write refused at ${machine.own}: ${error.code}`)
      return
    }
    const isWhole = this.nowMs - startMs < WAIT_MS && this.model.lostDisks === lostBefore
    const needed = this.model.lostDisks > lostBefore ? 1 : copiesNeeded(before, pool.view(), isWhole)
    for (const chunk of chunks) this.model.acknowledge(chunk, this.#machines, needed)
    this.#trace.line(`${this.nowMs.toFixed(0)} ${chunks.map(told).join(', ')} acknowledged at ${machine.own}`)
  }

  // Some contents come again: they are stored once and renewed.
  #content(): Buffer {
    const known = [...this.model.chunks.values()]
    if (known.length > 0 && this.#random.chance(0.15)) return this.#random.pick(known).content
    return this.#random.bytes(this.#random.pick([200, 3_000, 20_000, 70_000]))
  }

  async #read(machine: PoolMachine, wanted?: PutChunk): Promise<void> {
    const { pool, gone } = machine
    const known = this.model.acknowledged
    const chunk = wanted ?? (known.length > 0 ? this.#random.pick(known) : undefined)
    if (pool === undefined || chunk === undefined) return
    const into = Buffer.alloc(chunk.content.length)
    try {
      if ((await Promise.race([pool.read(chunk.digest, into, 0), gone.promise])) === 'gone') return
    } catch (error) {
      if (!isFault(error)) throw error
      const isExcused = !this.model.mustBeThere(chunk) || (!this.#isCalm && error.code !== 'ChunkMissing')
      mustHold(isExcused, () => `${told(chunk)} is not read at ${machine.own}: ${error.message}`)
      return
    }
    this.#canary?.read?.(pool, into)
    mustHold(into.equals(chunk.content), () => `${told(chunk)} is read with other bytes at ${machine.own}`)
  }

  // What goes wrong in a round: anybody's power and network, and fewer disks than there are copies.
  async #trouble(): Promise<void> {
    let disks = this.#replicas - 1
    let isRemoving = true
    const rareness = this.#canary?.trouble === undefined ? 1 : 4
    for (let step = 0; step < TROUBLES * rareness; step++) {
      await this.#pause((this.#random.fraction() * 12_000) / rareness)
      const kind = this.#random.weighted<keyof typeof TROUBLE>({ ...TROUBLE, ...this.#canary?.trouble })
      this.#trace.line(`${this.nowMs.toFixed(0)} ${kind}`)
      if (kind === 'blink') void this.#restart(this.#someone(), BLINK_MS)
      else if (kind === 'restart' || kind === 'long')
        void this.#restart(this.#someone(), kind === 'long' ? LONG_MS : SHORT_MS)
      else if (kind === 'cut') this.#cut()
      else if (kind === 'slow') this.#network.slow(this.#random.pick(this.#machines).own, 300)
      else if (kind === 'heal') this.#network.heal()
      else if (kind === 'join' && this.#machines.length < MACHINES_MAX) await this.#join()
      else if (kind === 'drain' && this.#machines.length > 3 && isRemoving) {
        isRemoving = false
        this.#controller.drain(this.#random.pick(this.#machines).own)
      } else if ((kind === 'wipe' || kind === 'rot') && disks > 0) {
        disks = kind === 'rot' ? 0 : disks - 1
        if (kind === 'wipe') await this.#wipe()
        else this.#rot()
      }
    }
  }

  #someone(): PoolMachine | undefined {
    const up = this.#up
    return up.length === 0 ? undefined : this.#random.pick(up)
  }

  async #restart(machine: PoolMachine | undefined, msMax: number): Promise<void> {
    if (machine === undefined) return
    const how = this.#random.pick(['kill', 'power'] as const)
    this.#trace.line(`${this.nowMs.toFixed(0)} ${how} ${machine.own}`)
    machine.end(how)
    await this.#pause(this.#random.fraction() * msMax)
    if (!machine.isUp) await this.#start(machine)
  }

  async #start(machine: PoolMachine): Promise<void> {
    this.#trace.line(`${this.nowMs.toFixed(0)} start ${machine.own}`)
    await machine.start()
  }

  #cut(): void {
    const [one, other] = [
      this.#random.pick(this.#machines).own,
      this.#random.pick([...this.#machines.map(({ own }) => own), CONTROLLER]),
    ]
    this.#network.cut(one, other)
    if (this.#random.chance(0.7)) this.#network.cut(other, one)
  }

  // The machine comes back with an empty disk.
  async #wipe(): Promise<void> {
    const machine = this.#someone()
    if (machine === undefined) return
    this.#trace.line(`${this.nowMs.toFixed(0)} wipe ${machine.own}`)
    machine.end('power')
    this.model.loseDisk(machine)
    machine.wipe()
    await this.#pause(this.#random.fraction() * SHORT_MS)
    if (!machine.isUp) await this.#start(machine)
  }

  // A bit of somebody's copy of one chunk flips, on the disk and in memory; there is another copy.
  #rot(): void {
    const known = this.model.acknowledged.filter(chunk => this.model.disksLeft(chunk) > 1)
    if (known.length === 0) return
    const chunk = this.#random.pick(known)
    const machine = this.#random.pick(this.#machines)
    for (const file of machine.image.names.values()) {
      if (file === 'folder') continue
      const at = file.durable.view.indexOf(chunk.content)
      if (at < 0 || file.cached.view.indexOf(chunk.content) !== at) continue
      for (const bytes of [file.durable, file.cached]) bytes.view[at] = (bytes.view[at] ?? 0) ^ 1
      this.#trace.line(`rot ${told(chunk)} at ${machine.own}`)
      this.model.spoil(chunk, machine)
      return
    }
  }

  // Everything works again; then every chunk comes to have all its copies, where they belong, by itself.
  async #recover(): Promise<void> {
    this.#network.heal()
    await this.#pause(LONG_MS)
    for (const machine of this.#machines) if (!machine.isUp) await this.#start(machine)
    this.#trace.line(`${this.nowMs.toFixed(0)} calm`)
    await this.#pause(10_000)
    this.#isCalm = true
    await this.#scrub()
    const startMs = this.nowMs
    while (!(await this.#isSettled())) {
      mustHold(this.nowMs - startMs < SETTLE_MS_MAX, () => `not all copies are there: ${this.#said}`)
      await this.#pause(5_000)
    }
    await this.#unplug()
    const [first] = this.#machines
    const view = first?.pool?.view()
    if (view === undefined) throw new Violation('nobody is up')
    await this.model.settle(this.#machines, digest => view.wanted(view.groupOf(digest)))
    for (const chunk of this.model.acknowledged) await this.#read(this.#random.pick(this.#machines), chunk)
  }

  #said = ''

  async #isSettled(): Promise<boolean> {
    for (const { pool, map } of this.#machines) {
      if (pool === undefined || map.version !== this.#controller.map.version) return false
      const status = await pool.status(NEVER)
      this.#said = status.sentence
      if (!status.isSafe || status.misplacedChunks > 0) return false
    }
    return true
  }

  async #scrub(): Promise<void> {
    for (const { store } of this.#machines) {
      if (store === undefined) continue
      for await (const progress of store.scrub({ bytesPerSecond: 1e9 }, NEVER)) if (progress.isDone) break
    }
  }

  // What is said to be safe to unplug goes, disk and all.
  async #unplug(): Promise<void> {
    const draining = this.#controller.map.machines.find(({ state }) => state === 'Draining')?.name
    const machine = this.#machines.find(({ own }) => own === draining)
    if (machine === undefined) return
    const status = await this.#machines.find(({ own }) => own !== draining)?.pool?.status(NEVER)
    const isSafe = status?.machines.find(({ name }) => name === draining)?.isSafeToUnplug
    mustHold(isSafe === true, () => `${draining} is not said to be safe to unplug`)
    this.#trace.line(`${this.nowMs.toFixed(0)} unplug ${machine.own}`)
    machine.end('power')
    this.#machines.splice(this.#machines.indexOf(machine), 1)
    this.#controller.remove(machine.own)
    await this.#pause(10_000)
    const startMs = this.nowMs
    while (!(await this.#isSettled())) {
      mustHold(this.nowMs - startMs < SETTLE_MS_MAX, () => `not all copies are there: ${this.#said}`)
      await this.#pause(5_000)
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => this.#scheduler.at(this.#life, ms, resolve))
  }
}

type View = ReturnType<Pool['view']>

// Each chunk is counted by the machines of some moment of the write; after 30 s the least are enough.
function copiesNeeded(before: View, after: View, isWhole: boolean): number {
  const isKnown = isWhole && after.map.version <= before.map.version + 1
  return isKnown ? Math.min(before.copiesNow, after.copiesNow) : after.minReplicas
}

// The trace of a cloud tells what happens to machines, not each operation of their disks.
const SILENT = new Trace(false)
const NEVER = new AbortController().signal
const TROUBLE = { restart: 4, blink: 4, cut: 4, slow: 1, heal: 2, wipe: 2, rot: 2, join: 1, drain: 1, long: 1 }
const ROUNDS = 3
const STEPS = 12
const TROUBLES = 7
const MACHINES_MAX = 7
const THINK_MS = 6_000
const BLINK_MS = 300
const SHORT_MS = 15_000
const LONG_MS = 60_000
const WAIT_MS = 29_000
const SETTLE_MS_MAX = 2 * 3600_000
