import type { World } from '#base'
import { type Duplex, duplexPair, type Handler, type PeerName, rpcFault } from '#rpc'
import { SteppedClock } from '../../test/clocks/stepped-clock.ts'
import type { SmallDisk } from './files/small-file.ts'
import { Links } from './links/links.ts'
import { overMesh } from './links/over-mesh.ts'
import { MapStore } from './map-store.ts'
import type { MapMachine, NodeMap } from './node-map.ts'
import { subjectOf } from './peer-name.ts'

/** A disk of small files in memory; `files` is what lies on it. */
export function memoryDisk(files = new Map<string, Uint8Array>()): SmallDisk & { readonly files: typeof files } {
  const missing = (path: string) =>
    Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT', errno: -2, syscall: 'open' })
  return {
    files,
    open(path, mode) {
      const there = files.get(path)
      if (there === undefined && mode !== 'create') throw missing(path)
      if (there === undefined) files.set(path, new Uint8Array())
      return {
        path,
        read(into, position) {
          const bytes = (files.get(path) ?? new Uint8Array()).subarray(position, position + into.byteLength)
          into.set(bytes)
          return bytes.byteLength
        },
        write: parts => void files.set(path, Buffer.concat(parts)),
        size: () => files.get(path)?.byteLength ?? 0,
        truncate: () => undefined,
        sync: async () => undefined,
        uncache: () => undefined,
        close: () => undefined,
        [Symbol.dispose]: () => undefined,
      }
    },
    makeFolder: () => undefined,
    remove: path => void files.delete(path),
    rename(from, to) {
      const bytes = files.get(from)
      if (bytes === undefined) throw missing(from)
      files.delete(from)
      files.set(to, bytes)
    },
    syncFolder: async () => undefined,
  }
}

/** A row of a map. */
export function machineRow(name: string, more: Partial<MapMachine> = {}): MapMachine {
  return { name, role: 'node', zone: '', addresses: [`${name}:1`], state: 'Online', disks: [], ...more }
}

/** A map of a cloud called `cloud`. */
export function mapOf(version: number, machines: readonly MapMachine[], more: Partial<NodeMap> = {}): NodeMap {
  const fixed = { cloud: 'cloud', level: 1, groups: 16, pools: [], filesystems: [], revoked: [], isShared: true }
  return { ...fixed, version, machines, ...more }
}

/** Machines in memory that dial each other at `NAME:1`. */
export class TestNetwork {
  readonly clock: SteppedClock
  /** Pairs between which nothing goes, as `a b` in either order; everything sent is lost in silence. */
  readonly cuts = new Set<string>()
  /** Addresses at which nobody answers now. */
  readonly refused = new Set<string>()
  /** Addresses that were dialled, with who dialled. */
  readonly dialled: string[] = []
  /** Lines that machines have warned with, as `WHERE: LINE`. */
  readonly warnings: string[] = []
  /** Other lines of machines, alike. */
  readonly said: string[] = []
  /** Bytes that each machine has sent. */
  readonly sent = new Map<string, number>()
  /** Milliseconds that dialling takes. */
  dialMs = 0
  readonly machines = new Map<string, TestMachine>()

  constructor(clock = new SteppedClock()) {
    this.clock = clock
  }

  /** Starts a machine; with the files of an earlier one it is that one again. */
  start(row: MapMachine, options: StartOptions = {}): TestMachine {
    const { disk = memoryDisk(), handlers = [], entropy = 0, at = row.name, formats } = options
    const clock = this.clock
    const said = (lines: string[]) => (line: string) => void lines.push(`${at}: ${line}`)
    const log = { info: said(this.said), warn: said(this.warnings) }
    const bytes = (count: number) => new Uint8Array(count).fill(entropy)
    const world: Pick<World, 'clock' | 'entropy' | 'log'> = { clock, entropy: { bytes }, log }
    const maps = new MapStore(disk, '/data', mapOf(0, [row], { isShared: false }))
    const own = { name: row.name, isController: row.role === 'controller', cloud: 'cloud' }
    const dial = (name: string, address: string, signal: AbortSignal) => this.#dial(at, { name, address }, signal)
    const links = new Links({ world, software: `test ${formats?.newest ?? 1}`, own, maps, dial, formats })
    const machine = { at, row, disk, maps, links }
    this.machines.set(at, machine)
    links.serve(handlers)
    return machine
  }

