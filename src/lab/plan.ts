import type { LabHost } from './command.ts'
import { labFault } from './faults.ts'
import {
  CONTROLLERS_MAX,
  CPU_WEIGHT_MAX,
  DISK_BYTES_MAX,
  DISK_BYTES_MIN,
  MACHINES_MAX,
  MEMORY_BYTES_MIN,
  NAME_CHARACTERS_MAX,
} from './limits.ts'

/** What somebody asks of a lab, as words. */
export interface LabWishes {
  readonly name: string
  readonly machines: number
  /** `512M`, `2G`. */
  readonly memory: string
  /** Processors, perhaps a part of one. */
  readonly cpus: number
  readonly disk: string
  /** `4,5`: machines behind a NAT of their own. */
  readonly nat?: string | undefined
  /** `4=40ms,5=1s`: how much longer the way to a machine and back takes. */
  readonly latency?: string | undefined
  /** `a,a,b`: the zone of each machine, in order. */
  readonly zones?: string | undefined
  /** How many of the first are controllers; one when it is not said. */
  readonly controllers?: number | undefined
}

/** A machine of a lab. */
export interface LabMachine {
  /** `m1`, `m2`, … */
  readonly name: string
  /** From 1. */
  readonly number: number
  /** On the network that all machines share; of its NAT where it is behind one. */
  readonly address: string
  readonly isBehindNat: boolean
  /** Milliseconds that the way there and back takes longer. */
  readonly latencyMs: number
  readonly zone: string
  readonly memoryBytes: number
  readonly cpus: number
  /** Instead of a limit of processors: its share when they are scarce, where others have 1024. */
  readonly cpuWeight?: number | undefined
  readonly diskBytes: number
  /** It joins as a controller. */
  readonly isController?: boolean | undefined
}

/** A whole lab, as it is made and kept. */
export interface LabPlan {
  readonly version: 1
  readonly name: string
  /** The host itself is on the network, at its first address: the machines are of the cloud that runs there. */
  readonly isOnHost: boolean
  readonly machines: readonly LabMachine[]
}

/** The network that the machines of a lab share; each lab has one of its own, which nothing else sees. */
export const NETWORK = { range: '10.0.42.0/24', address: '10.0.42.1', bits: 24 } as const

/** The lab of simulated machines that are of the host's own cloud. */
export const NODES_LAB = 'nodes'

/** Reads wishes into a plan for a machine with so many processors. Faults: Invalid, naming the wish. */
export function planOf(wishes: LabWishes, processors: number): LabPlan {
  const { name, machines, cpus, controllers = 1 } = wishes
  checkLabName(name)
  if (!Number.isInteger(machines) || machines < 1 || machines > MACHINES_MAX) {
    throw invalid('--machines', String(machines), `a whole number of 1 to ${MACHINES_MAX}`)
  }
  if (!(cpus > 0 && cpus <= processors)) {
    throw invalid('--cpus', String(cpus), `a number above 0 and at most ${processors}, the processors of this machine,`)
  }
  const memoryBytes = bytesOf('--memory', wishes.memory, { min: MEMORY_BYTES_MIN })
  const diskBytes = bytesOf('--disk', wishes.disk, { min: DISK_BYTES_MIN, max: DISK_BYTES_MAX })
  const behind = numbersOf('--nat', wishes.nat, machines)
  const latencies = latenciesOf(wishes.latency, machines)
  if (!Number.isInteger(controllers) || controllers < 1 || controllers > Math.min(machines, CONTROLLERS_MAX)) {
    throw invalid('--controllers', String(controllers), `1 to ${Math.min(machines, CONTROLLERS_MAX)}`)
  }
  const hidden = [...behind].find(number => number <= controllers)
  if (hidden !== undefined) {
    throw invalid(
      '--nat',
      String(hidden),
      `machines above ${controllers}: those up to there are controllers, which others reach`,
    )
  }
  const zones = wishes.zones?.split(',') ?? []
  if (zones.length > machines || !zones.every(zone => /^[a-z0-9][a-z0-9-]{0,30}$/.test(zone))) {
    throw invalid('--zones', wishes.zones ?? '', 'a zone for each machine: a,a,b')
  }
  return {
    version: 1,
    name,
    isOnHost: false,
    machines: Array.from({ length: machines }, (_, index) => ({
      name: `m${index + 1}`,
      number: index + 1,
      address: addressOf(index + 1),
      isBehindNat: behind.has(index + 1),
      latencyMs: latencies.get(index + 1) ?? 0,
      zone: zones[index] ?? '',
      memoryBytes,
      cpus,
      diskBytes,
      isController: index < controllers,
    })),
  }
}

