import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { answerUnary, message, nothing, text, unary } from '#rpc'
import { machineRow, mapOf, TestNetwork, type TestMachine } from '../testing.ts'

const none = new AbortController().signal
const who = unary({ name: 'test.who', version: 1, params: nothing, result: text(80), timeoutMs: 1000 })
const handlers = [answerUnary(who, async (_, { peer }) => message(peer?.name ?? ''))]
const [a, b, c] = [machineRow('a', { role: 'controller' }), machineRow('b'), machineRow('c')]

async function cloud(network: TestNetwork, rows = [a, b, c]): Promise<readonly TestMachine[]> {
  const machines = rows.map(row => network.start(row, { handlers }))
  for (const { maps } of machines) await maps.take(mapOf(1, rows))
  await network.clock.advance(1000)
  return machines
}

function statesOf({ links }: TestMachine): string {
  return links
    .states()
    .map(({ name, state, isConnected }) => `${name} ${state}${isConnected ? '' : ' away'}`)
    .join(', ')
}

test('every machine is connected to every other, and both ends call', async () => {
  await using network = new TestNetwork()
  const machines = await cloud(network)
  assert.deepEqual(machines.map(statesOf), ['b Online, c Online', 'a Online, c Online', 'a Online, b Online'])
  for (const { links, row } of machines) {
    for (const other of machines.filter(each => each.row !== row)) {
      assert.equal(await links.client(other.row.name)?.call(who, undefined, none), `system:node:${row.name}`)
    }
  }
})

test('of two connections between two machines the idle one goes, at both ends the same', async () => {
  await using network = new TestNetwork()
  network.dialMs = 100
  const [one, two] = [network.start(a, { handlers }), network.start(b, { handlers })]
  for (const { maps } of [one, two]) await maps.take(mapOf(1, [a, b]))
  const connected = Promise.all([one.links.connect('b', none), two.links.connect('a', none)])
  await network.clock.advance(500)
  await connected
  assert.deepEqual(network.dialled.sort(), ['a b:1', 'b a:1'])
  const kept = one.links.client('b')
  await network.clock.advance(15_000)
  assert.equal(one.links.client('b'), kept)
  assert.deepEqual(
    [one, two].map(({ links }) => links.connectionsOf(one.links === links ? 'b' : 'a')),
    [1, 1],
  )
  assert.equal(await two.links.client('a')?.call(who, undefined, none), 'system:node:b')
})

test('a machine that falls silent is Suspect after 6 s and Offline after 20 s, and back when it is heard', async () => {
  await using network = new TestNetwork()
  const [one] = await cloud(network, [a, b])
  assert(one !== undefined)
  network.cuts.add('a b')
  const seen = []
  for (const atMs of [5_000, 8_000, 18_000, 23_000]) {
    await network.clock.advance(atMs - (seen.length === 0 ? 0 : [5_000, 8_000, 18_000][seen.length - 1]!))
    seen.push(statesOf(one))
  }
  assert.deepEqual(seen, ['b Online', 'b Suspect away', 'b Suspect away', 'b Offline away'])
  network.cuts.clear()
  await network.clock.advance(25_000)
  assert.equal(statesOf(one), 'b Online')
})

test('a machine that nobody can dial is called over the connection that it has made', async () => {
  await using network = new TestNetwork()
  const behind = machineRow('behind', { addresses: [] })
  const [one, two] = await cloud(network, [a, behind])
  assert(one !== undefined && two !== undefined)
  assert.equal(await one.links.client('behind')?.call(who, undefined, none), 'system:node:a')
  assert.deepEqual(new Set(network.dialled), new Set(['behind a:1']))
})

test('a new map of a controller is everywhere at once, one of another machine nowhere', async () => {
  await using network = new TestNetwork()
  const [one, two, three] = await cloud(network)
  assert(one !== undefined && two !== undefined && three !== undefined)
  await one.maps.take(mapOf(2, [a, b, c]))
  await network.clock.advance(200)
  assert.deepEqual([two.links.map.version, three.links.map.version], [2, 2])
  await three.maps.take(mapOf(9, [a, b, c]))
  await network.clock.advance(5_000)
  assert.deepEqual([one.links.map.version, two.links.map.version], [2, 2])
})

test('who was away when the map changed takes it when it is back', async () => {
  await using network = new TestNetwork()
  const [one, two] = await cloud(network, [a, b])
  assert(one !== undefined && two !== undefined)
  network.cuts.add('a b')
  await network.clock.advance(10_000)
  await one.maps.take(mapOf(5, [a, b]))
  network.cuts.clear()
  await network.clock.advance(25_000)
  assert.equal(two.links.map.version, 5)
})

