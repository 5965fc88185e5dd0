import { randomBytes } from 'node:crypto'
import type { Digest } from '#base'
import type { NodeMap } from '#cluster'
import { machineWorld } from '#host'
import { type ChunkStore, inlineWorkers, openChunkStore, sqliteIndex } from '#storage/chunks'
import { Cached } from './cached.ts'
import { HeldGroups } from './held-groups.ts'
import { Survey } from './survey.ts'
import { temporaryFolder } from './testing.ts'
import { PoolView } from './view.ts'

// What comparing all copies of a machine with two others costs, by processor time; run by `npm run bench -- rooms survey`, or by
// node with a number of chunks. The others hold the same chunks, by the same store.

const never = new AbortController().signal
const MIB = 1 << 20
const CHANGED = 1_000

async function main(chunks: number): Promise<void> {
  using folder = temporaryFolder()
  const index = sqliteIndex(`${folder.path}/index.sqlite`)
  const workers = inlineWorkers(machineWorld.disk)
  const options = { world: machineWorld, workers, index, ballastBytes: 0 }
  await using store = await openChunkStore({ ...options, folder: folder.path })
  await fill(store, chunks)
  for (const groups of [4096, 65_536]) await measure(store, groups, `${chunks} chunks in ${groups} groups`)
}

async function measure(store: ChunkStore, groups: number, what: string): Promise<void> {
  const before = process.memoryUsage().arrayBuffers
  const [own, theirs] = [heldGroups(store, groups), heldGroups(store, groups)]
  const answer = async (_: number, numbers: readonly number[]): Promise<Digest[]> => {
    const digests: Digest[] = []
    for (const group of numbers) digests.push((await theirs.of(groups, group, never)).digest)
    return digests
  }
  const holder = { groups: answer, list: async () => new Set<Digest>() }
  const view = new PoolView('a', mapOf(groups), 'default', new Set())
  const parts = { view: () => view, store, held: own, world: machineWorld }
  const compare = async (): Promise<void> => {
    const survey = new Survey({ view, parts, holders: { get: () => holder }, silent: new Set() })
    for await (const { lacking } of survey.all(never)) if (lacking.size > 0) throw new Error('they hold the same')
  }
  for (let group = 0; group < groups; group++) view.wanted(group)
  const all = Array.from({ length: groups }, (_, group) => group)
  await print(`${what}: answering others at first`, () => answer(groups, all))
  await print(`${what}: comparing at first`, compare)
  await print(`${what}: comparing again`, compare)
  await fill(store, CHANGED)
  await print(`${what}: again after ${CHANGED} new chunks, both sides`, compare)
  global.gc?.()
  const keptMiB = (process.memoryUsage().arrayBuffers - before) / MIB
  process.stdout.write(`${`${what}: memory kept, both sides`.padEnd(78)}${keptMiB.toFixed(2).padStart(7)} MiB\n`)
}

function heldGroups(store: ChunkStore, groups: number): HeldGroups {
  return new HeldGroups({ store, clock: machineWorld.clock, cached: new Cached(store), groups: () => groups })
}

async function fill(store: ChunkStore, chunks: number): Promise<void> {
  for (let n = 0; n < chunks; n++) await store.put(randomBytes(16))
  await store.sync()
}

function mapOf(groups: number): NodeMap {
  const machines = ['a', 'b', 'c'].map(name => {
    const disk = { id: `disk-${name}`, capacityMiB: 1000, quarters: 4, takes: 'groups' } as const
    return { name, role: 'node', zone: '', addresses: [], state: 'Online', disks: [disk] } as const
  })
  const pools = [{ id: 'default', replicas: 3, policy: 'weighted' }] as const
  return { version: 1, cloud: 'bench', level: 1, groups, machines, pools, filesystems: [], revoked: [], isShared: true }
}

async function print(what: string, step: () => Promise<unknown>): Promise<void> {
  const before = process.cpuUsage()
  const longestMs = await longestTurnOf(step)
  const { user, system } = process.cpuUsage(before)
  const seconds = `${((user + system) / 1e6).toFixed(2).padStart(7)} s of a processor`
  process.stdout.write(`${what.padEnd(78)}${seconds}, ${longestMs.toFixed(0)} ms at a time\n`)
}

// The most processor time of this thread between two moments in which others had a turn.
async function longestTurnOf(step: () => Promise<unknown>): Promise<number> {
  let [last, longest] = [process.threadCpuUsage(), 0]
  const look = (): void => {
    const now = process.threadCpuUsage()
    longest = Math.max(longest, now.user + now.system - last.user - last.system)
    last = now
  }
  const timer = setInterval(look, 1)
  await step()
  look()
  clearInterval(timer)
  return longest / 1000
}

await main(Number(process.argv[2] ?? 1_000_000))
