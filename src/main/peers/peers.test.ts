import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import { test } from 'node:test'
import { isFault } from '#base'
import {
  askNodes,
  clusterBeat,
  clusterJoin,
  clusterMap,
  clusterReload,
  clusterWatch,
  type HeardMachine,
  keepPlaces,
  machineOf,
  readMap,
  writeNodeFiles,
} from '#cluster'
import { machineClock, machineDisk } from '#host'
import {
  answerUnary,
  type Client,
  connectTls,
  message,
  nothing,
  openClient,
  text,
  type TlsConnectOptions,
  unary,
} from '#rpc'
import { testCloud, type TestMachine } from '../testing/cloud.ts'

const none = new AbortController().signal
const chunkOf = unary({ name: 'test.chunk', version: 1, params: nothing, result: text(80), timeoutMs: 5_000 })
const handlers = [answerUnary(chunkOf, async (_, { peer }) => message(peer?.name ?? ''))]

test('two storage processes hear each other over mutual TLS, and the node takes the map of the controller', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a', 'controller', handlers)
  const b = await cloud.machine('b', 'node')
  await cloud.tell(a, cloud.mapOf(1, [a, b]))
  const heard = await untilHeard(a, ({ name, report }) => name === 'b' && report !== undefined)
  assert.equal(heard.state, 'Online')
  assert.equal(heard.seenFrom, '127.0.0.1')
  assert.deepEqual(heard.report?.addresses, [`127.0.0.1:${b.port}`])
  assert.equal(heard.report?.disks.length, 1)
  await untilMap(b, 1)
  const { mapVersion, nodes } = await askNodes(b.door, none)
  assert.equal(mapVersion, 1)
  assert.deepEqual(
    nodes.map(({ name, state, isConnected, isOwn }) => [name, state, isConnected, isOwn]),
    [
      ['a', 'Online', true, false],
      ['b', 'Online', true, true],
    ],
  )
  const { nodes: told } = await askNodes(a.door, none)
  for (const { load } of told) assert.ok(load !== undefined && load.cpus > 0 && load.memoryUsedMiB > 0)
  await cloud.tell(a, {
    ...cloud.mapOf(2, [a, b]),
    filesystems: [homeAt(['a']), { ...homeAt(['b', 'a']), name: 'music' }],
  })
  const { nodes: later } = await askNodes(a.door, none)
  assert.deepEqual(
    later.map(({ filesystemsOnlyHere }) => filesystemsOnlyHere),
    [['home'], []],
  )
  const toA = await b.peers.machines.connect('a', none)
  assert.equal(await toA.call(chunkOf, undefined, none), 'system:node:b')
})

function homeAt(inSync: readonly [string, ...string[]]) {
  return { name: 'home', home: inSync[0], epoch: 1, inSync }
}

test('a machine alone becomes a member when its files are there, and knows its disk by the same name', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a', 'controller')
  const alone = await cloud.alone('b')
  assert.equal(alone.peers.port, undefined)
  assert.deepEqual([alone.peers.machines.map.isShared, alone.peers.machines.map.machines.length], [false, 1])
  const disk = alone.peers.machines.map.machines[0]?.disks[0]?.id
  const node = { name: 'b', role: 'node', cloud: cloud.fingerprint } as const
  await writeNodeFiles(machineDisk, alone.dataFolder, { node, credential: await cloud.credential('b', 'node') })
  await alone.door.call(clusterReload, undefined, none)
  const b = { ...alone, port: alone.peers.port ?? 0 }
  await cloud.tell(a, cloud.mapOf(1, [a, b]))
  const { report } = await untilHeard(a, ({ name, report: said }) => name === 'b' && said !== undefined)
  assert.equal(report?.disks[0]?.id, disk)
})

