import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { rot, TestCloud } from './testing.ts'

const never = new AbortController().signal

test('a copy whose sender never heard that it came is durable before it counts', async () => {
  await using cloud = await TestCloud.of('a', 'b')
  const [a, b] = [cloud.machine('a'), cloud.machine('b')]
  await cloud.until(async () => (await cloud.clock.run(a.pool.status(never))).isSafe)
  const bytes = randomBytes(3_000)
  await a.store.put(bytes)
  await b.store.put(bytes)
  let isDurable = false
  const sync = b.store.sync.bind(b.store)
  b.store.sync = async () => {
    await sync()
    isDurable = true
  }
  a.pool.compare()
  await cloud.until(async () => (await cloud.clock.run(a.pool.status(never))).isSafe)
  assert.ok(isDurable)
})

test('a damaged copy that is put right is durable before it counts', async () => {
  await using cloud = await TestCloud.of('a', 'b')
  const [a, b] = [cloud.machine('a'), cloud.machine('b')]
  const isSafe = async () => (await cloud.clock.run(a.pool.status(never))).isSafe
  const bytes = randomBytes(3_000)
  const digest = await cloud.clock.run(a.pool.put(bytes))
  await cloud.clock.run(a.pool.sync())
  await cloud.until(isSafe)
  rot(b, bytes)
  assert.equal(await cloud.clock.run(b.store.verify(digest)), false)
  const durable = Promise.withResolvers<void>()
  const sync = b.store.sync.bind(b.store)
  b.store.sync = async () => {
    await durable.promise
    await sync()
  }
  await cloud.until(async () => await b.store.has(digest))
  assert.equal(await isSafe(), false)
  durable.resolve()
  await cloud.until(isSafe)
})
