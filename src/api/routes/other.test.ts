import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonAt, listAt, textAt } from '#schema'
import { REQUESTS_PER_CLIENT_MAX, WATCHES_PER_CLIENT_MAX } from '../limits.ts'
import { Clients } from '../clients.ts'
import { MemoryApi } from '../testing/memory-api.ts'

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json'

test('discovery names every version, resource and subresource, in both forms', async () => {
  await using api = await MemoryApi.open()
  assert.deepEqual((await api.get('/api')).body['versions'], ['v1'])
  const groups = listAt((await api.get('/apis')).body, 'groups').map(group => textAt(group, 'name'))
  assert(groups.includes('apps') && !groups.includes(''))
  assert.equal(jsonAt((await api.get('/apis/apps')).body, 'preferredVersion', 'groupVersion'), 'apps/v1')
  const names = listAt((await api.get('/api/v1')).body, 'resources').map(each => textAt(each, 'name'))
  for (const name of ['pods', 'pods/status', 'pods/binding', 'pods/eviction', 'namespaces/finalize']) {
    assert(names.includes(name), name)
  }
  const { body, headers } = await api.get('/apis', { accept: AGGREGATED })
  assert.equal(headers.get('content-type'), 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList')
  const apps = listAt(body, 'items').find(item => textAt(item, 'metadata', 'name') === 'apps')
  const resources = listAt(listAt(apps, 'versions')[0], 'resources')
  const deployments = resources.find(each => textAt(each, 'resource') === 'deployments')
  assert.deepEqual(
    listAt(deployments, 'subresources').map(each => textAt(each, 'subresource')),
    ['scale', 'status'],
  )
  for (const path of ['/apis/none', '/apis/apps/v9', '/api/v9', '/apis/apps/v1/none/x/y/z/w', '/nothing']) {
    assert.equal((await api.get(path)).status, 404, path)
  }
})

test('the root names every path, and each of them answers', async () => {
  await using api = await MemoryApi.open()
  const paths = listAt((await api.get('/')).body, 'paths').map(String)
  for (const path of ['/api/v1', '/apis/apps', '/apis/apps/v1', '/metrics', '/openapi/v2']) assert(paths.includes(path))
  for (const path of paths.filter(each => !each.includes('openid'))) {
    assert.equal((await api.fetch(path)).status, 200, path)
  }
})

test('who has a document already gets 304', async () => {
  await using api = await MemoryApi.open()
  for (const path of ['/api', '/apis', '/apis/apps', '/api/v1', '/apis/apps/v1']) {
    const etag = (await api.get(path)).headers.get('etag') ?? ''
    assert.match(etag, /^"[0-9A-F]{64}"$/)
    assert.equal((await api.fetch(path, { headers: { 'if-none-match': etag } })).status, 304)
    assert.equal((await api.fetch(path, { headers: { 'if-none-match': '"other"' } })).status, 200)
  }
  const plain = (await api.get('/apis')).headers.get('etag')
  assert.notEqual((await api.get('/apis', { accept: AGGREGATED })).headers.get('etag'), plain)
})

test('health is told in a word, in lines and for each check', async () => {
  const bad = { name: 'disk', check: () => Promise.reject(new Error('secret reason')) }
  const slow = { name: 'slow', check: () => new Promise<void>(() => undefined) }
  const good = { name: 'keyspace', check: () => Promise.resolve() }
  await using well = await MemoryApi.open({ checks: [good] })
  assert.equal((await well.get('/readyz')).body['text'], 'ok')
  assert.equal((await well.get('/readyz?verbose')).body['text'], '[+]ping ok\n[+]keyspace ok\nreadyz check passed\n')
  assert.equal((await well.get('/readyz/keyspace')).body['text'], 'ok')
  assert.equal((await well.get('/readyz/none')).status, 404)
  await using ill = await MemoryApi.open({ checks: [good, bad, slow] })
  const asked = ill.get('/readyz')
  await ill.clock.move(1)
  await ill.clock.move(6_000)
  const { status, body } = await asked
  assert.equal(status, 500)
  assert.equal(
    body['text'],
    '[+]ping ok\n[+]keyspace ok\n[-]disk failed: reason withheld\n[-]slow failed: reason withheld\nreadyz check failed\n',
  )
  assert.equal((await ill.get('/readyz?exclude=disk&exclude=slow')).status, 200)
  assert.equal((await ill.get('/livez')).status, 200)
})

test('the version is that of Kubernetes and of Cairn', async () => {
  await using api = await MemoryApi.open()
  const { body } = await api.get('/version')
  assert.deepEqual([body['major'], body['minor'], body['gitVersion']], ['1', '33', 'v1.33.0+cairn-test'])
})

test('each client has so many requests and watches under way, and is told when to come again', async () => {
  const clients = new Clients()
  const leave = Array.from({ length: REQUESTS_PER_CLIENT_MAX }, () => clients.request('ann'))
  assert.throws(() => clients.request('ann'), { code: 'TooManyRequests' })
  clients.request('bob')()
  leave[0]?.()
  clients.request('ann')()
  for (let index = 0; index < WATCHES_PER_CLIENT_MAX; index += 1) clients.watch('ann')
  assert.throws(() => clients.watch('ann'), { code: 'TooManyRequests' })
  const held = Promise.withResolvers<boolean>()
  await using api = await MemoryApi.open()
  await using full = await MemoryApi.open({
    authorize: caller => (caller.name === 'ann' ? held.promise : Promise.resolve(true)),
  })
  const waiting = Array.from({ length: REQUESTS_PER_CLIENT_MAX }, () => full.get('/api/v1/pods', { 'x-user': 'ann' }))
  await api.get('/api')
  const refused = await full.get('/api/v1/pods', { 'x-user': 'ann' })
  assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '1'])
  assert.equal((await full.get('/api/v1/pods', { 'x-user': 'bob' })).status, 200)
  held.resolve(true)
  assert((await Promise.all(waiting)).every(answer => answer.status === 200))
})