test('a machine of another name, a person and a stranger may not what machines may', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a', 'controller', handlers)
  const isForbidden = (error: unknown) =>
    isFault(error, 'Forbidden') || isFault(error, 'Closed') || isFault(error, 'Unsupported')
  const beat = { boot: 'b', mapVersion: 0, wallMs: 0 }
  await using stranger = await dial(a.port, { authorityFingerprint: cloud.fingerprint })
  await assert.rejects(stranger.call(clusterMap, undefined, none), isForbidden)
  await assert.rejects(stranger.call(chunkOf, undefined, none), isForbidden)
  await assert.rejects(stranger.call(clusterBeat, beat, none), isForbidden)
  // This machine has no control plane that could decide.
  const token = { token: 'abcdef.0123456789abcdef', name: 'b', csrPem: '', level: 1, oldestLevel: 1, wallMs: 0 }
  await assert.rejects(stranger.call(clusterJoin, token, none), error => isFault(error, 'NoController'))
  for (const subject of [
    { name: 'jane', groups: ['system:masters'] },
    { name: 'system:node:a', groups: ['system:nodes'] }, // itself
  ]) {
    const refused = dial(a.port, await cloud.credentialOf(subject))
    await assert.rejects(
      refused.then(client => client.call(clusterMap, undefined, none)),
      isForbidden,
    )
  }
  await using b = await dial(a.port, await cloud.credential('b', 'node'))
  assert.equal(readMap((await b.exchange(clusterMap, message(undefined), none)).body).version, 0)
  await assert.rejects(b.call(clusterBeat, { ...beat, boot: 'x'.repeat(33) }, none), error =>
    isFault(error, 'BadMessage'),
  )
  const unknown = unary({ name: 'cluster.setMap', version: 1, params: nothing, result: nothing })
  await assert.rejects(b.call(unknown, undefined, none), error => isFault(error, 'Unsupported'))
})

test('a port that is taken is said and does not stop a start', async () => {
  await using cloud = await testCloud()
  const taken = net.createServer().listen(0, '127.0.0.1')
  try {
    await new Promise(resolve => taken.once('listening', resolve))
    const address = taken.address()
    const port = typeof address === 'object' ? address?.port : 0
    const a = await cloud.machine('a', 'controller', handlers, { listen: `127.0.0.1:${port}` })
    assert.equal(a.peers.port, undefined)
    assert.deepEqual(
      a.peers.checks().map(({ name, state }) => [name, state]),
      [
        ['port of machines', 'warn'],
        ['cloud', 'ok'],
        ['machine certificate', 'warn'], // those of tests hold for a day
      ],
    )
    const b = await cloud.machine('b', 'node')
    await cloud.tell(a, cloud.mapOf(1, [a, b]))
    assert((await a.peers.machines.connect('b', none)).isOpen)
  } finally {
    taken.close()
  }
})

test('a machine started from a copied data folder is not let in, and every side says so', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a', 'controller', handlers)
  const b = await cloud.machine('b', 'node')
  await cloud.tell(a, cloud.mapOf(1, [a, b]))
  await untilHeard(a, ({ name, report }) => name === 'b' && report !== undefined)
  await untilMap(b, 1)
  const copy = await cloud.copy(b)
  const heard = await untilHeard(a, ({ name, duplicate }) => name === 'b' && duplicate !== undefined)
  assert.deepEqual([heard.duplicate, heard.state], ['127.0.0.1', 'Online'])
  const stateOf = async ({ door }: TestMachine, name: string) =>
    (await askNodes(door, none)).nodes.find(row => row.name === name)
  await untilTrue(async () => (await stateOf(copy, 'b'))?.state === 'Duplicate')
  assert.match((await stateOf(a, 'b'))?.problem ?? '', /another machine shows this name, at 127.0.0.1/)
  assert.equal(await (await b.peers.machines.connect('a', none)).call(chunkOf, undefined, none), 'system:node:b')
  const check = ({ peers }: TestMachine) => peers.checks().find(({ name }) => name === 'cloud')
  assert.deepEqual([check(a)?.state, check(copy)?.state], ['warn', 'fail'])
  await untilTrue(async () => check(b)?.state === 'warn')
})

