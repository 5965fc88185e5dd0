import type { MeshPlace, MeshRanges, MeshReport } from '#cluster'
import { DEFAULT_RANGE } from './limits.ts'
import { addressesAt, machineNumberOf, prefixOf, rangeOf } from './ranges.ts'

/** A machine that is on the mesh, or may be. */
export interface MeshCandidate {
  readonly name: string
  readonly isController: boolean
  /** Its place in the map before. */
  readonly before: MeshPlace | undefined
  /** What it has said; undefined: nothing yet, and it is as it was. */
  readonly report: MeshReport | undefined
}

/** The places of all machines of a cloud. */
export interface MeshPlan {
  readonly ranges: MeshRanges | undefined
  readonly places: ReadonlyMap<string, MeshPlace>
}

/**
 * Gives each machine that is on the mesh an address, which it keeps until it is removed: controllers first, the lowest that
 * are free. One that uses an interface of its own keeps what that has.
 */
export function allocate(
  machines: readonly MeshCandidate[],
  { cloud, before }: { readonly cloud: string; readonly before: MeshRanges | undefined },
): MeshPlan {
  const ranges = rangesOf(machines, cloud, before)
  const range = rangeOf(ranges.range)
  const isOn = ({ before: place, report }: MeshCandidate) =>
    place !== undefined || (report !== undefined && report.provider !== 'none')
  const on = machines.filter(isOn)
  if (on.length === 0 || range === undefined) return { ranges: before, places: new Map() }
  const kept = new Map<number, string>()
  for (const { name, before: place } of on) {
    const number = machineNumberOf(range, place?.addresses[0] ?? '')
    if (number !== undefined && !kept.has(number)) kept.set(number, name)
  }
  const numbers = new Map([...kept].map(([number, name]) => [name, number]))
  let next = 1
  for (const { name, report, before: place } of [...on].sort(controllersFirst)) {
    const isElsewhere = report === undefined ? place?.publicKey === undefined : report.provider === 'interface'
    if (numbers.has(name) || isElsewhere) continue
    while (kept.has(next)) next += 1
    kept.set(next, name)
    numbers.set(name, next)
  }
  const places = on.flatMap((machine): readonly [string, MeshPlace][] => {
    const place = placeOf(machine, addressesAt(ranges, numbers.get(machine.name) ?? 0))
    return place === undefined ? [] : [[machine.name, place]]
  })
  return { ranges, places: new Map(places) }
}

function controllersFirst(one: MeshCandidate, other: MeshCandidate): number {
  if (one.isController !== other.isController) return one.isController ? -1 : 1
  return one.name < other.name ? -1 : 1
}

// What people want of the machine that is a controller counts; of two that differ the first by name.
function rangesOf(machines: readonly MeshCandidate[], cloud: string, before: MeshRanges | undefined): MeshRanges {
  const wishes = machines.filter(({ isController }) => isController).map(({ report }) => report?.range)
  const wanted = wishes.find(wish => wish !== undefined && rangeOf(wish) !== undefined)
  return { range: wanted ?? before?.range ?? DEFAULT_RANGE, prefix: prefixOf(cloud) }
}

function placeOf(
  { before, report }: MeshCandidate,
  addresses: readonly [string, string] | undefined,
): MeshPlace | undefined {
  if (report === undefined) return before === undefined || addresses === undefined ? before : { ...before, addresses }
  if (report.provider === 'interface') return { addresses: report.addresses, endpoints: [] }
  if (addresses === undefined) return undefined
  const { publicKey, nextPublicKey, endpoints } = report
  return {
    addresses,
    endpoints: publicKey === undefined ? [] : endpoints,
    ...(publicKey === undefined ? {} : { publicKey }),
    ...(nextPublicKey === undefined ? {} : { nextPublicKey }),
  }
}
