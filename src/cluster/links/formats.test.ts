import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineRow, mapOf, TestNetwork } from '../testing.ts'

const [a, old, young] = [machineRow('a', { role: 'controller' }), machineRow('old'), machineRow('young')]
const formats = (oldest: number, newest: number) => ({ formats: { oldest, newest } })

test('machines of several versions are one cloud as long as all understand what it uses', async () => {
  await using network = new TestNetwork()
  const machines = [
    network.start(a, formats(1, 2)),
    network.start(old, formats(1, 1)),
    network.start(young, formats(1, 3)),
  ]
  for (const { maps } of machines) await maps.take(mapOf(1, [a, old, young], { level: 1 }))
  await network.clock.advance(2_000)
  for (const { links } of machines) assert.ok(links.states().every(({ isConnected }) => isConnected))
})

test('who does not understand what the cloud uses is refused, and both sides say who is to be updated', async () => {
  await using network = new TestNetwork()
  const [first, late] = [network.start(a, formats(1, 2)), network.start(old, formats(1, 1))]
  await first.maps.take(mapOf(2, [a, old], { level: 2 }))
  await late.maps.take(mapOf(1, [a, old], { level: 1 }))
  await network.clock.advance(20_000)
  assert.equal(first.links.client('old'), undefined)
  for (const [links, other] of [
    [first.links, 'old'],
    [late.links, 'a'],
  ] as const) {
    assert.equal(links.misfit(other)?.message, 'no formats in common: test 1 speaks 1, test 2 2')
    assert.match(links.misfit(other)?.hint ?? '', /Update the Cairn that speaks formats 1:/)
  }
  assert.equal(network.warnings.filter(line => line.startsWith('a: a machine cannot be talked to')).length, 1)
  await network.end('old')
  const updated = network.start(old, { disk: late.disk, ...formats(1, 2) })
  await network.clock.advance(20_000)
  assert.equal(updated.links.map.version, 2)
  assert.equal(first.links.misfit('old'), undefined)
})