/** Controllers of a lab for which nothing is said: three, where they can be. */
export function usualControllers({ machines, nat }: Pick<LabWishes, 'machines' | 'nat'>, host: LabHost): number {
  const behind = nat?.split(',').map(Number) ?? []
  const isOpen = behind.every(number => number > USUAL_CONTROLLERS)
  return host.has('etcd') && machines >= USUAL_CONTROLLERS && isOpen ? USUAL_CONTROLLERS : 1
}

const USUAL_CONTROLLERS = 3

/** What somebody asks of one simulated machine, as words. */
export interface NodeWishes {
  readonly name: string
  readonly memoryMiB: number
  readonly cpuWeight: number
  readonly storage: string
}

/** Reads wishes into a machine that has a number no other of the lab has. Faults: Invalid, Exists. */
export function nodeOf({ name, memoryMiB, cpuWeight, storage }: NodeWishes, others: readonly LabMachine[]): LabMachine {
  const hint = 'See `cairn node create --help`.'
  if (!/^[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?$/.test(name)) {
    throw labFault('Invalid', `"${name}" is no name of a machine: small letters, digits and -, at most 40`, { hint })
  }
  if (others.some(each => each.name === name)) throw labFault('Exists', `there is a simulated machine ${name} already`)
  if (!Number.isInteger(cpuWeight) || cpuWeight < 2 || cpuWeight > CPU_WEIGHT_MAX) {
    throw invalid('--cpu', String(cpuWeight), `a weight of 2 to ${CPU_WEIGHT_MAX}`, hint)
  }
  if (!(memoryMiB * 2 ** 20 >= MEMORY_BYTES_MIN)) {
    throw invalid('--mem', String(memoryMiB), `at least ${MEMORY_BYTES_MIN / 2 ** 20} megabytes`, hint)
  }
  const taken = new Set(others.map(each => each.number))
  const number = Array.from({ length: MACHINES_MAX }, (_, index) => index + 1).find(each => !taken.has(each))
  if (number === undefined) throw labFault('Invalid', `there are ${MACHINES_MAX} simulated machines already`)
  return {
    name,
    number,
    address: addressOf(number),
    isBehindNat: false,
    latencyMs: 0,
    zone: '',
    memoryBytes: memoryMiB * 2 ** 20,
    cpus: 1,
    cpuWeight,
    diskBytes: bytesOf('--storage', storage, { min: DISK_BYTES_MIN, max: DISK_BYTES_MAX, hint }),
  }
}

/** Refuses what is no name of a lab. Faults: Invalid. */
export function checkLabName(name: string): void {
  if (!/^[a-z][a-z0-9-]*$/.test(name) || name.length > NAME_CHARACTERS_MAX) {
    throw invalid('--name', name, `small letters, digits and -, at most ${NAME_CHARACTERS_MAX}`)
  }
}

function addressOf(number: number): string {
  return `10.0.42.${10 + number}`
}

/** Reads `40ms` or `1s` as milliseconds. Faults: Invalid, naming the wish. */
export function millisecondsOf(wish: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? []
  const ms = Number(number) * (unit === 's' ? 1000 : 1)
  if (!(ms >= 0 && ms <= 60_000)) throw invalid(wish, text, 'a time of at most 60s: 40ms')
  return ms
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

interface Sizes {
  readonly min: number
  readonly max?: number
  readonly hint?: string
}

function bytesOf(wish: string, text: string, { min, max = Number.POSITIVE_INFINITY, hint }: Sizes): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([KMGT])i?B?$/.exec(text) ?? []
  const bytes = Math.round(Number(number) * (UNITS[unit ?? ''] ?? Number.NaN))
  if (!(bytes >= min)) throw invalid(wish, text, `a size of at least ${min / 2 ** 20}M: 512M, 2G`, hint)
  if (bytes > max) throw invalid(wish, text, `a size of at most ${max / 2 ** 40}T`, hint)
  return bytes
}

function numbersOf(wish: string, text: string | undefined, machines: number): ReadonlySet<number> {
  return new Set(
    (text?.split(',') ?? []).map(word => {
      const number = /^\d+$/.test(word) ? Number(word) : 0
      if (number < 1 || number > machines) throw invalid(wish, word, `numbers of machines, 1 to ${machines}`)
      return number
    }),
  )
}

function latenciesOf(text: string | undefined, machines: number): ReadonlyMap<number, number> {
  return new Map(
    (text?.split(',') ?? []).map(word => {
      const [left = '', right = ''] = word.split('=')
      const [number] = numbersOf('--latency', left, machines)
      return [number ?? 0, millisecondsOf('--latency', right)]
    }),
  )
}

function invalid(wish: string, given: string, wanted: string, hint = 'See `cairn lab up --help`.'): Error {
  return labFault('Invalid', `${wish} ${given}: ${wanted} is expected`, { hint })
}
