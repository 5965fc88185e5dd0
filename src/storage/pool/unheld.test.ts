import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type Digest } from '#base'
import { copiesOf, read, TestCloud } from './testing.ts'

const never = new AbortController().signal

test('what nobody holds is found, and who has it because it was read holds it when it is needed', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const put = async () => {
    const content = randomBytes(20_000)
    return [await cloud.clock.run(a.pool.put(content)), content] as const
  }
  const chunks = await Promise.all(Array.from({ length: 60 }, put))
  await cloud.clock.run(a.pool.sync())
  await cloud.until(async () => (await cloud.clock.run(a.pool.status(never))).isSafe)
  const far = chunks.filter(([digest]) => !a.pool.view().isWanted('a', a.pool.view().groupOf(digest)))
  await cloud.until(async () => (await a.held(far.map(([digest]) => digest))) === 0)
  const unheld = async (digests: readonly Digest[]) => await cloud.clock.run(a.pool.unheld(digests, never))
  assert.deepEqual(await unheld(chunks.map(([digest]) => digest)), { digests: [], silent: [] })

  const [seen, ...rest] = far
  assert.ok(seen !== undefined && rest.length > 3)
  const [first, content] = seen
  const lost = rest.map(([digest]) => digest)
  assert.deepEqual(await read(cloud, a, first, content.length), content)
  await cloud.until(async () => (await cloud.clock.run(Promise.resolve(a.store.find(first))))?.state === 'cached')
  await cloud.clock.run(a.store.drop(lost)) // they were written here
  const { compared } = a.pool
  for (const name of ['b', 'c']) await cloud.stop(name)
  for (const name of ['b', 'c']) cloud.wipe(name)
  cloud.tell({ b: 'Offline' })
  assert.deepEqual((await unheld(lost)).silent.includes('b'), true)
  for (const name of ['b', 'c']) await cloud.start(name)
  cloud.tell({ b: 'Online', c: 'Online' })
  await cloud.until(() => !['', compared].includes(a.pool.compared))

  const missed = await unheld(chunks.map(([digest]) => digest))
  assert.deepEqual([new Set(missed.digests), missed.silent], [new Set([first, ...lost]), []])
  await cloud.clock.run(a.pool.rescue(missed.digests, never))
  assert.deepEqual(new Set((await unheld(missed.digests)).digests), new Set(lost))
  await cloud.until(async () => (await copiesOf(cloud, first)).length === 2)
  const [one, two] = await copiesOf(cloud, first)
  assert.deepEqual([one, two], ['b', 'c'], 'they are brought to where they belong')
})
