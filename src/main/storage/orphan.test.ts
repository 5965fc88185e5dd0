import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import type { World } from '#base'
import { machineWorld } from '#host'
import { ORPHAN_TIMEOUT_MS } from '../limits.ts'
import { limitOrphan } from './orphan.ts'

/** A world whose sleeps end when they are told to. */
function sleepyWorld() {
  const sleeps: { readonly ms: number; readonly wake: () => void }[] = []
  const sleep = (ms: number, signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    signal.addEventListener('abort', () => reject(signal.reason))
    sleeps.push({ ms, wake: resolve })
    return promise
  }
  const log = { info: () => undefined, warn: () => undefined }
  const world: World = { ...machineWorld, log, clock: { ...machineWorld.clock, sleep } }
  return { world, sleeps }
}

test('a storage process that does not come to its end without its supervisor is ended', async () => {
  const { world, sleeps } = sleepyWorld()
  const gone = Promise.withResolvers<void>()
  let exits = 0
  using _limit = limitOrphan(gone.promise, world, () => void (exits += 1))
  await turn()
  assert.equal(sleeps.length, 0)
  gone.resolve()
  await turn()
  assert.deepEqual(
    sleeps.map(({ ms }) => ms),
    [ORPHAN_TIMEOUT_MS],
  )
  assert.equal(exits, 0)
  sleeps[0]?.wake()
  await turn()
  assert.equal(exits, 1)
})

test('one that has closed in time is left alone', async () => {
  const { world, sleeps } = sleepyWorld()
  let exits = 0
  const limit = limitOrphan(Promise.resolve(), world, () => void (exits += 1))
  await turn()
  limit[Symbol.dispose]()
  sleeps[0]?.wake()
  await turn()
  assert.equal(exits, 0)
})
