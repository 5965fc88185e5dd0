/** What somebody asks of a lab, in the words of `cairn lab up`. */
export interface LabWords {
  readonly name: string
  readonly machines: number
  readonly memory: string
  readonly cpus: number
  readonly disk: string
  readonly nat?: string | undefined
  readonly latency?: string | undefined
  readonly zones?: string | undefined
  /** How many of the first are controllers; undefined: as many as are of use. */
  readonly controllers?: number | undefined
}

/** What was done to a machine of a lab, as it is now. */
export interface LabTrouble {
  /** From all others. */
  readonly isCutOff: boolean
  /** Machines that nothing gets to which it sends. */
  readonly cutTo: readonly string[]
  /** Milliseconds that the way there and back takes longer, planned or not. */
  readonly latencyMs: number
  /** Packets of a hundred that are lost each way. */
  readonly lossPercent: number
  readonly isDiskFull: boolean
}

/** A machine of a lab. */
export interface LabRow {
  readonly lab: string
  readonly name: string
  readonly state: 'running' | 'stopped'
  readonly address: string
  readonly isBehindNat: boolean
  /** Milliseconds that the way there and back takes longer, as it was planned. */
  readonly latencyMs: number
  readonly zone: string
  readonly memoryBytes: number
  readonly diskBytes: number
  readonly trouble: LabTrouble
}

/** What is done to a machine of a lab. */
export type LabDeed =
  | { readonly kind: 'kill' | 'start' | 'wipe' | 'fill-disk' }
  | { readonly kind: 'corrupt'; readonly count: number }
  | { readonly kind: 'cut'; readonly from?: string | undefined; readonly isOneWay: boolean }
  | { readonly kind: 'slow'; readonly latency: string; readonly lossPercent: number }

/** Which machine of which lab. */
export interface LabPlace {
  readonly lab: string
  readonly machine: string
}

/** Hears how something gets on, for people. */
export type TellStep = (step: string) => void

/** Labs of this machine. Faults: Invalid, NotFound, Exists, WrongState, NoCommand, Missing, Failed. */
export interface Labs {
  up(words: LabWords, tell: TellStep, signal: AbortSignal): Promise<readonly LabRow[]>
  down(lab: string, signal: AbortSignal): Promise<void>
  /** The machines of all labs. */
  list(signal: AbortSignal): Promise<readonly LabRow[]>
  /** Runs something in a machine, with this terminal; answers its exit code. */
  exec(place: LabPlace, words: readonly string[], signal: AbortSignal): Promise<number>
  /** Answers what was done, as a sentence. */
  act(place: LabPlace, deed: LabDeed, given: Told): Promise<string>
  heal(lab: string, signal: AbortSignal): Promise<void>
}

/** Who hears of something, and what ends it. */
export interface Told {
  readonly tell: TellStep
  readonly signal: AbortSignal
}

/** What somebody asks of a simulated machine, in the words of `cairn node create`. */
export interface SimulatedNode {
  readonly name: string
  readonly memoryMiB: number
  readonly cpuWeight: number
  readonly storage: string
}

/** Simulated machines of the cloud that runs on this one. Faults: Invalid, NotFound, Exists, WrongState, Missing, Failed. */
export interface SimulatedNodes {
  /** `token` makes a token for it, that names an address of this machine; then that address is there. Answers the machine's. */
  create(wanted: SimulatedNode, token: (address: string) => Promise<string>, told: Told): Promise<string>
  /** Whether it is a simulated machine of this one. */
  has(name: string): Promise<boolean>
  /** Refuses what is no simulated machine of this one. */
  check(name: string): Promise<void>
  stop(name: string, told: Told): Promise<void>
  start(name: string, told: Told): Promise<void>
  remove(name: string, told: Told): Promise<void>
}
