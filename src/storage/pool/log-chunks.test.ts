import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type Digest, isFault } from '#base'
import { BROUGHT_AT_A_TIME } from './limits.ts'
import { copiesOf, read, rot, TestCloud } from './testing.ts'

test('a chunk that a killed home has alone is on other machines when the next sync ends', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const digests = [20_000, 1_000_000].map(bytes => a.store.put(randomBytes(bytes)))
  for (const digest of digests) await read(cloud, a, await digest, 0)
  await cloud.clock.run(a.pool.sync())
  for (const digest of digests) assert.ok((await copiesOf(cloud, await digest)).length >= 2)
})

test('who opens a log that names more chunks than are brought at a time waits for nobody, who syncs then does', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  for (const name of ['b', 'c']) cloud.gate('a', name, true)
  cloud.tell({ b: 'Offline', c: 'Offline' })
  const digests: Digest[] = []
  for (let n = 0; n < BROUGHT_AT_A_TIME + 10; n++) digests.push(await a.store.put(randomBytes(20)))
  const startMs = cloud.clock.monotonicMs()
  for (const digest of digests) await read(cloud, a, digest, 0)
  assert.equal(cloud.clock.monotonicMs(), startMs)
  await assert.rejects(cloud.clock.run(a.pool.sync()), error => isFault(error, 'NoCopies'))
  for (const name of ['b', 'c']) cloud.gate('a', name, false)
  cloud.tell({ b: 'Online', c: 'Online' })
  await cloud.clock.run(a.pool.sync())
  for (const digest of digests) assert.ok((await copiesOf(cloud, digest)).length >= 2)
})

test('a damaged chunk of the log fails who reads it, not whoever syncs', async () => {
  await using cloud = await TestCloud.of('a', 'b')
  const a = cloud.machine('a')
  const content = randomBytes(20_000)
  const digest = await a.store.put(content)
  rot(a, content)
  await read(cloud, a, digest, 0)
  await cloud.clock.run(a.pool.sync())
  await assert.rejects(read(cloud, a, digest, content.length), error => isFault(error, 'ChunkDamaged'))
})

test('a cached chunk that a log names is a copy of it from then on', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const digest = await a.store.put(randomBytes(100))
  await a.store.release([digest])
  assert.equal((await a.store.find(digest))?.state, 'cached')
  await read(cloud, a, digest, 0)
  assert.equal((await a.store.find(digest))?.state, 'held')
})

test('what a standby found elsewhere when it opened its log does not stay: nobody syncs there', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const [a, b] = [cloud.machine('a'), cloud.machine('b')]
  let digest: Digest
  do digest = await cloud.clock.run(b.pool.put(randomBytes(100)))
  while (a.pool.view().isWanted('a', a.pool.view().groupOf(digest)))
  await cloud.clock.run(b.pool.sync())
  await read(cloud, a, digest, 0)
  assert.ok(await a.store.has(digest), 'from then on it is here')
  await cloud.until(async () => !(await a.store.has(digest)))
  assert.deepEqual(await copiesOf(cloud, digest), ['b', 'c'])
})
