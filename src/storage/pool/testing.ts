import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Digest, Fault, type World } from '#base'
import { type MachineState, type MapPool, type NodeMap, subjectOf } from '#cluster'
import { machineDisk, machineWorld } from '#host'
import { type Client, type Duplex, duplexPair, openPeer, type Peer } from '#rpc'
import { type ChunkStore, inlineWorkers, memoryIndex, openChunkStore } from '#storage/chunks'
import { WaitingClock } from '../../../test/clocks/waiting-clock.ts'
import { openPool, type Pool, poolHandlers, type PoolMachines } from './index.ts'

const none = new AbortController().signal

/** One machine of a {@link TestCloud}. */
export class TestMachine implements PoolMachines {
  readonly own: string
  readonly store: ChunkStore
  readonly folder: string
  readonly links = new Map<string, Peer>()
  pool!: Pool
  map: NodeMap
  readonly #hearers = new Set<(map: NodeMap) => void>()

  constructor(own: string, store: ChunkStore, folder: string, map: NodeMap) {
    this.own = own
    this.store = store
    this.folder = folder
    this.map = map
  }

  onMap(run: (map: NodeMap) => void): Disposable {
    this.#hearers.add(run)
    return { [Symbol.dispose]: () => void this.#hearers.delete(run) }
  }

  hear(map: NodeMap): void {
    this.map = map
    for (const run of this.#hearers) run(map)
  }

  client(name: string): Client | undefined {
    const link = this.links.get(name)
    return link?.isOpen === true ? link : undefined
  }

  async connect(name: string): Promise<Client> {
    throw new Fault('NoPath', { status: 503, retry: 'later' }, `there is no way to ${name}`)
  }

  states = () => []

  /** What the machine holds as copies, of these. */
  async held(digests: readonly Digest[]): Promise<number> {
    let count = 0
    for (const digest of digests) if (await this.store.has(digest)) count++
    return count
  }
}

/** Several machines in one process: real stores on temporary folders, connections in memory, and one clock. */
export class TestCloud implements AsyncDisposable {
  readonly clock = new WaitingClock()
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-pool-'))
  readonly machines = new Map<string, TestMachine>()
  readonly lines: string[] = []
  readonly #states = new Map<string, MachineState>()
  readonly #gates = new Map<string, { isShut: boolean; open: () => void; opened: Promise<void> }>()
  #pool: MapPool = { id: 'default', policy: 'weighted' }
  #version = 0

  static async of(...names: string[]): Promise<TestCloud> {
    const cloud = new TestCloud()
    for (const name of names) await cloud.join(name)
    return cloud
  }

  machine(name: string): TestMachine {
    const machine = this.machines.get(name)
    if (machine === undefined) throw new Error(`no machine ${name}`)
    return machine
  }

  /** Adds a machine. */
  async join(name: string): Promise<TestMachine> {
    const machine = await this.start(name)
    this.tell()
    return machine
  }

  /** Starts a machine that was stopped; its disk is as it was unless wiped. Nobody hears of it from the map. */
  async start(name: string): Promise<TestMachine> {
    const folder = path.join(this.folder, name)
    const world = this.world
    const store = await this.clock.run(
      openChunkStore({ world, folder, workers: inlineWorkers(world.disk), index: memoryIndex(), ballastBytes: 0 }),
    )
    const machine = new TestMachine(name, store, folder, this.map())
    this.machines.set(name, machine)
    this.#states.set(name, 'Online')
    machine.map = this.map()
    machine.pool = openPool({ id: 'default', world, store, machines: machine })
    for (const other of this.machines.keys()) if (other !== name) await this.link(name, other)
    return machine
  }

  /** Ends a machine as if its power had gone, but for what its disk has. */
  async stop(name: string): Promise<void> {
    const machine = this.machine(name)
    this.machines.delete(name)
    for (const link of machine.links.values()) await this.clock.run(Promise.resolve(link[Symbol.asyncDispose]()))
    await this.clock.run(machine.pool[Symbol.asyncDispose]())
    await this.clock.run(Promise.resolve(machine.store[Symbol.asyncDispose]()))
  }

  wipe(name: string): void {
    fs.rmSync(path.join(this.folder, name), { recursive: true })
  }

  /** Tells everybody how the machines are. */
  tell(states: Readonly<Record<string, MachineState>> = {}, pool?: Partial<MapPool>): void {
    for (const [name, state] of Object.entries(states)) this.#states.set(name, state)
    this.#pool = { ...this.#pool, ...pool }
    this.#version++
    for (const machine of this.machines.values()) machine.hear(this.map())
  }

  map(): NodeMap {
    return {
      version: this.#version,
      cloud: 'test',
      level: 1,
      groups: 4096,
      machines: Array.from(this.#states, ([name, state]) => ({
        name,
        role: 'node',
        zone: '',
        addresses: [],
        state,
        disks: [{ id: `disk-${name}`, capacityMiB: 1000, quarters: 4, takes: 'groups' }],
      })),
      pools: [this.#pool],
      filesystems: [],
      revoked: [],
      isShared: true,
    }
  }

  /** What is sent between the two goes nowhere, or goes on. */
  gate(one: string, other: string, isShut: boolean): void {
    const gate = this.#gate(one, other)
    if (gate.isShut === isShut) return
    gate.isShut = isShut
    if (!isShut) return gate.open()
    const { promise, resolve } = Promise.withResolvers<void>()
    gate.opened = promise
    gate.open = resolve
  }

  async link(one: string, other: string): Promise<void> {
    const [near, far] = duplexPair()
    const gate = this.#gate(one, other)
    const [a, b] = await this.clock.run(
      Promise.all([
        openPeer(gated(near, gate), { ...this.#optionsOf(one, other), side: 'dialler' }, none),
        openPeer(gated(far, gate), { ...this.#optionsOf(other, one), side: 'acceptor' }, none),
      ]),
    )
    this.machine(one).links.set(other, a)
    this.machine(other).links.set(one, b)
  }

  /** Lets time pass until `isTrue`. */
  async until(isTrue: () => boolean | Promise<boolean>, withinMs = 3_600_000): Promise<void> {
    const startMs = this.clock.monotonicMs()
    while (!(await isTrue())) {
      if (this.clock.monotonicMs() - startMs > withinMs) throw new Error('it has not become true')
      await this.clock.pass(100)
    }
  }

  get world(): World {
    const line = (message: string, fields?: unknown) => void this.lines.push(`${message} ${JSON.stringify(fields)}`)
    return { ...machineWorld, clock: this.clock, disk: quickDisk, log: { info: line, warn: line } }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gate of this.#gates.values()) gate.open()
    for (const name of this.machines.keys()) await this.stop(name)
    fs.rmSync(this.folder, { recursive: true, force: true })
  }

  #gate(one: string, other: string) {
    const key = [one, other].sort().join(' ')
    const known = this.#gates.get(key)
    if (known !== undefined) return known
    const gate = { isShut: false, open: () => undefined as void, opened: Promise.resolve() }
    this.#gates.set(key, gate)
    return gate
  }

  #optionsOf(own: string, other: string) {
    const handlers = poolHandlers(id => (id === 'default' ? this.machines.get(own)?.pool : undefined))
    const peer = { ...subjectOf({ name: other, isController: false }), serial: '1' }
    return { clock: this.clock, log: this.world.log, software: 'test 1', handlers, peer }
  }
}

/** A folder that goes with its owner. */
export function temporaryFolder(): Disposable & { readonly path: string } {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-pool-'))
  return { path: folder, [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true, force: true }) }
}

function gated(duplex: Duplex, gate: { readonly opened: Promise<void> }): Duplex {
  async function* incoming() {
    for await (const bytes of duplex.incoming) {
      await gate.opened
      yield bytes
    }
  }
  return Object.create(duplex, { incoming: { value: incoming() } })
}

// Time stands still while a disk works, so it must not take any.
const quickDisk: typeof machineDisk = {
  ...machineDisk,
  syncFolder: async () => undefined,
  open: (file, mode) => Object.assign(machineDisk.open(file, mode), { sync: async () => undefined }),
}

/** The machines whose store has a chunk, held. */
export async function copiesOf(cloud: TestCloud, digest: Digest): Promise<string[]> {
  const names: string[] = []
  for (const [name, { store }] of cloud.machines) if (await store.has(digest)) names.push(name)
  return names.sort()
}

/** A chunk as a machine of the pool reads it; of no bytes, as who opens a log does. */
export async function read(cloud: TestCloud, machine: TestMachine, digest: Digest, bytes: number): Promise<Buffer> {
  const into = Buffer.alloc(bytes)
  await cloud.clock.run(Promise.resolve(machine.pool.read(digest, into, 0)))
  return into
}

/** Flips a bit of a chunk in the segment it is in. */
export function rot(machine: TestMachine, content: Buffer): void {
  const folder = path.join(machine.folder, 'segments')
  for (const name of fs.readdirSync(folder)) {
    const bytes = fs.readFileSync(path.join(folder, name))
    const at = bytes.indexOf(content)
    if (at < 0) continue
    bytes[at] = (bytes[at] ?? 0) ^ 1
    fs.writeFileSync(path.join(folder, name), bytes)
    return
  }
  assert.fail('the chunk is in no segment')
}
