import { movesBetween, type PlacementDisk, type PlacementMap, PlacementOrder } from '#storage/placement'
import { CHUNK_MIB, CHUNKS, disksOf, placementOf, POOL, REPLICAS } from './clouds.ts'
import { CHANGES_PER_MACHINE_AND_HOUR } from './maps.ts'
import { heapOf, meanMs, mib, type Row, timed } from './measured.ts'

/** What placement costs each machine, for clouds of several sizes. */
export function placingRows(sizes: readonly number[]): readonly Row[] {
  const all = sizes.map(measurePlacing)
  const row = (name: string, of: (each: ReturnType<typeof measurePlacing>) => string): Row => [name, ...all.map(of)]
  return [
    ['', ...sizes.map(size => `${size} machines`)],
    row('groups', ({ groups }) => String(groups)),
    row('making the order of a new map', ({ makeMs }) => `${makeMs.toFixed(1)} ms`),
    row('where one group belongs', ({ oneUs }) => `${oneUs.toFixed(0)} us`),
    row('where all groups belong', ({ allSeconds }) => `${allSeconds.toFixed(2)} s`),
    row('memory of where all groups belong', ({ heapBytes }) => mib(heapBytes)),
    row('on disk for groups and places', () => 'nothing'),
    row('chunks held by a machine, on average', ({ machines }) => ((CHUNKS * REPLICAS) / machines).toFixed(0)),
    row('groups held by a machine, on average', ({ groups, machines }) => ((groups * REPLICAS) / machines).toFixed(0)),
    row('the fullest disk against its share', ({ fullest }) => `${(fullest * 100).toFixed(1)} %`),
    row('comparing all copies with the others', each => `${(comparedBytes(each) / 1000).toFixed(1)} kB`),
    row('the same as a rate, once an hour and after each change of the map', each => {
      const perHour = 1 + each.machines * CHANGES_PER_MACHINE_AND_HOUR
      return `${((comparedBytes(each) * perHour) / 3600).toFixed(0)} B/s`
    }),
  ]
}

// The digests that it is told of what it holds.
function comparedBytes({ groups, machines }: ReturnType<typeof measurePlacing>): number {
  return ((groups * REPLICAS) / machines) * (REPLICAS - 1) * DIGEST_BYTES
}

/** What changes of a cloud move against what they have to. */
export function moveRows(machines: number): readonly Row[] {
  const before = disksOf(machines)
  const came = disksOf(machines + 1)
  const changes: readonly (readonly [string, readonly PlacementDisk[]])[] = [
    ['a machine with a disk of 250 GB comes', came],
    ['a machine with a disk of 2 TB goes', before.filter((_, n) => n !== 3)],
    ['a whole zone of a tenth of the machines goes', before.filter(({ zone }) => zone !== 'zone-3')],
    [
      'a disk of 1 TB becomes one of 2 TB',
      before.map((disk, n) => (n === 2 ? { ...disk, weight: disk.weight * 2 } : disk)),
    ],
  ]
  const chunks = chunksPerGroup(placementOf(before, machines).groups)
  const head: Row = ['', 'copies moved', 'least', 'moved / least', 'data moved, at most', 'time to compute']
  return [head, ...changes.map(([name, after]) => moveRow(name, { before, after, machines, chunks }))]
}

function moveRow(
  name: string,
  change: {
    readonly before: readonly PlacementDisk[]
    readonly after: readonly PlacementDisk[]
    readonly machines: number
    readonly chunks: Float64Array
  },
): Row {
  const { before, after, machines, chunks } = change
  const { seconds, value } = timed(() => {
    let copies = 0
    for (const { group, gained } of movesBetween(placementOf(before, machines), placementOf(after, machines), POOL)) {
      copies += gained.length * (chunks[group] ?? 0)
    }
    return copies
  })
  const least = leastCopies(before, after)
  const data = `${((value * CHUNK_MIB) / 1024).toFixed(1)} GiB`
  return [name, value.toFixed(0), least.toFixed(0), (value / least).toFixed(3), data, `${seconds.toFixed(2)} s`]
}

// Each disk that has a larger share afterwards has to be given the difference.
function leastCopies(before: readonly PlacementDisk[], after: readonly PlacementDisk[]): number {
  const [then, now] = [sharesOf(before), sharesOf(after)]
  let least = 0
  for (const [id, share] of now) least += Math.max(0, share - (then.get(id) ?? 0))
  return least * CHUNKS * REPLICAS
}

function sharesOf(disks: readonly PlacementDisk[]): Map<string, number> {
  const total = disks.reduce((sum, { weight }) => sum + weight, 0)
  return new Map(disks.map(({ id, weight }) => [id, weight / total]))
}

function measurePlacing(machines: number) {
  const disks = disksOf(machines)
  const map = placementOf(disks, machines)
  const order = new PlacementOrder(map, POOL)
  const { seconds: allSeconds, value: places } = timed(() => allPlaces(map, order))
  return {
    machines,
    groups: map.groups,
    makeMs: meanMs(() => new PlacementOrder(map, POOL)),
    oneUs: (allSeconds / map.groups) * 1e6,
    allSeconds,
    heapBytes: heapOf(() => copyOf(places)),
    fullest: fullestOf(disks, map, places),
  }
}

// As a pool remembers it: the machines of each group it has asked about.
function allPlaces({ groups }: PlacementMap, order: PlacementOrder): Map<number, readonly string[]> {
  const places = new Map<number, readonly string[]>()
  for (let group = 0; group < groups; group++) {
    places.set(
      group,
      order.wanted(group).map(({ machine }) => machine),
    )
  }
  return places
}

function copyOf(places: ReadonlyMap<number, readonly string[]>): Map<number, readonly string[]> {
  return new Map(Array.from(places, ([group, names]) => [group, [...names]]))
}

function fullestOf(
  disks: readonly PlacementDisk[],
  { groups }: PlacementMap,
  places: ReadonlyMap<number, readonly string[]>,
): number {
  const chunks = chunksPerGroup(groups)
  const held = new Map<string, number>()
  for (const [group, names] of places) {
    for (const name of names) held.set(name, (held.get(name) ?? 0) + (chunks[group] ?? 0))
  }
  const total = disks.reduce((sum, { weight }) => sum + weight, 0)
  const filled = disks.map(({ machine, weight }) => (held.get(machine) ?? 0) / ((weight / total) * CHUNKS * REPLICAS))
  return Math.max(...filled)
}

/** How many of the chunks fall into each group, by digests of any kind. */
function chunksPerGroup(groups: number): Float64Array {
  const chunks = new Float64Array(groups)
  let state = 1
  for (let i = 0; i < CHUNKS; i++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const group = Math.floor((state / 2 ** 32) * groups)
    chunks[group] = (chunks[group] ?? 0) + 1
  }
  return chunks
}

const DIGEST_BYTES = 32
