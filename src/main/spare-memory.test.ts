import assert from 'node:assert/strict'
import { test } from 'node:test'
import { machineClock } from '#host'
import { IDLE_CHECK_MS, RESTED_LOOKS } from './limits.ts'
import { keepMemorySpare, ownMemory } from './spare-memory.ts'

const MIB = 2 ** 20

// What a process does in the time of each look: how long it works, and how much it has in memory at its end.
async function givenBack(looks: readonly (readonly [busyMs: number, bytes: number])[]): Promise<readonly number[]> {
  const scope = new AbortController()
  const given: number[] = []
  let [look, busyMs, bytes] = [0, 0, 0]
  const clock = {
    ...machineClock,
    async sleep(ms: number) {
      assert.equal(ms, IDLE_CHECK_MS)
      const next = looks[look++]
      if (next === undefined) return scope.abort()
      busyMs += next[0]
      bytes = next[1]
    },
  }
  const memory = {
    residentBytes: () => bytes,
    busyMs: () => busyMs,
    async giveBack() {
      given.push(look)
      bytes = 40 * MIB
    },
  }
  await keepMemorySpare(memory, clock, scope.signal)
  return given
}

test('memory is given back when work has ended, once, and again after it has grown', async () => {
  const busy = IDLE_CHECK_MS / 2
  const looks = [
    [busy, 90],
    [busy, 120],
    [10, 120],
    [10, 41],
    [10, 45],
    [busy, 90],
    [0, 90],
    [0, 40],
  ] as const
  assert.deepEqual(await givenBack(looks.map(([ms, mib]) => [ms, mib * MIB] as const)), [3, 7])
})

test('what was held a little longer is given back after a minute, once', async () => {
  const rest = Array.from({ length: 2 * RESTED_LOOKS }, (): readonly [number, number] => [0, 40 * MIB])
  const looks = [[IDLE_CHECK_MS, 90 * MIB], [0, 90 * MIB], ...rest] as const
  assert.deepEqual(await givenBack(looks), [2, 1 + RESTED_LOOKS])
})

test('this process can give memory back', async () => {
  const before = ownMemory.busyMs()
  await ownMemory.giveBack()
  assert.ok(ownMemory.residentBytes() > 10 * MIB)
  assert.ok(ownMemory.busyMs() >= before)
})