test('a machine whose certificate is revoked is cut off, is told why when it comes back, and nothing else', async () => {
  await using network = new TestNetwork()
  const [one, two] = await cloud(network, [a, b])
  assert(one !== undefined && two !== undefined)
  await one.maps.take(mapOf(2, [a], { revoked: ['serial-b'] }))
  await network.clock.advance(30_000)
  assert.equal(one.links.client('b'), undefined)
  assert.equal(two.links.refusal?.code, 'Removed')
  await assert.rejects(one.links.connect('b', none), error => isFault(error, 'NoPath'))
})

test('a machine that says hello only after it was revoked is not connected', async () => {
  await using network = new TestNetwork()
  const [one, two] = [network.start(a, { handlers }), network.start(b, { handlers })]
  const accept = two.links.accept.bind(two.links)
  two.links.accept = async shown => {
    await one.maps.take(mapOf(2, [a, b], { revoked: ['serial-b'] }))
    await accept(shown)
  }
  await one.maps.take(mapOf(1, [a, b]))
  await network.clock.advance(200)
  assert.equal(one.links.map.version, 2)
  assert.equal(one.links.connectionsOf('b'), 0)
})

test('a controller hears what machines say of themselves once, and again only when it has changed', async () => {
  await using network = new TestNetwork()
  const [one, two] = await cloud(network, [a, b])
  assert(one !== undefined && two !== undefined)
  const markOf = () => one.links.heard().find(({ name }) => name === 'b')
  two.links.report = report(1)
  await network.clock.advance(4_000)
  const { mark, row } = markOf() ?? {}
  assert.deepEqual(row?.().report, report(1))
  await network.clock.advance(10_000)
  assert.equal(markOf()?.mark, mark)
  two.links.report = report(2)
  await network.clock.advance(4_000)
  assert.notEqual(markOf()?.mark, mark)
  assert.deepEqual(markOf()?.row().report, report(2))
})

test('a controller hears which logs a machine lacks, with every heartbeat', async () => {
  await using network = new TestNetwork()
  const [one, two] = await cloud(network, [a, b])
  const lacksOf = ({ links }: TestMachine, name: string) => {
    return links
      .heard()
      .find(each => each.name === name)
      ?.row().lacks
  }
  assert(one !== undefined && two !== undefined)
  assert.deepEqual([lacksOf(one, 'a'), lacksOf(one, 'b')], [undefined, undefined])
  for (const { links } of [one, two]) links.lacks = () => ['home']
  await network.clock.advance(2_000)
  assert.deepEqual([lacksOf(one, 'a'), lacksOf(one, 'b')], [['home'], ['home']])
})

test('a controller that starts anew gives everybody the whole time again, and asks for their reports', async () => {
  await using network = new TestNetwork()
  const [one, two] = await cloud(network, [a, b])
  assert(one !== undefined && two !== undefined)
  two.links.report = report(1)
  await network.clock.advance(4_000)
  await network.end('a')
  await network.clock.advance(60_000)
  network.cuts.add('a b')
  const again = network.start(a, { handlers, disk: one.disk, entropy: 1 })
  assert.equal(again.links.map.version, 1)
  await network.clock.advance(5_000)
  assert.equal(statesOf(again), 'b Online away')
  await network.clock.advance(16_000)
  assert.equal(statesOf(again), 'b Offline away')
  network.cuts.clear()
  await network.clock.advance(25_000)
  assert.deepEqual(
    again.links
      .heard()
      .find(({ name }) => name === 'b')
      ?.row().report,
    report(1),
  )
})

test('a process that stood still takes nobody for lost, but those that were', async () => {
  await using network = new TestNetwork()
  const [one] = await cloud(network)
  assert(one !== undefined)
  network.cuts.add('a c').add('b c')
  await network.clock.advance(22_000)
  assert.equal(statesOf(one), 'b Online, c Offline away')
  await network.clock.advance(60_000, 60_000)
  assert.equal(statesOf(one), 'b Online, c Offline away')
  await network.clock.advance(10_000)
  assert.equal(statesOf(one), 'b Online, c Offline away')
})

test('an idle connection costs little: one side asks every 2 s', async () => {
  await using network = new TestNetwork()
  const [one, two] = await cloud(network, [machineRow('m'), machineRow('n')])
  assert(one !== undefined && two !== undefined)
  const before = one.links.beats + two.links.beats
  await network.clock.advance(20_000)
  const beats = one.links.beats + two.links.beats - before
  assert(beats >= 9 && beats <= 11, `${beats} heartbeats`)
})

function report(cpus: number) {
  return {
    software: 'test',
    level: 1,
    zone: '',
    addresses: ['b:1'],
    architecture: 'x64',
    kernel: '6',
    os: 'test',
    cpus,
    memoryMiB: 1024,
    disks: [],
  }
}