test('a request that takes too long is ended', async () => {
  await using api = await MemoryApi.open()
  const range = api.keyspace.range.bind(api.keyspace)
  api.keyspace.range = (request, signal) =>
    request.want === undefined
      ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
      : range(request, signal)
  const asked = api.get('/api/v1/pods')
  await api.clock.move(1)
  await api.clock.move(61_000)
  const { status, body } = await asked
  assert.deepEqual([status, body['reason']], [504, 'Timeout'])
})

test('requests are noted with who, what and how they ended, and never with what they held', async () => {
  const entries: string[] = []
  await using api = await MemoryApi.open({ audit: entry => void entries.push(JSON.stringify(entry)) })
  await api.post('/api/v1/namespaces/default/secrets', { metadata: { name: 's' }, stringData: { password: 'hidden' } })
  await api.get('/api/v1/namespaces/default/secrets/s', { 'x-user': 'eve' })
  const read = (entry = ''): Record<string, unknown> => JSON.parse(entry) as Record<string, unknown>
  const last = read(entries.at(-1))
  assert.deepEqual(
    [last['user'], last['verb'], last['resource'], last['namespace'], last['name'], last['code']],
    ['eve', 'get', 'secrets', 'default', 's', 403],
  )
  assert(!entries.some(entry => entry.includes('hidden')))

  const MAPS = '/api/v1/namespaces/default/configmaps'
  await api.post(`${MAPS}?dryRun=All&fieldManager=me`, { metadata: { name: 'm' } })
  await api.post(MAPS, { metadata: { generateName: 'g-' } })
  await api.delete(`${MAPS}?labelSelector=a%3Db`)
  const [tried, made, deleted] = entries.slice(-3).map(read)
  assert.deepEqual([tried?.['name'], tried?.['path']], ['m', `${MAPS}?dryRun=All`], 'a dry run is told as one')
  assert.match(String(made?.['name']), /^g-.+/, 'also a name by chance')
  assert.equal(deleted?.['path'], `${MAPS}?labelSelector=a%3Db`, 'which were deleted')
  // As kubectl says it.
  const dry = { apiVersion: 'v1', kind: 'DeleteOptions', dryRun: ['All'] }
  for (const path of [MAPS, `${MAPS}/${String(made?.['name'])}`]) {
    await api.send('DELETE', path, dry)
    assert.equal(read(entries.at(-1))['path'], `${path}?dryRun=All`)
  }
})
