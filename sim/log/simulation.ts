import { byteStringOfText, Fault, isFault } from '#base'
import type { MapFilesystem } from '#cluster'
import type { LocalKeyspace } from '#keyspace'
import { Life } from '../life.ts'
import { mustHold, Violation } from '../model/violation.ts'
import { Random } from '../random.ts'
import type { Scheduler } from '../scheduler.ts'
import { describeSeed, runSeed, type SeedOutcome, type SeedParts } from '../seed.ts'
import { Trace } from '../trace.ts'
import type { LogCanary } from './canaries.ts'
import { CONTROLLER, type LogCloud, LogMachine } from './machine.ts'

/** How a run went. */
export interface LogOutcome extends SeedOutcome {
  readonly acknowledged: number
  readonly homes: number
}

/** Runs three machines with one filesystem from a seed: they are killed, parted and promoted while it is written to. */
export async function simulateLog(seed: number, canary?: LogCanary, print?: boolean): Promise<LogOutcome> {
  const { outcome, run } = await runSeed({ seed, print }, parts => new LogRun(seed, parts, canary))
  return { ...outcome, acknowledged: run.acknowledged.size, homes: run.homes.size }
}

/** A violation for people. */
export function describeLogFailure(outcome: LogOutcome): string {
  return describeSeed('log', outcome)
}

class LogRun implements LogCloud {
  readonly names = ['a', 'b', 'c'] as const
  readonly machine: LogCloud['machine']
  readonly canary: LogCanary | undefined
  record: MapFilesystem = { name: 'home', home: 'a', epoch: 1, inSync: ['a'] }
  /** Keys whose sync was answered. */
  readonly acknowledged = new Set<string>()
  /** Which machine was home in which epoch. */
  readonly homes = new Map<number, string>()
  readonly #scheduler: Scheduler
  readonly #life = new Life(0)
  readonly #random: Random
  readonly #trace: Trace
  readonly #machines: readonly LogMachine[]
  readonly #cuts = new Set<string>()
  /** Of this run alone: who waits for it in the end is gone with it. */
  readonly #never = new AbortController().signal
  #failed: Error | undefined
  #keys = 0
  #isCalm = false

  constructor(seed: number, { trace, scheduler }: SeedParts, canary: LogCanary | undefined) {
    this.#random = new Random(seed)
    this.#trace = trace
    this.#scheduler = scheduler
    this.canary = canary
    this.machine = {
      scheduler: this.#scheduler,
      random: this.#random.fork(),
      trace: new Trace(false),
      capacity: { bytes: 2 ** 40 },
      wall: { offsetMs: 0 },
    }
    this.#machines = this.names.map(name => new LogMachine(name, this))
  }

