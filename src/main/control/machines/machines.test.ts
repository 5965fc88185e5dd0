import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { type ApiResource, ifFault } from '#client'
import {
  clusterFault,
  clusterNodes,
  nodesMessage,
  clusterSetMap,
  clusterWatch,
  type HeardMachine,
  type MachineReport,
  type NodeMap,
  readMap,
  subjectOf,
} from '#cluster'
import { machineWorld } from '#host'
import { newKeyPair } from '#identity'
import { answerDownload, answerUnary, duplexPair, message, openClient, serveConnection } from '#rpc'
import { drainedSpec, type Json, jsonAt, type KubeObject, listAt, RESOURCES, textAt } from '#schema'
import { openTestApi, type TestApi } from '../../testing/api.ts'
import { Revocations } from '../revocations.ts'
import type { DoorCall } from '../storage-door.ts'
import { openCluster } from './open.ts'

const { signal } = new AbortController()
const of = (plural: string): ApiResource => RESOURCES.find(each => each.plural === plural)!
const [NODES, DISKS, POOLS, LEASES] = [of('nodes'), of('disks'), of('pools'), of('leases')]
const [EVENTS, NAMESPACES] = [of('events'), of('namespaces')]

const GIB = 1024

function report(name: string, more: Partial<MachineReport> = {}): MachineReport {
  const id = Buffer.from(name.padEnd(16, '.')).toString('hex')
  return {
    software: 'cairn 0.1.0',
    level: 1,
    zone: `zone-${name}`,
    addresses: [`10.0.0.${name.length}:7443`, `[fd00::${name.length}]:7443`],
    architecture: 'x64',
    kernel: '6.1.0',
    os: 'Debian GNU/Linux 12',
    cpus: 2,
    memoryMiB: 512,
    disks: [
      {
        id,
        path: '/data',
        state: 'Ready',
        capacityMiB: 10 * GIB,
        usedMiB: GIB,
        freeMiB: 9 * GIB,
        chunks: 900,
        damaged: 0,
      },
    ],
    ...more,
  }
}

/** A storage process that hears what it is told, and keeps the map it is handed. */
class HeardStorage {
  map: NodeMap | undefined
  /** The version of a map that it has from before. */
  versionBefore = 0
  #rows: HeardMachine[] = []
  #changed = Promise.withResolvers<void>()

  hear(...rows: readonly HeardMachine[]): void {
    this.#rows = [...this.#rows.filter(({ name }) => rows.every(row => row.name !== name)), ...rows]
    this.#changed.resolve()
    this.#changed = Promise.withResolvers()
  }

