import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TURN_MS } from '#base'
import { LIST_PAGE } from '../limits.ts'
import { MemoryApi } from '../testing/memory-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const COUNT = 600
// The clock stands still: what ends a turn here is how many pieces were let in it.
const PIECES_IN_TURN = 4

test('lists, first states of watches and changes missed let others go first, the more the longer they are', async () => {
  await using api = await MemoryApi.open()
  for (let index = 0; index < COUNT; index += 1) await api.post(MAPS, { metadata: { name: `m${index}` } })
  const rests = async (run: () => Promise<unknown>): Promise<number> => {
    const before = api.clock.rests
    await run()
    return api.clock.rests - before
  }
  const turns = Math.floor(COUNT / LIST_PAGE / PIECES_IN_TURN)
  const table = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }
  assert.ok((await rests(() => api.get(MAPS))) >= turns)
  assert.ok((await rests(() => api.get(MAPS, table))) >= turns)
  assert.ok((await rests(() => api.get(`${MAPS}?labelSelector=a`))) >= turns)
  // Read a page at a time, and written so too.
  assert.ok((await rests(() => api.get(`${MAPS}?limit=${COUNT}`))) >= 2 * turns)
  const watched = (query: string) => async () => {
    await using watch = await api.watch(`${MAPS}?watch=true&${query}`)
    await watch.names(COUNT)
  }
  assert.ok((await rests(watched(''))) >= turns)
  assert.ok((await rests(watched('resourceVersion=1'))) > 1)
  assert.ok((await rests(() => api.delete(MAPS))) >= COUNT / PIECES_IN_TURN / PIECES_IN_TURN - 1)
})

test('between the steps of a write that takes long others go first, and those of a short one follow each other', async () => {
  await using api = await MemoryApi.open()
  const apply = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { b: 'c' } }
  const writes: readonly [number, () => Promise<unknown>][] = [
    [9, () => api.post(MAPS, { metadata: { name: 'a' } })],
    [11, () => api.patch(`${MAPS}/a`, { data: { a: 'b' } })],
    [8, () => api.send('PUT', `${MAPS}/a`, { ...apply, data: {} })],
    [
      12,
      () => api.send('PATCH', `${MAPS}/a?fieldManager=x`, apply, { 'content-type': 'application/apply-patch+yaml' }),
    ],
  ]
  for (const isLong of [false, true]) {
    // Whoever looks at the clock finds that a turn has passed.
    let nowMs = 0
    if (isLong) api.clock.monotonicMs = () => (nowMs += TURN_MS)
    for (const [steps, write] of writes) {
      const before = api.clock.rests
      await write()
      const rests = api.clock.rests - before
      assert.ok(isLong ? rests >= steps : rests < steps, `${rests} of ${steps}`)
    }
    await api.delete(`${MAPS}/a`)
  }
})