  async run(): Promise<void> {
    for (const machine of this.#machines) this.#begin(machine)
    this.#at(1, () => this.#spread())
    this.#at(5, () => this.#write())
    this.#at(3_000, () => this.#trouble())
    while (this.#scheduler.nowMs < RUN_MS) {
      if (!(await this.#scheduler.step())) break
      if (this.#failed !== undefined) throw this.#failed
    }
    await this.#settle()
  }

  // All is well again: whoever is home has all that was acknowledged.
  async #settle(): Promise<void> {
    this.#isCalm = true
    this.#cuts.clear()
    for (const machine of this.#machines) if (!machine.isUp) this.#begin(machine)
    const beganMs = this.#scheduler.nowMs
    // A machine that was taken in for another goes again when that has come back.
    const agoMs = () => this.#scheduler.nowMs - beganMs
    const isMore = () => agoMs() < SETTLE_MS || (agoMs() < SETTLE_MS_MAX && this.record.inSync.length !== 2)
    while (isMore() && (await this.#scheduler.step())) if (this.#failed !== undefined) throw this.#failed
    const home = this.find(this.record.home)
    mustHold(home?.keyspace !== undefined, () => 'there is no home at the end')
    if (home?.keyspace !== undefined) this.#check(home, home.keyspace)
    mustHold(
      this.record.inSync.length === 2,
      () => `at the end two machines have the log: ${this.record.inSync.join()}`,
    )
  }

  find(name: string): LogMachine | undefined {
    return this.#machines.find(machine => machine.name === name)
  }

  opened(machine: LogMachine, epoch: number, keyspace: LocalKeyspace): void {
    const before = this.homes.get(epoch)
    this.#must(
      before === undefined || before === machine.name,
      `${before} and ${machine.name} are home in epoch ${epoch}`,
    )
    this.homes.set(epoch, machine.name)
    this.#trace.line(`${this.#now} ${machine.name} is home in epoch ${epoch} at ${keyspace.revision}`)
    // One that is deposed and has not heard of it may be behind; nobody is told of what it acknowledges.
    if (epoch === this.record.epoch) this.#check(machine, keyspace)
  }

  travel(from: string, to: string): Promise<void> {
    const isLost = this.#isCut(from, to) || this.#random.chance(LOSS)
    return new Promise((resolve, reject) => {
      const lost = new Fault('Unreachable', { status: 503, retry: 'later' }, 'lost')
      this.#at(isLost ? TIMEOUT_MS : this.#random.between(1, 30), () => (isLost ? reject(lost) : resolve()))
    })
  }

  #check(machine: LogMachine, keyspace: LocalKeyspace): void {
    for (const key of this.acknowledged) {
      this.#must(
        keyspace.get(byteStringOfText(key)) !== undefined,
        `${machine.name} is home without ${key}, which was acknowledged`,
      )
    }
  }

  #must(holds: boolean, what: string): void {
    if (!holds) this.#failed ??= new Violation(what)
  }

  // Maps come to machines that the controller reaches.
  #spread(): void {
    for (const machine of this.#machines) {
      if (!this.#isCut(CONTROLLER, machine.name) && machine.isUp && machine.hear(this.record)) this.#again(machine)
    }
    this.#at(this.#random.between(50, 300), () => this.#spread())
  }

  #write(): void {
    const homes = this.#machines.filter(({ keyspace }) => keyspace !== undefined)
    if (homes.length > 0) this.#writeAt(this.#random.pick(homes))
    this.#at(this.#random.between(1, 120), () => this.#write())
  }

  #writeAt(machine: LogMachine): void {
    const { keyspace, life } = machine
    if (keyspace === undefined) return
    const key = `k${this.#keys++}`
    const value = new Uint8Array(this.#random.between(1, 2000))
    try {
      const { revision } = keyspace.commit({ then: [{ kind: 'put', key: byteStringOfText(key), value }] })
      if (this.#random.chance(0.5)) return
      keyspace.sync(revision, this.#never).then(
        () => {
          if (!life.ended) this.acknowledged.add(key)
        },
        () => undefined,
      )
    } catch (error) {
      if (!isFault(error)) throw error
    }
  }

  #trouble(): void {
    if (this.#isCalm) return
    const machine = this.#random.pick(this.#machines)
    const what = this.#random.pick([
      'end',
      'end',
      'cut',
      'cut',
      'heal',
      'heal',
      'promote',
      'promote',
      'promote',
    ] as const)
    if (what === 'end' && machine.isUp) {
      const how = this.#random.pick(['kill', 'power'] as const)
      this.#trace.line(`${this.#now} ${machine.name} ends by ${how}`)
      machine.end(how)
      this.#at(this.#random.between(100, 15_000), () => {
        if (!machine.isUp) this.#begin(machine)
      })
    }
    if (what === 'cut') this.#cuts.add(`${machine.name} ${this.#random.pick([...this.names, CONTROLLER])}`)
    if (what === 'heal') this.#cuts.clear()
    if (what === 'promote') this.#promote()
    this.#at(this.#random.between(200, 6_000), () => this.#trouble())
  }

  // As a leading controller does, or people: only who is in sync.
  #promote(): void {
    const { home, inSync, epoch } = this.record
    const may = ({ name }: LogMachine) => inSync.includes(name) || this.canary?.promotesAnybody === true
    const others = this.#machines.filter(each => each.name !== home && may(each))
    if (others.length === 0) return
    const machine = this.#random.pick(others)
    this.record = {
      ...this.record,
      home: machine.name,
      epoch: epoch + 1,
      inSync: [machine.name, ...inSync.filter(name => name !== machine.name)],
    }
    this.#trace.line(`${this.#now} ${machine.name} is to be home in epoch ${epoch + 1} of ${this.record.inSync.join()}`)
  }

  #again(machine: LogMachine): void {
    machine.end('kill')
    this.#at(200, () => {
      if (!machine.isUp) this.#begin(machine)
    })
  }

  #begin(machine: LogMachine): void {
    machine.start().catch((error: unknown) => {
      if (isFault(error)) this.#failed ??= new Violation(`${machine.name} does not start: ${error.message}`)
      else this.#failed ??= error instanceof Error ? error : new Error(String(error))
    })
  }

  #isCut(one: string, other: string): boolean {
    return this.#cuts.has(`${one} ${other}`) || this.#cuts.has(`${other} ${one}`)
  }

  #at(delayMs: number, run: () => void): void {
    this.#scheduler.at(this.#life, delayMs, run)
  }

  get #now(): number {
    return Math.round(this.#scheduler.nowMs)
  }
}

const RUN_MS = 50_000
const SETTLE_MS = 30_000
const SETTLE_MS_MAX = 120_000
const LOSS = 0.02
const TIMEOUT_MS = 1_500
