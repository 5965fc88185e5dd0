import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { type LabWishes, planOf } from './plan.ts'

const WISHES: LabWishes = { name: 'lab', machines: 3, memory: '512M', cpus: 1, disk: '2G' }

test('wishes become machines with addresses, zones and ways', () => {
  const { machines } = planOf({ ...WISHES, nat: '3', latency: '2=40ms,3=1s', zones: 'a,b' }, 2)
  assert.deepEqual(
    machines.map(each => [each.name, each.address, each.isBehindNat, each.latencyMs, each.zone]),
    [
      ['m1', '10.0.42.11', false, 0, 'a'],
      ['m2', '10.0.42.12', false, 40, 'b'],
      ['m3', '10.0.42.13', true, 1000, ''],
    ],
  )
  assert.deepEqual([machines[0]?.memoryBytes, machines[0]?.diskBytes], [512 * 2 ** 20, 2 * 2 ** 30])
})

test('a wish that cannot be read is refused by its name', () => {
  const bad: readonly (readonly [Partial<LabWishes>, RegExp])[] = [
    [{ name: 'A b' }, /--name/],
    [{ machines: 0 }, /--machines/],
    [{ machines: 241 }, /--machines/],
    [{ memory: '512' }, /--memory/],
    [{ memory: '1M' }, /--memory/],
    [{ disk: 'big' }, /--disk/],
    [{ cpus: Number.NaN }, /--cpus/],
    [{ cpus: 2.5 }, /--cpus 2.5: .* at most 2, the processors of this machine/],
    [{ disk: '16T' }, /--disk 16T/],
    [{ nat: '4' }, /--nat 4/],
    [{ nat: '1' }, /--nat 1/],
    [{ nat: '1,,2' }, /--nat/],
    [{ latency: '2' }, /--latency/],
    [{ latency: '2=5h' }, /--latency/],
    [{ latency: '9=5ms' }, /--latency/],
    [{ zones: 'a,b,c,d' }, /--zones/],
    [{ zones: 'a,B' }, /--zones/],
  ]
  for (const [wish, named] of bad) {
    assert.throws(
      () => planOf({ ...WISHES, ...wish }, 2),
      error => isFault(error, 'Invalid') && named.test(error.message),
      JSON.stringify(wish),
    )
  }
})
