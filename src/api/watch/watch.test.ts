import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonAt, textAt } from '#schema'
import { FEED_READ_MAX } from '../limits.ts'
import { MemoryApi, type Watch, type WatchLine } from '../testing/memory-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const TABLE = { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' }

async function makeMap(api: MemoryApi, name: string, labels: Record<string, string> = {}): Promise<string> {
  const { body, status } = await api.post(MAPS, { metadata: { name, labels } })
  assert.equal(status, 201)
  return textAt(body, 'metadata', 'resourceVersion') ?? ''
}

test('a watch begins with what is there and goes on with changes', async () => {
  await using api = await MemoryApi.open()
  await makeMap(api, 'a')
  await using watch = await api.watch(`${MAPS}?watch=true`)
  assert.deepEqual(await watch.names(1), ['ADDED a'])
  await makeMap(api, 'b')
  await api.patch(`${MAPS}/a`, { data: { x: '1' } })
  await api.delete(`${MAPS}/b`)
  assert.deepEqual(await watch.names(3), ['ADDED b', 'MODIFIED a', 'DELETED b'])
})

test('a watch resumes behind a resourceVersion, without gap or repetition', async () => {
  await using api = await MemoryApi.open()
  const after = await makeMap(api, 'a')
  await makeMap(api, 'b')
  await api.patch(`${MAPS}/a`, { data: { x: '1' } })
  await using watch = await api.watch(`${MAPS}?watch=true&resourceVersion=${after}`)
  assert.deepEqual(await watch.names(2), ['ADDED b', 'MODIFIED a'])
  await makeMap(api, 'c')
  assert.deepEqual(await watch.names(1), ['ADDED c'])
  await using second = await api.watch(`${MAPS}?watch=true&resourceVersion=${after}`)
  assert.deepEqual(await second.names(3), ['ADDED b', 'MODIFIED a', 'ADDED c'])
})

test('a watch from a revision that is forgotten, or was never made, is refused with 410', async () => {
  await using api = await MemoryApi.open()
  const first = await makeMap(api, 'a')
  const last = await makeMap(api, 'b')
  await api.keyspace.compact(api.keyspace.revision, new AbortController().signal)
  const old = await api.get(`${MAPS}?watch=true&resourceVersion=${Number(first) - 1}`)
  assert.deepEqual([old.status, old.body['reason']], [410, 'Expired'])
  const future = await api.get(`${MAPS}?watch=true&resourceVersion=${Number(last) + 1000}`)
  assert.deepEqual([future.status, future.body['reason']], [410, 'Expired'])
  const bad = await api.get(`${MAPS}?watch=true&resourceVersion=abc`)
  assert.equal(bad.status, 400)
})

test('a watcher too slow for the feed has the rest from the keyspace; when that is gone too, 410 in the middle', async () => {
  await using api = await MemoryApi.open()
  const after = await makeMap(api, 'a')
  await using slow = await api.watch(`${MAPS}?watch=true&resourceVersion=${after}`)
  await using slower = await api.watch(`${MAPS}?watch=true&resourceVersion=${after}`)
  const text = 'x'.repeat(1024 * 1024)
  const names = Array.from({ length: 20 }, (_, index) => `b${index}`)
  for (const name of names) await api.post(MAPS, { metadata: { name }, data: { text } })
  assert.deepEqual(
    await slow.names(20),
    names.map(name => `ADDED ${name}`),
  )
  await makeMap(api, 'c')
  assert.deepEqual(await slow.names(1), ['ADDED c'])
  await api.keyspace.compact(api.keyspace.revision, new AbortController().signal)
  const types: string[] = []
  for (let line = await slower.next(); line !== undefined; line = await slower.next()) {
    types.push(line.type)
    if (line.type === 'ERROR') assert.deepEqual([line.object['code'], line.object['reason']], [410, 'Expired'])
  }
  assert.equal(types.at(-1), 'ERROR')
  assert(types.length < 20)
})

test('selectors turn changes into what their watcher sees', async () => {
  await using api = await MemoryApi.open()
  await makeMap(api, 'a', { app: 'web' })
  await makeMap(api, 'b')
  await using watch = await api.watch(`${MAPS}?watch=true&labelSelector=app%3Dweb`)
  assert.deepEqual(await watch.names(1), ['ADDED a'])
  await api.patch(`${MAPS}/b`, { metadata: { labels: { app: 'web' } } })
  await api.patch(`${MAPS}/b`, { data: { x: '1' } })
  await api.patch(`${MAPS}/a`, { metadata: { labels: { app: null } } })
  await api.delete(`${MAPS}/a`)
  await api.delete(`${MAPS}/b`)
  assert.deepEqual(await watch.names(4), ['ADDED b', 'MODIFIED b', 'DELETED a', 'DELETED b'])
  await using one = await api.watch(`${MAPS}?watch=true&fieldSelector=metadata.name%3Dc`)
  await makeMap(api, 'd')
  await makeMap(api, 'c')
  assert.deepEqual(await one.names(1), ['ADDED c'])
})

