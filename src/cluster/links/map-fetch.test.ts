import assert from 'node:assert/strict'
import { test } from 'node:test'
import { answerUnary, duplexPair, type Handler, message, nothing, openPeer, unary } from '#rpc'
import { mapBytes, readMap } from '../map-bytes.ts'
import { changeBytes } from '../map-change.ts'
import { MapHistory } from '../map-history.ts'
import { MapStore } from '../map-store.ts'
import { clusterMap } from '../methods/beat.ts'
import type { NodeMap } from '../node-map.ts'
import { certificateOf, machineRow, mapOf, memoryDisk, TestNetwork } from '../testing.ts'
import { MapAnswers } from './map-answers.ts'
import { MapFetch } from './map-fetch.ts'

const [a, b] = [machineRow('a', { role: 'controller' }), machineRow('b')]
const never = new AbortController().signal
/** As it was declared before anybody said which map he has. */
const before = { name: 'cluster.map', version: 1, params: nothing, result: nothing, timeoutMs: 10_000 } as const

test('who has the map before is sent what changed, and who missed a hundred of them too', async () => {
  await using network = new TestNetwork()
  const [first, second] = [network.start(a), network.start(b)]
  const others = Array.from({ length: 500 }, (_, n) => machineRow(`m${String(n).padStart(3, '0')}`))
  const next = (version: number) => {
    const rows = others.map((row, n) => (n === version ? machineRow(row.name, { state: 'Offline' }) : row))
    return mapOf(version, [a, b, ...rows])
  }
  for (const { maps } of [first, second]) await maps.take(next(1))
  await network.clock.advance(2_000)
  const sentFor = async (change: () => Promise<void>) => {
    const sent = network.sent.get('a') ?? 0
    await change()
    await network.clock.advance(500)
    assert.deepEqual(readMap(mapBytes(second.links.map)), readMap(mapBytes(first.links.map)))
    return (network.sent.get('a') ?? 0) - sent
  }
  const one = await sentFor(() => first.maps.take(next(2)))
  assert.ok(one < 2_000, `${one} bytes of ${mapBytes(next(2)).byteLength}`)
  network.cuts.add('a b')
  for (let version = 3; version < 103; version++) await first.maps.take(next(version))
  const many = await sentFor(async () => {
    network.cuts.clear()
    await network.clock.advance(25_000)
  })
  assert.ok(many < 20_000, `${many} bytes`)
})

test('a controller that does not know of changes answers all of the map, and who does not gets all of it', async () => {
  const next = mapOf(2, [a, b])
  const asked: unknown[] = []
  const old = unary({ ...before, params: value => void asked.push(value) })
  const fetched = await fetchedFrom(answerUnary(old, async () => message(undefined, mapBytes(next))))
  assert.deepEqual([readMap(mapBytes(fetched)), asked], [readMap(mapBytes(next)), [{ since: 1 }]])
  const answers = new MapAnswers(mapOf(1, [a]))
  answers.note(next)
  const { client } = await pairWith(answerUnary(clusterMap, async params => answers.of(params?.since)))
  const { body } = await client.exchange(unary(before), message(undefined), never)
  assert.deepEqual(readMap(body), readMap(mapBytes(next)))
})

test('a change that leads elsewhere than it says is thrown away, and all of the map is fetched', async () => {
  const next = mapOf(2, [a, b])
  const history = new MapHistory(mapOf(1, [a]))
  history.note(next)
  const change = history.since(1)
  assert(change !== undefined)
  const wrong = [
    Buffer.from('{}'),
    changeBytes({ ...change, digest: 'f'.repeat(64) }),
    changeBytes({ ...change, machines: { set: [machineRow('evil')], gone: [] } }),
    changeBytes({ ...change, head: { ...change.head, groups: 32 } }),
  ]
  for (const body of wrong) {
    const asked: (number | undefined)[] = []
    const answer = answerUnary(clusterMap, async params => {
      asked.push(params?.since)
      return params === undefined ? message(undefined, mapBytes(next)) : message({ since: 1 }, body)
    })
    assert.deepEqual(readMap(mapBytes(await fetchedFrom(answer))), readMap(mapBytes(next)))
    assert.deepEqual(asked, [1, undefined])
  }
})

/** The map that a machine with map 1 has after it heard from a controller of map 2. */
async function fetchedFrom(handler: Handler): Promise<NodeMap> {
  const { client, world } = await pairWith(handler)
  const maps = new MapStore(memoryDisk(), '/data', mapOf(0, [b], { isShared: false }))
  await maps.take(mapOf(1, [a]))
  const fetch = new MapFetch(world, maps)
  fetch.newer(2, { client, wire: { subject: { name: 'a', isController: true } } }, never)
  await fetch.ended()
  return maps.map
}

async function pairWith(handler: Handler) {
  const { clock } = new TestNetwork()
  const world = { clock, log: { info: () => undefined, warn: () => undefined } }
  const [near, far] = duplexPair()
  const options = { ...world, software: 'test', peer: certificateOf(a) }
  const [client] = await Promise.all([
    openPeer(near, { ...options, handlers: [], side: 'dialler' }, never),
    openPeer(far, { ...options, handlers: [handler], side: 'acceptor' }, never),
  ])
  return { client, world }
}

test('a disk that cannot take the map is told of once, then every ten minutes, and when it is over', async () => {
  await using network = new TestNetwork()
  const disk = memoryDisk()
  const { rename } = disk
  const [first, second] = [network.start(a), network.start(b, { disk })]
  for (const { maps } of [first, second]) await maps.take(mapOf(1, [a, b]))
  await network.clock.advance(2_000)
  let tries = 0
  disk.rename = () => {
    tries += 1
    throw Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC', errno: -28, syscall: 'rename' })
  }
  await first.maps.take(mapOf(2, [a, b]))
  const told = () => network.warnings.filter(line => line === 'b: the map cannot be taken').length
  await network.clock.advance(60_000, 500)
  assert.equal(told(), 1)
  assert.ok(tries >= 4 && tries <= 7, `${tries} tries in a minute`)
  await network.clock.advance(600_000, 1_000)
  assert.equal(told(), 2)
  disk.rename = rename
  await network.clock.advance(20_000, 500)
  assert.equal(second.links.map.version, 2)
  assert.ok(network.said.includes('b: the map is taken again'))
})
