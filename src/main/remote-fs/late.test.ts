import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO, LateVfs, ROOT_INO, type Vfs } from '#storage/fs'
import { CALLER, fastWorld, make, names, ok, SPEED, testCloud } from './testing/cloud.ts'

test('what is mounted before its home is reached waits for it, a minute at most', async () => {
  const world = fastWorld()
  await using cloud = await testCloud(64 * 1024, world)
  const { vfs } = await cloud.machine('a')
  await make(vfs, 'x')
  const opening = Promise.withResolvers<Vfs>()
  const late = new LateVfs(opening.promise, world.clock)
  assert.equal(late.ttlMs, 0)
  const before = performance.now()
  assert.equal(await late.lookup(ROOT_INO, 'x'), ERRNO.EIO)
  const tookMs = (performance.now() - before) * SPEED
  assert.ok(tookMs > 55_000 && tookMs < 75_000, `${tookMs}`)
  const told: string[] = []
  late.onInvalidation(change => told.push(change.kind))
  late.request(7, false, CALLER)
  const removed = late.remove(ROOT_INO, 'x', 'file')
  late.request(8, false, CALLER)
  const made = late.make(ROOT_INO, 'y', { kind: 'file', mode: 0o600 }, CALLER)
  opening.resolve(vfs)
  await ok(removed)
  assert.equal((await ok(made)).uid, CALLER.uid)
  assert.deepEqual(await names(late), ['y'])
  assert.ok(late.ttlMs > 0)
  await ok(cloud.home.vfs.remove(ROOT_INO, 'y', 'file'))
  assert.ok(told.length > 0)
})
