import type { Disk, DiskFile, World } from '#base'
import { Links, MapStore, type NodeMap, type Shown, subjectOf } from '#cluster'
import { Life } from '../../sim/life.ts'
import { SimNetwork } from '../../sim/pool/network.ts'
import { Random } from '../../sim/random.ts'
import { Scheduler } from '../../sim/scheduler.ts'
import { CONTROLLERS, factsOf, mapOf, nameOf, reportOf } from './clouds.ts'
import type { Row } from './measured.ts'

/** What machines say to each other while nobody wants anything, by the real links over a network that counts. */
export async function idleRows(sizes: readonly number[]): Promise<readonly Row[]> {
  const all = []
  for (const size of sizes) all.push(await measureIdle(size))
  const perSecond = (bytes: number): string => `${bytes.toFixed(0)} B/s`
  return [
    ['', ...sizes.map(size => `${size} machines`)],
    ['connections of a machine', ...all.map(({ links }) => links.toFixed(0))],
    ['sent by a machine that is no controller', ...all.map(({ node }) => perSecond(node))],
    ['sent by a controller', ...all.map(({ controller }) => perSecond(controller))],
    ['one change of the map, received by each machine', ...all.map(({ change }) => change)],
  ]
}

async function measureIdle(size: number) {
  const cloud = new IdleCloud(size)
  await cloud.run(WARM_MS)
  const idle = await sentIn(cloud, size)
  await cloud.change()
  const changed = await sentIn(cloud, size)
  // Controllers send what it costs: heartbeats that announce it, and the change itself.
  const spentOn = sum(changed.slice(0, CONTROLLERS)) - sum(idle.slice(0, CONTROLLERS))
  const rates = idle.map(bytes => bytes / (MEASURED_MS / 1000))
  const mean = (part: readonly number[]): number => sum(part) / Math.max(part.length, 1)
  return {
    links: cloud.connectionsOf(size - 1),
    node: mean(rates.slice(CONTROLLERS)),
    controller: mean(rates.slice(0, CONTROLLERS)),
    change: size < CHANGE_MACHINES_MIN ? '' : `${(spentOn / (size - CONTROLLERS)).toFixed(0)} B`,
  }
}

async function sentIn(cloud: IdleCloud, size: number): Promise<number[]> {
  const { network } = cloud
  const before = new Map(network.sent)
  await cloud.run(MEASURED_MS)
  return Array.from({ length: size }, (_, n) => (network.sent.get(nameOf(n)) ?? 0) - (before.get(nameOf(n)) ?? 0))
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** Machines with nothing but their links, on a clock that only goes on when all have done what they had to. */
class IdleCloud {
  readonly network: SimNetwork
  readonly #scheduler = new Scheduler()
  readonly #life = new Life(1)
  readonly #links: Links[] = []
  readonly #maps: MapStore[] = []
  readonly #random = new Random(1)

  constructor(size: number) {
    this.network = new SimNetwork(this.#scheduler, this.#random)
    const map = mapOf(factsOf(size))
    for (let n = 0; n < size; n++) this.#links.push(this.#machine(n, map))
    for (const links of this.#links) links.serve([])
  }

  async run(ms: number): Promise<void> {
    const endMs = this.#scheduler.nowMs + ms
    while (this.#scheduler.nowMs < endMs && (await this.#scheduler.step()));
  }

  /** The controllers hear of a machine that is Offline. */
  async change(): Promise<void> {
    for (const maps of this.#maps.slice(0, CONTROLLERS)) {
      const { version, machines } = maps.map
      const rows = machines.map((row, n) => (n === machines.length - 1 ? { ...row, state: 'Offline' as const } : row))
      await maps.take({ ...maps.map, version: version + 1, machines: rows })
    }
  }

  connectionsOf(n: number): number {
    return this.#links[n]?.states().filter(({ isConnected }) => isConnected).length ?? 0
  }

  #machine(n: number, map: NodeMap): Links {
    const world = this.#world()
    const own = { name: nameOf(n), isController: n < CONTROLLERS, cloud: map.cloud }
    const maps = new MapStore(world.disk, '/data', map)
    this.#maps.push(maps)
    const links = new Links({ world, software: 'cairn 0.1.0', own, maps, dial: name => this.#dial(n, name) })
    links.report = reportOf(n)
    return links
  }

  async #dial(from: number, name: string): Promise<Shown> {
    const to = Number(name.slice(-4))
    const [near, far] = this.network.connect(nameOf(from), name)
    void this.#links[to]?.accept({ duplex: far, certificate: certificateOf(from), host: '10.0.0.1' })
    return { duplex: near, certificate: certificateOf(to), host: '10.0.0.2' }
  }

  #world(): World {
    const startMs = this.#random.below(1e6)
    const scheduler = this.#scheduler
    const sleep = (ms: number, signal: AbortSignal) =>
      new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        scheduler.at(this.#life, ms, resolve)
      })
    return {
      clock: { wallNs: () => 0n, monotonicMs: () => startMs + scheduler.nowMs, sleep },
      entropy: { bytes: count => this.#random.bytes(count) },
      disk: NO_DISK,
      log: { info: () => undefined, warn: () => undefined },
    }
  }
}

function certificateOf(n: number) {
  return { ...subjectOf({ name: nameOf(n), isController: n < CONTROLLERS }), serial: String(n) }
}

const NO_FILE: Omit<DiskFile, 'path'> = {
  read: () => 0,
  write: () => undefined,
  size: () => 0,
  truncate: () => undefined,
  sync: async () => undefined,
  uncache: () => undefined,
  close: () => undefined,
  [Symbol.dispose]: () => undefined,
}
// Nothing is on it, and what is written is forgotten: the map is in memory.
const NO_DISK: Disk = {
  open(path, mode): DiskFile {
    if (mode === 'create') return { ...NO_FILE, path }
    throw Object.assign(new Error('ENOENT'), { code: 'ENOENT', errno: -2, syscall: 'open' })
  },
  list: () => [],
  stat: () => undefined,
  makeFolder: () => undefined,
  rename: () => undefined,
  remove: () => undefined,
  removeFolder: async () => undefined,
  syncFolder: async () => undefined,
  space: () => ({ totalBytes: 0, freeBytes: 0 }),
  lock: () => undefined,
}
// Of fewer, a heartbeat that falls into one half or the other outweighs it.
const CHANGE_MACHINES_MIN = 33
const WARM_MS = 30_000
const MEASURED_MS = 20_000
