import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { World } from '#base'
import { subjectOf } from '#cluster'
import { machineWorld } from '#host'
import { type Client, type Duplex, duplexPair, type Handler, openClient, rpcFault, serveConnection } from '#rpc'
import {
  type Access,
  type Answer,
  type Attributes,
  type Caller,
  type ChunkSource,
  type Cookie,
  type FileKind,
  type Filesystem,
  type HomeSince,
  type Ino,
  isErrno,
  type LeftBehind,
  openFilesystem,
  openRemoteFilesystem,
  type RemoteFilesystem,
  ROOT_INO,
  StandIn,
  type Vfs,
} from '#storage/fs'
import { openMemoryKeyspace, revisionOf } from '#keyspace'
import { remoteHandlers } from '../handlers.ts'
import { type AskStandIns, RpcTransport } from '../transport.ts'
import { MemoryChunkSource } from './chunks.ts'

/** A way from one machine to the home, that can be cut. */
export class Way implements AsyncDisposable {
  readonly #connect: () => [Duplex, Disposable]
  readonly #world: World
  #client: Promise<Client> | undefined
  #served: Disposable | undefined
  #duplex: Duplex | undefined
  isCut = false

  connections = 0

  constructor(connect: () => [Duplex, Disposable], world: World) {
    this.#connect = connect
    this.#world = world
  }

  async reach(signal: AbortSignal): Promise<Client> {
    if (this.isCut) throw rpcFault('Unreachable', 'cut')
    const known = await this.#client?.catch(() => undefined)
    if (known?.isOpen === true) return known
    const [duplex, served] = this.#connect()
    this.#duplex = duplex
    this.#served = served
    this.connections += 1
    this.#client = openClient(duplex, { clock: this.#world.clock, software: 'test' }, signal)
    return this.#client
  }

