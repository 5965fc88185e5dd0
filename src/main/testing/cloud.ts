import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Clock } from '#base'
import { mapBytes, clusterSetMap, type NodeMap, type NodeRole, subjectOf, writeNodeFiles } from '#cluster'
import { machineWorld } from '#host'
import { Authority, authorityFingerprint } from '#identity'
import {
  type Client,
  duplexPair,
  type Handler,
  message,
  type PeerName,
  openClient,
  serveConnection,
  type TlsCredential,
} from '#rpc'
import { Peers } from '../peers/peers.ts'
import { rightOf } from '../peers/rights.ts'

/** A machine of a cloud for tests: what its storage process keeps, without storage. */
export interface TestMachine extends AsyncDisposable {
  readonly name: string
  readonly dataFolder: string
  readonly peers: Peers
  readonly port: number
  /** At its local door. */
  readonly door: Client
}

/** What is said of a machine that is not as others. */
export interface MoreOfMachine {
  readonly listen?: string
  readonly clock?: Clock
}

/** A cloud for tests, whose machines meet over TLS on the loopback. */
export interface TestCloud extends AsyncDisposable {
  readonly fingerprint: string
  /** What a machine of the name shows. */
  credential(name: string, role: NodeRole): Promise<TlsCredential>
  /** What somebody else shows. */
  credentialOf(subject: Pick<PeerName, 'name' | 'groups'>): Promise<TlsCredential>
  /** Starts a machine; it listens at any port of the loopback unless told otherwise. */
  machine(name: string, role: NodeRole, handlers?: readonly Handler[], more?: MoreOfMachine): Promise<TestMachine>
  /** Starts a machine that is in no cloud. */
  alone(name: string): Promise<TestMachine>
  /** Starts a machine again that has ended. */
  again(machine: TestMachine): Promise<TestMachine>
  /** Starts another machine from a copy of the data folder of one. */
  copy(machine: TestMachine): Promise<TestMachine>
  /** A map in which these machines are, with what they say of themselves. */
  mapOf(version: number, machines: readonly TestMachine[]): NodeMap
  /** Tells a machine its map, as its control process would. */
  tell(machine: TestMachine, map: NodeMap): Promise<void>
}

/** Makes a cloud for a test. */
export async function testCloud(): Promise<TestCloud> {
  const made = await Authority.make('test', machineWorld.entropy.bytes(16), new Date())
  const authority = await Authority.open(made)
  const cloud = authorityFingerprint(made.certificatePem)
  const stack = new AsyncDisposableStack()
  const credentialOf: TestCloud['credentialOf'] = async ({ name: commonName, groups: organizations }) => {
    const serial = machineWorld.entropy.bytes(16)
    const fixed = { usage: 'node', dnsNames: [], addresses: [], ...times(), serial } as const
    return { ...(await authority.issue({ ...fixed, commonName, organizations })), authorityPem: made.certificatePem }
  }
  const credential = (name: string, role: NodeRole) =>
    credentialOf(subjectOf({ name, isController: role === 'controller' }))
  const newFolder = () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-cloud-'))
    stack.defer(() => fs.rmSync(folder, { recursive: true }))
    return folder
  }
  const open = async (parts: MachineParts) => stack.use(await openMachine(parts))
  return {
    fingerprint: cloud,
    credential,
    credentialOf,
    async machine(name, role, handlers = [], { listen = ANY, clock = machineWorld.clock } = {}) {
      const dataFolder = newFolder()
      const node = { name, role, cloud }
      await writeNodeFiles(machineWorld.disk, dataFolder, { node, credential: await credential(name, role) })
      return open({ name, dataFolder, handlers, listen, clock })
    },
    alone: name => open({ name, dataFolder: newFolder(), handlers: [], listen: ANY }),
    again: ({ name, dataFolder }) => open({ name, dataFolder, handlers: [], listen: ANY }),
    async copy({ name, dataFolder }) {
      const folder = newFolder()
      fs.cpSync(dataFolder, folder, { recursive: true })
      return open({ name, dataFolder: folder, handlers: [], listen: ANY })
    },
    mapOf(version, machines) {
      const rows = machines.flatMap(({ peers: { machines: known } }) =>
        known.map.machines.filter(({ name }) => name === known.own),
      )
      const fixed = { cloud, level: 1, groups: 4096, pools: [], filesystems: [], revoked: [], isShared: true }
      return { ...fixed, version, machines: rows }
    },
    async tell({ door }, map) {
      await door.exchange(clusterSetMap, message(undefined, mapBytes(map)), new AbortController().signal)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const ANY = '127.0.0.1:0'
const HOUR_MS = 3_600_000
const times = () => ({ notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) })

interface MachineParts {
  readonly name: string
  readonly dataFolder: string
  readonly handlers: readonly Handler[]
  readonly listen: string
  readonly clock?: Clock
}

async function openMachine({
  name,
  dataFolder,
  handlers,
  listen,
  clock = machineWorld.clock,
}: MachineParts): Promise<TestMachine> {
  await using opening = new AsyncDisposableStack()
  const world = { ...machineWorld, clock, log: { info: () => undefined, warn: () => undefined } }
  const id = Buffer.from(world.entropy.bytes(16)).toString('hex')
  const disk = {
    id,
    path: dataFolder,
    state: 'Ready',
    capacityMiB: 1024,
    usedMiB: 0,
    freeMiB: 1024,
    chunks: 0,
    damaged: 0,
  } as const
  const peers = opening.use(await Peers.open({ world, dataFolder, listen, disks: () => [disk] }))
  await peers.serve(handlers, method => rightOf(method) ?? 'machine')
  const [here, there] = duplexPair()
  const common = { clock: world.clock, software: 'test' }
  opening.use(serveConnection(there, { ...common, log: world.log, handlers: peers.localMethods() }))
  const door = opening.use(await openClient(here, common, new AbortController().signal))
  const all = opening.move()
  return { name, dataFolder, peers, port: peers.port ?? 0, door, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
