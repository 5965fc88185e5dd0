import { labFault } from './faults.ts'
import { DISK_BYTES_MIN, MACHINES_MAX, MEMORY_BYTES_MIN, NAME_CHARACTERS_MAX } from './limits.ts'

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
  readonly diskBytes: number
}

/** A whole lab, as it is made and kept. */
export interface LabPlan {
  readonly version: 1
  readonly name: string
  readonly machines: readonly LabMachine[]
}

/** The network that the machines of a lab share; each lab has one of its own, which nothing else sees. */
export const NETWORK = { address: '10.0.42.1', bits: 24 } as const

/** Reads wishes into a plan. Faults: Invalid, naming the wish. */
export function planOf(wishes: LabWishes): LabPlan {
  const { name, machines, cpus } = wishes
  if (!/^[a-z][a-z0-9-]*$/.test(name) || name.length > NAME_CHARACTERS_MAX) {
    throw invalid('--name', name, `small letters, digits and -, at most ${NAME_CHARACTERS_MAX}`)
  }
  if (!Number.isInteger(machines) || machines < 1 || machines > MACHINES_MAX) {
    throw invalid('--machines', String(machines), `1 to ${MACHINES_MAX}`)
  }
  if (!(cpus > 0 && cpus <= 1024)) throw invalid('--cpus', String(cpus), 'a number above 0')
  const memoryBytes = bytesOf('--memory', wishes.memory, MEMORY_BYTES_MIN)
  const diskBytes = bytesOf('--disk', wishes.disk, DISK_BYTES_MIN)
  const behind = numbersOf('--nat', wishes.nat, machines)
  const latencies = latenciesOf(wishes.latency, machines)
  const zones = wishes.zones?.split(',') ?? []
  if (zones.length > machines || !zones.every(zone => /^[a-z0-9][a-z0-9-]{0,30}$/.test(zone))) {
    throw invalid('--zones', wishes.zones ?? '', 'a zone for each machine: a,a,b')
  }
  return {
    version: 1,
    name,
    machines: Array.from({ length: machines }, (_, index) => ({
      name: `m${index + 1}`,
      number: index + 1,
      address: `10.0.42.${11 + index}`,
      isBehindNat: behind.has(index + 1),
      latencyMs: latencies.get(index + 1) ?? 0,
      zone: zones[index] ?? '',
      memoryBytes,
      cpus,
      diskBytes,
    })),
  }
}

/** Reads `40ms` or `1s` as milliseconds. Faults: Invalid, naming the wish. */
export function millisecondsOf(wish: string, text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? []
  const ms = Number(number) * (unit === 's' ? 1000 : 1)
  if (!(ms >= 0 && ms <= 60_000)) throw invalid(wish, text, 'a time of at most 60s: 40ms')
  return ms
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30, T: 2 ** 40 }

function bytesOf(wish: string, text: string, min: number): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([KMGT])i?B?$/.exec(text) ?? []
  const bytes = Math.round(Number(number) * (UNITS[unit ?? ''] ?? Number.NaN))
  if (!(bytes >= min)) throw invalid(wish, text, `a size of at least ${min / 2 ** 20}M: 512M, 2G`)
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

function invalid(wish: string, given: string, wanted: string): Error {
  return labFault('Invalid', `${wish} ${given}: ${wanted} is expected`, { hint: 'See `cairn lab up --help`.' })
}