  readonly call: DoorCall = async (given, run) => {
    const [here, there] = duplexPair()
    const common = { clock: machineWorld.clock, software: 'test' }
    const log = { info: () => undefined, warn: () => undefined }
    await using _served = serveConnection(there, { ...common, log, handlers: this.#handlers() })
    await using client = await openClient(here, common, given)
    return await run(client)
  }

  #handlers() {
    const told = (): readonly HeardMachine[] => this.#rows
    const next = (): Promise<void> => this.#changed.promise
    return [
      answerDownload(clusterWatch, async function* (_, { signal: ended }) {
        const over = new Promise(resolve => ended.addEventListener('abort', resolve))
        while (!ended.aborted) {
          const changed = next()
          yield message({ machines: [...told()] })
          await Promise.race([changed, over])
        }
        return message(undefined)
      }),
      answerUnary(clusterSetMap, async (_, { body }) => {
        const map = readMap(body)
        if (map.version < this.versionBefore) throw clusterFault('StaleMap', 'older')
        this.map = map
        return message(undefined)
      }),
      answerUnary(clusterNodes, async () => nodesMessage({ mapVersion: this.versionBefore, nodes: [] })),
    ]
  }
}

async function letIn(api: Pick<TestApi, 'issuing'>, name: string, isController = false): Promise<void> {
  const { publicKey } = await newKeyPair()
  const { name: user, groups } = subjectOf({ name, isController })
  await api.issuing.issue({ user, groups, publicKey, from: 'test' }, signal)
}

test('machines that are let in have objects and a place in the map; one whose Node is deleted has neither', async () => {
  const storage = new HeardStorage()
  storage.versionBefore = 7
  const heard = (name: string, more: Partial<HeardMachine> = {}): HeardMachine => {
    return { name, state: 'Online', agoMs: 100, skewMs: 0, report: report(name), ...more }
  }
  await using stack = new AsyncDisposableStack()
  await using api = await openTestApi(undefined, async parts => {
    const revocations = stack.use(await Revocations.open(parts.keyspace, parts.world))
    return openCluster({ ...parts, revocations, call: storage.call, own: 'first' }, signal)
  })
  const { client } = api
  const until = async (what: string, isTrue: () => Promise<boolean> | boolean): Promise<void> => {
    for (let turns = 0; turns < 1000; turns += 1) {
      if (await isTrue()) return
      await sleep(10)
    }
    assert.fail(`${what}: not within 10 s\n${api.warnings.join('\n')}\n${JSON.stringify(storage.map)}`)
  }
  for (const name of ['default', 'kube-node-lease']) {
    await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, signal)
  }
  const find = (resource: ApiResource, name: string) => client.find(resource, { name }, signal)
  const condition = async (name: string, type: string) => {
    const node = await find(NODES, name)
    return listAt(node, 'status', 'conditions').find(each => textAt(each, 'type') === type)
  }
  const says = async (name: string, type: string, expected: RegExp) => {
    const told = await condition(name, type)
    return expected.test(`${textAt(told, 'status')} ${textAt(told, 'reason')} ${textAt(told, 'message')}`)
  }

  storage.hear(heard('first'))
  await until('the first machine is in the map', () => storage.map?.machines[0]?.disks.length === 1)
  assert.ok((storage.map?.version ?? 0) > 7, 'above what the machine had')
  await letIn(api, 'second')
  storage.hear(heard('second'))
  await until('the second is there', () => says('second', 'Ready', /^True MachineHeard/))
  const node = (await find(NODES, 'second')) as KubeObject
  assert.deepEqual(node.metadata.labels, {
    'kubernetes.io/arch': 'amd64',
    'kubernetes.io/hostname': 'second',
    'kubernetes.io/os': 'linux',
    'topology.kubernetes.io/zone': 'zone-second',
    'cairn.dev/role': 'node',
    'node-role.kubernetes.io/node': '',
  })
  assert.deepEqual(jsonAt(node, 'status', 'addresses'), [
    { type: 'InternalIP', address: '10.0.0.6' },
    { type: 'InternalIP', address: 'fd00::6' },
    { type: 'Hostname', address: 'second' },
  ])
  assert.deepEqual(jsonAt(node, 'status', 'capacity'), { cpu: '2', memory: '512Mi', 'ephemeral-storage': '10Gi' })
  assert.equal(textAt(node, 'status', 'nodeInfo', 'kubeletVersion'), 'cairn 0.1.0')
  const lease = { namespace: 'kube-node-lease', name: 'second' }
  await until('it has a lease', async () => (await client.find(LEASES, lease, signal)) !== undefined)
  await until('its disk is shown', async () => textAt(await find(DISKS, 'second'), 'status', 'phase') === 'Ready')
  await until('the pool counts both', async () => jsonAt(await find(POOLS, 'default'), 'status', 'replicas') === 2)
  const pool = await find(POOLS, 'default')
  assert.deepEqual(
    ['phase', 'bytesUsed', 'bytesFree', 'chunks'].map(name => jsonAt(pool, 'status', name)),
    ['Ready', String(2 * 2 ** 30), String(9 * 2 ** 30), 1800],
  )

  const full = report('second').disks.map(disk => ({ ...disk, usedMiB: 9.9 * GIB, freeMiB: 0.1 * GIB }))
  const rounded = full.map(disk => ({ ...disk, usedMiB: Math.round(disk.usedMiB), freeMiB: Math.round(disk.freeMiB) }))
  storage.hear(heard('second', { skewMs: -2500, report: report('second', { disks: rounded }) }))
  await until('it is Degraded', () => says('second', 'Degraded', /^True ClockSkew its clock is over 1 s behind.*full/))
  await until('its disk takes nothing', () => storage.map?.machines[1]?.disks[0]?.takes === 'nothing')
  storage.hear(heard('second', { state: 'Offline' }))
  await until('it is Offline', () => says('second', 'Ready', /^Unknown NodeStatusUnknown not heard for 20 s/))
  const events = async (): Promise<readonly string[]> =>
    (await client.listAll(EVENTS, {}, signal)).objects.map(event => textAt(event, 'reason') ?? '')
  await until('people are told', async () => (await events()).includes('Offline'))
  assert.equal(await says('second', 'Online', /^False Offline/), true)
  storage.hear(heard('second'))
  await until('it is back', () => says('second', 'Ready', /^True/))

  const patched = { type: 'merge', body: { spec: drainedSpec(node, true) as Json } } as const
  await client.patch(NODES, { name: 'second' }, patched, signal)
  await until('it gives its copies away', () => storage.map?.machines[1]?.state === 'Draining')
  await until('it says how much is left', () => says('second', 'Draining', /^True Moving about 900 chunks in 1Gi are/))
  const empty = report('second').disks.map(disk => ({ ...disk, usedMiB: 0, chunks: 0 }))
  storage.hear(heard('second', { report: report('second', { disks: empty }) }))
  await until('it says when nothing is', () => says('second', 'Draining', /^True Empty nothing is left on it/))

  await client.delete(NODES, { name: 'second' }, {}, signal)
  await until('its Node is gone', async () => (await find(NODES, 'second')) === undefined)
  await until('and its place', () => storage.map?.machines.length === 1 && storage.map.revoked.length === 1)
  assert.equal(await find(DISKS, 'second'), undefined)
  storage.hear(heard('second'))
  await client.delete(NODES, { name: 'first' }, {}, signal).catch(ifFault('NotFound'))
  await until('the machine that decides stays', async () => (await find(NODES, 'first')) !== undefined)
  assert.equal(await find(NODES, 'second'), undefined)
  await until('all is quiet', async () => {
    const { revision } = api.keyspace
    await sleep(600)
    return revision === api.keyspace.revision
  })
  assert.deepEqual(api.warnings, [])
})
