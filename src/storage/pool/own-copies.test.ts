import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Digest } from '#base'
import { OwnCopies } from './own-copies.ts'
import { TestCloud } from './testing.ts'

test('a copy that is put, renewed or on its way while others confirm theirs is not given up', async () => {
  await using cloud = await TestCloud.of('a')
  const { store } = cloud.machine('a')
  const leaving = new Set<Digest>()
  const copies = new OwnCopies(store, digest => leaving.has(digest))
  const contents = Array.from({ length: 5 }, (_, i) => Buffer.from(`chunk ${i}`))
  const digests = await Promise.all(contents.map(content => copies.hold(content)))
  const confirm = async (asked: readonly Digest[]) => {
    await copies.hold(contents[1]!)
    await copies.renew([digests[2]!])
    leaving.add(digests[3]!)
    return asked.filter(digest => digest !== digests[4])
  }
  assert.equal(await copies.release(digests, confirm, () => true), 1)
  const held = await Promise.all(digests.map(async digest => await store.has(digest)))
  assert.deepEqual(held, [false, true, true, true, true])
})

test('nothing is given up when the machines have changed meanwhile', async () => {
  await using cloud = await TestCloud.of('a')
  const { store } = cloud.machine('a')
  const copies = new OwnCopies(store, () => false)
  const digest = await copies.hold(Buffer.from('chunk'))
  assert.equal(
    await copies.release(
      [digest],
      async all => all,
      () => false,
    ),
    0,
  )
  assert.equal(await store.has(digest), true)
})