  /** Ends a machine, as a crash does: nobody is told. */
  async end(name: string): Promise<void> {
    const machine = this.machines.get(name)
    this.machines.delete(name)
    for (const other of this.machines.keys()) this.cuts.add(`${name} ${other}`)
    await machine?.links[Symbol.asyncDispose]()
    for (const other of this.machines.keys()) this.cuts.delete(`${name} ${other}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(Array.from(this.machines.values(), ({ links }) => links[Symbol.asyncDispose]()))
  }

  #isCut(one: string, other: string): boolean {
    return this.cuts.has(`${one} ${other}`) || this.cuts.has(`${other} ${one}`)
  }

  async #dial(
    from: string,
    { name, address }: { readonly name: string; readonly address: string },
    signal: AbortSignal,
  ) {
    this.dialled.push(`${from} ${address}`)
    const all = [...this.machines.values()]
    const isMesh = ({ row }: TestMachine) => overMesh(row) === address
    const to = all.find(machine => machine.row.addresses.includes(address) || isMesh(machine))
    if (this.dialMs > 0) await this.clock.sleep(this.dialMs, signal)
    if (this.#isCut(from, to?.at ?? name)) await this.clock.sleep(3_600_000, signal)
    if (to === undefined || this.refused.has(address)) throw rpcFault('Unreachable', `nobody at ${address}`)
    const caller = this.machines.get(from)?.row ?? machineRow(from)
    const [near, far] = duplexPair()
    const [here, there] = [this.#between(near, from, to.at), this.#between(far, to.at, from)]
    const host = (isMesh(to) ? caller.mesh?.addresses[0] : undefined) ?? from
    void to.links.accept({ duplex: there, certificate: certificateOf(caller), host })
    return { duplex: here, certificate: certificateOf(to.row), host: to.at }
  }

  #between(duplex: Duplex, one: string, other: string): Duplex {
    const isCut = () => this.#isCut(one, other)
    return {
      incoming: duplex.incoming,
      get congested() {
        return duplex.congested
      },
      get bufferedBytes() {
        return duplex.bufferedBytes
      },
      drained: () => duplex.drained(),
      write: parts => {
        const bytes = parts.reduce((sum, { byteLength }) => sum + byteLength, 0)
        this.sent.set(one, (this.sent.get(one) ?? 0) + bytes)
        return isCut() ? undefined : duplex.write(parts)
      },
      close: () => (isCut() ? undefined : duplex.close()),
      destroy: () => (isCut() ? undefined : duplex.destroy()),
    }
  }
}

/** A machine of a {@link TestNetwork}. */
export interface TestMachine {
  /** Where it is: its name, unless it is another machine of that name. */
  readonly at: string
  readonly row: MapMachine
  readonly disk: ReturnType<typeof memoryDisk>
  readonly maps: MapStore
  readonly links: Links
}

interface StartOptions {
  readonly disk?: ReturnType<typeof memoryDisk>
  readonly handlers?: readonly Handler[]
  readonly entropy?: number
  /** Where it is, when it is not the only one of its name. */
  readonly at?: string
  /** The formats it understands. */
  readonly formats?: { readonly oldest: number; readonly newest: number }
}

/** The certificate of a machine of a test: its serial is its name. */
export function certificateOf({ name, role }: Pick<MapMachine, 'name' | 'role'>): PeerName {
  return { ...subjectOf({ name, isController: role === 'controller' }), serial: `serial-${name}` }
}