  /** Breaks the connection; what was sent may have arrived. */
  break(): void {
    this.#duplex?.destroy()
    this.#served?.[Symbol.dispose]()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isCut = true
    this.break()
    await (await this.#client?.catch(() => undefined))?.[Symbol.asyncDispose]()
  }
}

/** The machine's world, in which time goes so many times as fast: a lease must not be over because the machine is busy. */
export function fastWorld(speed = SPEED): World {
  const { clock } = machineWorld
  const startNs = clock.wallNs()
  return {
    ...machineWorld,
    clock: {
      wallNs: () => startNs + (clock.wallNs() - startNs) * BigInt(speed),
      monotonicMs: () => clock.monotonicMs() * speed,
      sleep: (ms, signal) => clock.sleep(ms / speed, signal),
    },
  }
}

// Each piece takes a turn of the event loop, so that connections break between any two.
function slowly(duplex: Duplex): Duplex {
  let isBroken = false
  async function* incoming() {
    for await (const chunk of duplex.incoming) {
      await new Promise(resolve => setImmediate(resolve))
      if (isBroken) return
      yield chunk
    }
  }
  return Object.assign(Object.create(duplex), {
    incoming: incoming(),
    destroy: () => {
      isBroken = true
      duplex.destroy()
    },
  })
}

/** A filesystem with its home on one machine, used from others. */
export interface TestCloud extends AsyncDisposable {
  home: Filesystem
  /** It is mounted at the home, and that outlives its process. */
  isMounted: boolean
  /** Another machine may be its home, as the home has it. */
  isCutOff: boolean
  /** Resolves when kernels that mount it have been told of all changes. */
  kernelsTold(): Promise<void>
  /** Resolves when what is asked may be done at the home. */
  asked(kind: string): Promise<void>
  /** Resolves when what the home has done for a call may be answered. */
  answers(kind: string): Promise<void>
  /** Resolves when what is to be durable may be called so; what it rejects with fails the sync. */
  synced(): Promise<void>
  readonly chunks: MemoryChunkSource
  /** A machine that uses it from elsewhere. */
  machine(name: string, access?: Access): Promise<TestMachine>
  /** The home's process ends and another begins. */
  restartHome(): Promise<void>
  /**
   * Another machine becomes the home, with the log as far as it was before a revision; `own` is what it is called. Of homes before it,
   * it knows those of these epochs.
   */
  moveHome(first?: number, own?: string, known?: readonly number[]): Promise<void>
  readonly revision: number
  /** Another machine has the log as it is now, and answers for the home while that is silent. */
  standIn(): StandIn
  /** The home's machine loses its power and comes back: what was not synced may be gone. */
  cutPower(): Promise<void>
}

export interface TestMachine extends AsyncDisposable {
  readonly way: Way
  fs: RemoteFilesystem
  readonly vfs: Vfs
  /** What kernels here were told is stale. */
  readonly told: string[]
  /** Its process ends and another begins, to which the machine may have been the home before. */
  killAndReopen(leftBehind?: LeftBehind): Promise<void>
}

export async function testCloud(chunkBytes = 64 * 1024, base: World = machineWorld): Promise<TestCloud> {
  const world: World = { ...base, log: { info: () => undefined, warn: () => undefined } }
  const folder = mkdtempSync(path.join(tmpdir(), 'cairn-remote-fs-'))
  const chunks = new MemoryChunkSource()
  const keyspace = openMemoryKeyspace({ world, history: { ms: 0, revisions: 0 } })
  let boot = 0
  let since: HomeSince | undefined
  let epochs = [{ epoch: 1, boot: '0', first: revisionOf(1) }]
  const open = (isMounted = false) =>
    openFilesystem({
      since,
      epochs,
      world,
      folder: `${folder}/home`,
      name: 'home',
      keyspace,
      chunks,
      bootId: `${boot}`,
      isMounted,
      isCutOff: () => cloud.isCutOff,
      mayHold: () => cloud.isMounted,
      told: () => cloud.kernelsTold(),
      owner: { uid: CALLER.uid, gid: CALLER.gid },
      chunkBytes,
    })
  const accesses = new Map<string, Access>()
  const ways: Way[] = []
  let standIn: StandIn | undefined
  const machines: TestMachine[] = []
  const served = remoteHandlers({
    sessionsOf: () => cloud.home.sessions,
    accessOf: ({ name }) => accesses.get(name),
  })
  const handlers = served.map(({ method, run }): Handler => {
    if (method.name !== 'fs.call') return { method, run }
    const late: Handler['run'] = async (params, context, streams) => {
      await cloud.asked(String(Reflect.get(Object(params), 'kind')))
      const answer = await run(params, context, streams)
      await cloud.answers(String(Reflect.get(Object(params), 'kind')))
      return answer
    }
    return { method, run: late }
  })
  const cloud: TestCloud = {
    home: await open(),
    isMounted: false,
    isCutOff: false,
    kernelsTold: async () => undefined,
    asked: async () => undefined,
    answers: async () => undefined,
    synced: async () => undefined,
    chunks,
    get revision() {
      return keyspace.revision
    },
    standIn() {
      standIn = new StandIn(keyspace, { chunks, clock: world.clock })
      return standIn
    },
    async machine(name, access = 'full') {
      accesses.set(name, access)
      const peer = { ...subjectOf({ name, isController: false }), serial: '00' }
      const way = new Way(() => {
        const [here, there] = duplexPair().map(slowly) as [Duplex, Duplex]
        const served = serveConnection(there, { clock: world.clock, log: world.log, software: 'test', handlers, peer })
        return [here, { [Symbol.dispose]: () => void served[Symbol.asyncDispose]() }]
      }, world)
      ways.push(way)
      const made = await openMachine({
        way,
        world,
        folder: `${folder}/${name}`,
        chunks,
        told: () => cloud.kernelsTold(),
        standIn: async (_, call) => {
          // A home that is reached answers those who would stand in for it, too.
          if (standIn === undefined || !way.isCut) throw rpcFault('Unreachable', 'nobody stands in')
          return (await standIn.answer({ name, isController: false }, call)) as never
        },
      })
      machines.push(made)
      return made
    },
    async restartHome() {
      for (const way of ways) way.break()
      await cloud.home.abandon()
      cloud.home = await open(cloud.isMounted)
      for (const way of ways) way.break()
    },
    async moveHome(first = keyspace.revision + 1, own = 'elsewhere', known = epochs.map(({ epoch }) => epoch)) {
      // A machine of its own is a container: its kernel is that of the home before.
      boot += own === 'elsewhere' ? 1 : 0
      since = { first: revisionOf(first), own }
      const start = { epoch: (epochs.at(-1)?.epoch ?? 0) + 1, boot: `${boot}`, first: since.first }
      epochs = [...epochs.filter(({ epoch }) => known.includes(epoch)), start]
      await cloud.restartHome()
    },
    async cutPower() {
      boot += 1
      await cloud.restartHome()
    },
    async [Symbol.asyncDispose]() {
      for (const machine of machines) await machine[Symbol.asyncDispose]()
      await cloud.home[Symbol.asyncDispose]()
      await keyspace[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    },
  }
  const sync = keyspace.sync.bind(keyspace)
  keyspace.sync = async (...asked) => {
    await cloud.synced()
    await sync(...asked)
  }
  return cloud
}

async function openMachine(parts: {
  readonly way: Way
  readonly world: World
  readonly folder: string
  readonly chunks: ChunkSource
  readonly standIn: AskStandIns
  told(): Promise<void>
}): Promise<TestMachine> {
  const { way, world, folder, chunks } = parts
  const told: string[] = []
  let isClosed = false
  const open = async (leftBehind?: LeftBehind) => {
    const transport = new RpcTransport('home', signal => way.reach(signal), parts.standIn)
    const fs = await openRemoteFilesystem({
      world,
      folder,
      name: 'home',
      transport,
      chunks,
      bootId: '0123',
      isMounted: true,
      leftBehind,
      told: () => parts.told(),
      signal: NEVER,
    })
    fs.vfs.onInvalidation(change => told.push(change.kind === 'inode' ? `${change.ino}` : change.name))
    return fs
  }
  const machine: TestMachine = {
    way,
    told,
    fs: await open(),
    get vfs() {
      return machine.fs.vfs
    },
    async killAndReopen(leftBehind) {
      await machine.fs.abandon()
      way.break()
      machine.fs = await open(leftBehind)
    },
    async [Symbol.asyncDispose]() {
      if (isClosed) return
      isClosed = true
      if (way.isCut) await machine.fs.abandon()
      else await machine.fs[Symbol.asyncDispose]()
      await way[Symbol.asyncDispose]()
    },
  }
  return machine
}

export const CALLER: Caller = { uid: 1000, gid: 1000, umask: 0o022 }

/** The value of an answer that must not be an error. */
export async function ok<Value>(reply: PromiseLike<Answer<Value>> | Answer<Value>): Promise<Value> {
  const answer = await reply
  if (isErrno(answer)) throw new Error(`answered errno ${answer}`)
  return answer
}

/** Makes a file or directory. */
export async function make(
  vfs: Vfs,
  name: string,
  kind: FileKind = 'file',
  parent: Ino = ROOT_INO,
): Promise<Attributes> {
  return ok(vfs.make(parent, name, { kind, mode: kind === 'directory' ? 0o777 : 0o666 }, CALLER))
}

/** As open(2), write(2), close(2). */
export async function put(vfs: Vfs, ino: Ino, text: string | Uint8Array, offset = 0): Promise<void> {
  await ok(vfs.open(ino, { truncate: false, killPrivileges: false }))
  await ok(vfs.write(ino, offset, Buffer.from(text), { append: false, killPrivileges: false }))
  await close(vfs, ino)
}

/** As close(2). */
export async function close(vfs: Vfs, ino: Ino): Promise<void> {
  const flushed = await vfs.flush(ino)
  if (isErrno(flushed) && flushed !== ENOSYS) throw new Error(`flush answered errno ${flushed}`)
  vfs.release(ino)
}

/** As open(2), read(2) to the end, close(2). */
export async function get(vfs: Vfs, ino: Ino): Promise<Buffer> {
  await ok(vfs.open(ino, { truncate: false, killPrivileges: false }))
  const { size } = await ok(vfs.attributes(ino))
  const bytes = Buffer.alloc(size)
  const read = await ok(vfs.read(ino, 0, bytes))
  await close(vfs, ino)
  return bytes.subarray(0, read.bytes)
}

export async function names(vfs: Vfs, ino: Ino = ROOT_INO): Promise<string[]> {
  const found: string[] = []
  const take = ({ name }: { readonly name: string }) => found.push(name) > 0
  await ok(vfs.list(ino, 0 as Cookie, { attributes: true, take }))
  return found.filter(name => name !== '.' && name !== '..').sort()
}

const ENOSYS = 38
const NEVER = new AbortController().signal
/** How fast time goes in a {@link fastWorld}. */
export const SPEED = 30
