import type { Clock } from '#base'
import { DUPLICATE_MS, OFFLINE_MS, REFUSED_BOOTS_MAX, SKEW_STEP_MS, SUSPECT_MS } from '../limits.ts'
import type { MachineLoad, MachineReport } from '../methods/beat.ts'
import type { HeardMachine } from '../methods/local.ts'

/** What a heartbeat brings. */
export interface HeardBeat {
  readonly boot: string
  readonly wallMs: number
  readonly seenFrom: string
  readonly report?: MachineReport | undefined
  readonly load?: MachineLoad | undefined
  readonly lacks?: readonly string[] | undefined
}

/** How a machine is by the time since it was heard. */
export type HeardState = 'Online' | 'Suspect' | 'Offline'

/** The state of a machine that was heard `agoMs` milliseconds ago. */
export function stateAfter(agoMs: number): HeardState {
  if (agoMs < SUSPECT_MS) return 'Online'
  return agoMs < OFFLINE_MS ? 'Suspect' : 'Offline'
}

interface Heard {
  heardMs: number | undefined
  /** The start of it that has sent the last heartbeat, and the one that has connected last. */
  boot: string | undefined
  connected: string | undefined
  skewMs: number
  seenFrom: string | undefined
  report: MachineReport | undefined
  load: MachineLoad | undefined
  lacks: readonly string[] | undefined
  /** The machine that was refused last because it shows this name too. */
  duplicate: { readonly host: string; readonly boots: readonly string[]; readonly atMs: number } | undefined
  /** Counts what has changed but its state. */
  changes: number
}

/** What was heard of other machines since this process began, by its monotonic clock. */
export class Hearing {
  /** Counts all changes but those of states. */
  changes = 0
  readonly #clock: Clock
  #beganMs: number
  readonly #heard = new Map<string, Heard>()

  /** `silent` are machines that the process before this one did not hear: Suspect until they are heard. */
  constructor(clock: Clock, silent: readonly string[] = []) {
    this.#clock = clock
    this.#beganMs = clock.monotonicMs()
    for (const name of silent) this.#of(name).heardMs = this.#beganMs - SUSPECT_MS
  }

  /** Machines that were heard. */
  get names(): Iterable<string> {
    return this.#heard.keys()
  }

  /** Something came from the machine, at this monotonic time. */
  touch(name: string, atMs: number): void {
    const heard = this.#of(name)
    heard.heardMs = Math.max(heard.heardMs ?? atMs, atMs)
  }

  /** A start of the machine has connected: nothing that an earlier one has said of its logs counts. */
  connect(name: string, boot: string | undefined): void {
    const heard = this.#of(name)
    if (boot === undefined || heard.connected === boot) return
    heard.connected = boot
    this.#change(heard)
  }

