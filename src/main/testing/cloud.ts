import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { mapBytes, clusterSetMap, type NodeMap, type NodeRole, subjectOf, writeNodeFiles } from '#cluster'
import { machineWorld } from '#host'
import { Authority, authorityFingerprint } from '#identity'
import { type Client, duplexPair, type Handler, message, openClient, serveConnection, type TlsCredential } from '#rpc'
import { Peers } from '../peers/peers.ts'

/** A machine of a cloud for tests: what its storage process keeps, without storage. */
export interface TestMachine extends AsyncDisposable {
  readonly name: string
  readonly dataFolder: string
  readonly peers: Peers
  readonly port: number
  /** At its local door. */
  readonly door: Client
}

/** A cloud for tests, whose machines meet over TLS on the loopback. */
export interface TestCloud extends AsyncDisposable {
  readonly fingerprint: string
  /** What a machine of the name shows. */
  credential(name: string, role: NodeRole): Promise<TlsCredential>
  /** Starts a machine. */
  machine(name: string, role: NodeRole, handlers?: readonly Handler[]): Promise<TestMachine>
  /** A map in which these machines are, with what they say of themselves. */
  mapOf(version: number, machines: readonly TestMachine[]): NodeMap
  /** Tells a machine its map, as its control process would. */
  tell(machine: TestMachine, map: NodeMap): Promise<void>
}

/** Makes a cloud for a test. */
export async function testCloud(): Promise<TestCloud> {
  await using opening = new AsyncDisposableStack()
  const made = await Authority.make('test', machineWorld.entropy.bytes(16), new Date())
  const authority = await Authority.open(made)
  const fingerprint = authorityFingerprint(made.certificatePem)
  const stack = opening.move()
  const credential = async (name: string, role: NodeRole) => {
    const { name: commonName, groups } = subjectOf({ name, isController: role === 'controller' })
    const request = {
      commonName,
      organizations: groups,
      usage: 'node',
      ...TIMES(),
      serial: machineWorld.entropy.bytes(16),
    } as const
    const issued = await authority.issue({ ...request, dnsNames: [], addresses: [] })
    return { ...issued, authorityPem: made.certificatePem }
  }
  return {
    fingerprint,
    credential,
    async machine(name, role, handlers = []) {
      const dataFolder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-cloud-'))
      stack.defer(() => fs.rmSync(dataFolder, { recursive: true }))
      const node = { name, role, cloud: fingerprint }
      await writeNodeFiles(machineWorld.disk, dataFolder, { node, credential: await credential(name, role) })
      return stack.use(await openMachine({ name, dataFolder, handlers }))
    },
    mapOf: (version, machines) => {
      const [first] = machines
      if (first === undefined) throw new Error('a map has machines')
      const rows = machines.flatMap(({ peers }) =>
        peers.machines.map.machines.filter(({ name }) => name === peers.machines.own),
      )
      return { ...first.peers.machines.map, version, machines: rows, isShared: true }
    },
    async tell({ door }, map) {
      await door.exchange(clusterSetMap, message(undefined, mapBytes(map)), new AbortController().signal)
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

const HOUR_MS = 3_600_000
const TIMES = () => ({ notBefore: new Date(Date.now() - HOUR_MS), notAfter: new Date(Date.now() + HOUR_MS) })

interface MachineParts {
  readonly name: string
  readonly dataFolder: string
  readonly handlers: readonly Handler[]
}

async function openMachine({ name, dataFolder, handlers }: MachineParts): Promise<TestMachine> {
  await using opening = new AsyncDisposableStack()
  const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
  const space = () => ({ totalBytes: 2 ** 30, freeBytes: 2 ** 30 })
  const none = { chunks: 0, bytes: 0 }
  const states = { held: none, quarantined: none, condemned: none, cached: none }
  const stat = () => ({ states, segments: 0, segmentBytes: 0, deadBytes: 0, candidates: 0 })
  const peers = opening.use(await Peers.open({ world, dataFolder, listen: '127.0.0.1:0', chunks: { space, stat } }))
  await peers.serve(handlers)
  const [here, there] = duplexPair()
  const common = { clock: world.clock, software: 'test' }
  opening.use(serveConnection(there, { ...common, log: world.log, handlers: peers.localMethods() }))
  const door = opening.use(await openClient(here, common, new AbortController().signal))
  const all = opening.move()
  return { name, dataFolder, peers, port: peers.port ?? 0, door, [Symbol.asyncDispose]: () => all.disposeAsync() }
}