test('bookmarks come once a minute and at the end, with the newest revision', async () => {
  await using api = await MemoryApi.open()
  const after = await makeMap(api, 'a')
  const path = `${MAPS}?watch=true&resourceVersion=${after}&allowWatchBookmarks=true&timeoutSeconds=100`
  await using watch = await api.watch(path)
  await using silent = await api.watch(path.replace('&allowWatchBookmarks=true', ''))
  const first = watch.next()
  const nothing = silent.next()
  await api.clock.move(1)
  await api.post('/api/v1/namespaces', { metadata: { name: 'other' } })
  await api.clock.move(60_000)
  const line = await first
  assert.equal(line?.type, 'BOOKMARK')
  assert.equal(textAt(line?.object, 'metadata', 'resourceVersion'), String(api.keyspace.revision))
  assert.equal(textAt(line?.object, 'kind'), 'ConfigMap')
  const last = watch.next()
  await api.clock.move(40_000)
  assert.equal((await last)?.type, 'BOOKMARK')
  assert.equal(await watch.next(), undefined)
  assert.equal(await nothing, undefined)
})

test('sendInitialEvents sends all there is and a bookmark that says so', async () => {
  await using api = await MemoryApi.open()
  await makeMap(api, 'a')
  const all = 'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true'
  await using watch = await api.watch(`${MAPS}?watch=true&${all}`)
  assert.deepEqual(await watch.names(1), ['ADDED a'])
  const end = await watch.next()
  assert.equal(end?.type, 'BOOKMARK')
  assert.equal(jsonAt(end?.object, 'metadata', 'annotations', 'k8s.io/initial-events-end'), 'true')
  const wrong = {
    'watch=true&sendInitialEvents=true': 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    'watch=true&resourceVersionMatch=NotOlderThan': 'forbidden for watch unless sendInitialEvents is provided',
    'watch=true&sendInitialEvents=true&resourceVersionMatch=Exact': 'Unsupported value: "Exact"',
    'sendInitialEvents=true': 'sendInitialEvents is forbidden for list',
  }
  for (const [query, said] of Object.entries(wrong)) {
    const { status, body } = await api.get(`${MAPS}?${query}`)
    assert.equal(status, 422, query)
    assert.match(textAt(body, 'message') ?? '', new RegExp(said), query)
  }
})

test('tables and metadata alone are watched too', async () => {
  await using api = await MemoryApi.open()
  await makeMap(api, 'a')
  await using table = await api.watch(`${MAPS}?watch=true`, TABLE)
  await using partial = await api.watch(`${MAPS}?watch=true`, {
    accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
  })
  const first = await table.next()
  assert.deepEqual([first?.object['kind'], Array.isArray(first?.object['columnDefinitions'])], ['Table', true])
  await makeMap(api, 'b')
  const second = await table.next()
  assert.equal(second?.object['columnDefinitions'], null)
  assert.equal(jsonAt(second?.object, 'rows', '0', 'cells', '0') ?? 'b', 'b')
  assert.equal((await partial.next())?.object['kind'], 'PartialObjectMetadata')
})

test('watches end well when the server does, and when their time is over', async () => {
  await using api = await MemoryApi.open()
  await using watch = await api.watch(`${MAPS}?watch=true`)
  const next = watch.next()
  api.ending.abort()
  assert.equal(await next, undefined)
  assert.deepEqual(api.warnings, [])
})

test('a watch is counted while it lasts, and once, however it ends', async () => {
  let count = 0
  const watching = () => {
    count += 1
    return () => void (count -= 1)
  }
  await using api = await MemoryApi.open({
    observer: { began: () => () => undefined, watching, text: () => Promise.resolve('') },
  })
  const left = await api.watch(`${MAPS}?watch=true`)
  const ended = await api.watch(`${MAPS}?watch=true&timeoutSeconds=5`)
  assert.equal(count, 2)
  const waiting = left.next()
  await left[Symbol.asyncDispose]()
  await waiting.catch(() => undefined)
  assert.equal(count, 1)
  await api.clock.move(1)
  await api.clock.move(5_000)
  assert.equal(await ended.next(), undefined)
  await ended[Symbol.asyncDispose]()
  assert.equal(count, 0)
})

test('who may watch the status of an object does not see the object by it', async () => {
  await using api = await MemoryApi.open({
    authorize: async (caller, attempt) =>
      caller.name !== 'sid' || (attempt.kind === 'resource' && attempt.subresource === 'status'),
  })
  await api.post('/api/v1/namespaces/default/secrets', { metadata: { name: 's' }, stringData: { p: 'x' } })
  for (const path of ['namespaces/default/secrets/s/status?watch=true', 'watch/namespaces/default/secrets/s/status']) {
    assert.equal((await api.get(`/api/v1/${path}`, { 'x-user': 'sid' })).status, 404, path)
  }
})

test('who is late, or comes later, is told the same as who was there, in every view', async () => {
  await using api = await MemoryApi.open()
  const after = await makeMap(api, 'first')
  const count = FEED_READ_MAX + 10
  const told = async (watch: Watch): Promise<WatchLine[]> => {
    const lines: WatchLine[] = []
    for (let index = 0; index < count; index += 1) lines.push((await watch.next())!)
    return lines
  }
  for (const headers of [{}, TABLE, { accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1' }]) {
    const from = textAt((await api.get(MAPS)).body, 'metadata', 'resourceVersion') ?? after
    await using early = await api.watch(`${MAPS}?watch=true&resourceVersion=${from}`, headers)
    const there = told(early)
    for (let index = 0; index < count; index += 1) {
      await (index % 20 === 19 ? api.delete(`${MAPS}/m${index - 1}`) : makeMap(api, `m${index}`))
    }
    await using late = await api.watch(`${MAPS}?watch=true&resourceVersion=${from}`, headers)
    assert.deepEqual(await told(late), await there)
    await api.delete(MAPS)
  }
})