test('a machine that was removed says so of itself', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a', 'controller')
  const b = await cloud.machine('b', 'node')
  await cloud.tell(a, cloud.mapOf(1, [a, b]))
  await untilHeard(a, ({ name, report }) => name === 'b' && report !== undefined)
  await cloud.tell(a, { ...cloud.mapOf(2, [a]), revoked: [serialOf(b)] })
  const own = async () => (await askNodes(b.door, none)).nodes.find(({ isOwn }) => isOwn)
  await untilTrue(async () => (await own())?.state === 'Removed')
  assert.match((await own())?.problem ?? '', /this machine was removed from the cloud/)
  assert.equal(b.peers.checks().find(({ name }) => name === 'cloud')?.state, 'fail')
})

function serialOf({ dataFolder }: TestMachine): string {
  const pem = fs.readFileSync(`${dataFolder}/node/certificate.pem`, 'utf8')
  return new X509Certificate(pem).serialNumber.toLowerCase()
}

test('a machine whose clock is more than a minute off may not write, until it is put right', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a', 'controller')
  let skewNs = 61_000_000_000n
  const clock = { ...machineClock, wallNs: () => machineClock.wallNs() + skewNs }
  const b = await cloud.machine('b', 'node', [], { clock })
  await cloud.tell(a, cloud.mapOf(1, [a, b]))
  await untilHeard(a, ({ name, skewMs }) => name === 'b' && skewMs > 60_000)
  assert.deepEqual([a.peers.mayWrite('b'), a.peers.mayWrite('nobody')], [false, true])
  skewNs = 0n
  await untilTrue(async () => a.peers.mayWrite('b'))
})

test('a node whose controller has moved finds it where a token says', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a', 'controller')
  const b = await cloud.machine('b', 'node', [], { listen: 'none' })
  const map = cloud.mapOf(1, [a, b])
  const machines = map.machines.map(row => (row.name === 'a' ? { ...row, addresses: ['127.0.0.1:1'] } : row))
  await cloud.tell(b, { ...map, machines })
  await assert.rejects(b.peers.machines.connect('a', none), error => isFault(error, 'NoPath'))
  await keepPlaces(machineDisk, b.dataFolder, [`127.0.0.1:${a.port}`])
  await b.door.call(clusterReload, undefined, none)
  await untilTrue(async () => b.peers.machines.client('a') !== undefined)
})

test('a map is kept over a restart; damaged files keep a machine out of its cloud, and nothing else', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a', 'controller')
  await cloud.tell(a, cloud.mapOf(4, [a]))
  await a[Symbol.asyncDispose]()
  const again = await cloud.again(a)
  assert.equal(again.peers.machines.map.version, 4)
  fs.writeFileSync(`${a.dataFolder}/node/node.json`, '{')
  await again.door.call(clusterReload, undefined, none)
  assert.deepEqual([again.peers.machines.map.version, again.peers.machines.map.isShared], [0, false])
  await again[Symbol.asyncDispose]()
  fs.writeFileSync(`${a.dataFolder}/node/map.json`, '{')
  assert.equal((await cloud.again(a)).peers.machines.map.version, 0)
})

async function dial(port: number, credential: TlsConnectOptions['credential']): Promise<Client> {
  const isMeant: TlsConnectOptions['isMeant'] = peer => machineOf(peer)?.name === 'a'
  const { duplex } = await connectTls({ host: '127.0.0.1', port, credential, isMeant }, none)
  return openClient(duplex, { clock: machineClock, software: 'test' }, none)
}

function untilMap({ peers: { machines } }: TestMachine, version: number): Promise<void> {
  return new Promise(resolve => {
    if (machines.map.version >= version) return resolve()
    const heard = machines.onMap(map => {
      if (map.version < version) return
      heard[Symbol.dispose]()
      resolve()
    })
  })
}

async function untilHeard({ door }: TestMachine, isIt: (machine: HeardMachine) => boolean): Promise<HeardMachine> {
  for await (const { head } of door.download(clusterWatch, undefined, none)) {
    const found = head.machines.find(isIt)
    if (found !== undefined) return found
  }
  throw new Error('the watch has ended')
}

async function untilTrue(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await isSo()) return
    await machineClock.sleep(20, none)
  }
  assert.fail('it never was so')
}