  /** Takes a heartbeat; answers whether the machine's report is not known. */
  beat(name: string, { boot, wallMs, seenFrom, report, load, lacks }: HeardBeat): boolean {
    const heard = this.#of(name)
    this.touch(name, this.#clock.monotonicMs())
    this.skew(name, wallMs - this.#wallMs())
    const isNew = heard.boot !== boot
    const isOther = report !== undefined || isNew || heard.seenFrom !== seenFrom
    if (isOther || lacks?.join() !== heard.lacks?.join()) this.#change(heard)
    heard.boot = boot
    heard.lacks = lacks
    heard.load = load
    heard.seenFrom = seenFrom
    heard.report = report ?? (isNew ? undefined : heard.report)
    return heard.report === undefined
  }

  /** Time in which nobody could be heard does not count. */
  forgive(stoodMs: number): void {
    this.#beganMs += stoodMs
    for (const heard of this.#heard.values()) if (heard.heardMs !== undefined) heard.heardMs += stoodMs
  }

  /** How far the machine's clock is ahead. */
  skew(name: string, skewMs: number): void {
    const heard = this.#of(name)
    if (Math.abs(heard.skewMs - skewMs) < SKEW_STEP_MS) return
    heard.skewMs = Math.round(skewMs)
    this.#change(heard)
  }

  /** Another machine that shows the name was refused. */
  refuse(name: string, { boot, host }: { readonly boot: string; readonly host: string }): void {
    const heard = this.#of(name)
    const isNews = this.duplicateOf(name) !== host
    const others = heard.duplicate?.boots.filter(each => each !== boot) ?? []
    const boots = [boot, ...others].slice(0, REFUSED_BOOTS_MAX)
    heard.duplicate = { host, boots, atMs: this.#clock.monotonicMs() }
    if (isNews) this.#change(heard)
  }

  /** True for a start that was refused, as long as the machine that was let in may come back. */
  isRefused(name: string, boot: string): boolean {
    return this.#heard.get(name)?.duplicate?.boots.includes(boot) === true && this.agoMs(name) < OFFLINE_MS
  }

  /** Where another machine is that shows the name and is not let in. */
  duplicateOf(name: string): string | undefined {
    const duplicate = this.#heard.get(name)?.duplicate
    if (duplicate === undefined || this.#clock.monotonicMs() - duplicate.atMs >= DUPLICATE_MS) return undefined
    return duplicate.host
  }

  /** How far the machine's clock was ahead of this one's when it was heard last. */
  skewMs(name: string): number {
    return this.#heard.get(name)?.skewMs ?? 0
  }

  /** How long ago the machine was heard; for one that was never, since this process began. */
  agoMs(name: string): number {
    return this.#clock.monotonicMs() - (this.#heard.get(name)?.heardMs ?? this.#beganMs)
  }

  /** One that the map calls Offline stays so until it is heard; others get the whole time anew after a start. */
  state(name: string, inMap: string | undefined): HeardState {
    if (this.#heard.get(name)?.heardMs === undefined && inMap === 'Offline') return 'Offline'
    return stateAfter(this.agoMs(name))
  }

  /** Changes whenever the row of the machine does. */
  mark(name: string, inMap: string | undefined): string {
    return `${this.state(name, inMap)} ${this.#heard.get(name)?.changes ?? 0} ${this.duplicateOf(name) ?? ''}`
  }

  /** What is told of the machine. */
  row(name: string, inMap: string | undefined): HeardMachine {
    const heard = this.#heard.get(name)
    const duplicate = this.duplicateOf(name)
    return {
      name,
      state: this.state(name, inMap),
      skewMs: heard?.skewMs ?? 0,
      ...(heard?.heardMs === undefined ? {} : { agoMs: Math.round(this.agoMs(name)) }),
      ...(heard?.seenFrom === undefined ? {} : { seenFrom: heard.seenFrom }),
      ...(heard?.connected === undefined || heard.connected === heard.boot ? {} : { isNew: true }),
      ...(heard?.lacks === undefined ? {} : { lacks: heard.lacks }),
      ...(heard?.report === undefined ? {} : { report: heard.report }),
      ...(duplicate === undefined ? {} : { duplicate }),
    }
  }

  /** What the machine has and uses, when it has said so lately. */
  loadOf(name: string): { readonly report: MachineReport; readonly load: MachineLoad } | undefined {
    const { report, load } = this.#heard.get(name) ?? {}
    const isHeard = report !== undefined && load !== undefined && stateAfter(this.agoMs(name)) === 'Online'
    return isHeard ? { report, load } : undefined
  }

  /** Forgets machines that are not among `names` and were not heard for long. */
  forget(names: ReadonlySet<string>): void {
    for (const name of this.#heard.keys()) {
      if (!names.has(name) && this.agoMs(name) >= OFFLINE_MS) this.#heard.delete(name)
    }
  }

  #change(heard: Heard): void {
    heard.changes += 1
    this.changes += 1
  }

  #of(name: string): Heard {
    const known = this.#heard.get(name)
    if (known !== undefined) return known
    const none = undefined
    const said = { seenFrom: none, report: none, load: none, lacks: none, duplicate: none }
    const heard = { skewMs: 0, changes: 0, heardMs: none, boot: none, connected: none, ...said }
    this.#heard.set(name, heard)
    return heard
  }

  #wallMs(): number {
    return Number(this.#clock.wallNs() / 1_000_000n)
  }
}
