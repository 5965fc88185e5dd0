import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineRow, mapOf, memoryDisk, TestNetwork } from '../testing.ts'

const [a, b] = [machineRow('a', { role: 'controller' }), machineRow('b')]

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
