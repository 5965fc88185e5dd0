import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonAt, listAt, textAt } from '#schema'
import { MemoryApi } from '../testing/memory-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

async function makeMaps(api: MemoryApi, count: number): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const name = `m${String(index).padStart(4, '0')}`
    const labels = { half: String(index % 2), ...(index % 10 === 0 ? { tenth: 'yes' } : {}) }
    await api.post(MAPS, { metadata: { name, labels } })
  }
}

function namesIn(body: Parameters<typeof listAt>[0]): (string | undefined)[] {
  return listAt(body, 'items').map(item => textAt(item, 'metadata', 'name'))
}

test('a list in pieces is of one revision and says how many are left', async () => {
  await using api = await MemoryApi.open()
  await makeMaps(api, 300)
  const first = await api.get(`${MAPS}?limit=130`)
  const version = textAt(first.body, 'metadata', 'resourceVersion')
  assert.equal(jsonAt(first.body, 'metadata', 'remainingItemCount'), 170)
  await api.post(MAPS, { metadata: { name: 'm9999' } })
  await api.delete(`${MAPS}/m0299`)
  let names = namesIn(first.body)
  const left: unknown[] = []
  let token = textAt(first.body, 'metadata', 'continue')
  while (token !== undefined) {
    const { body, status } = await api.get(`${MAPS}?limit=130&continue=${token}`)
    assert.equal(status, 200)
    assert.equal(textAt(body, 'metadata', 'resourceVersion'), version)
    names = [...names, ...namesIn(body)]
    left.push(jsonAt(body, 'metadata', 'remainingItemCount'))
    token = textAt(body, 'metadata', 'continue')
  }
  assert.deepEqual(left, [40, undefined])
  assert.equal(names.length, 300)
  assert.equal(new Set(names).size, 300)
  assert(names.includes('m0299') && !names.includes('m9999'))
})

test('large objects come in small pages, and as many in a piece as are not too much', async () => {
  await using api = await MemoryApi.open()
  const names = Array.from({ length: 12 }, (_, index) => `m${String(index).padStart(4, '0')}`)
  for (const name of names) {
    await api.post(MAPS, { metadata: { name }, data: { text: 'x'.repeat(800_000) } })
  }
  assert.deepEqual(namesIn((await api.get(MAPS)).body), names)
  const piece = await api.get(`${MAPS}?limit=500`)
  const token = textAt(piece.body, 'metadata', 'continue')
  assert.deepEqual(namesIn(piece.body), names.slice(0, 6))
  assert.equal(jsonAt(piece.body, 'metadata', 'remainingItemCount'), 6)
  const rest = await api.get(`${MAPS}?limit=500&continue=${token}`)
  assert.deepEqual([namesIn(rest.body), textAt(rest.body, 'metadata', 'continue')], [names.slice(6), undefined])
})

test('selectors choose, also in pieces', async () => {
  await using api = await MemoryApi.open()
  await makeMaps(api, 60)
  const count = async (query: string) => namesIn((await api.get(`${MAPS}?${query}`)).body).length
  assert.equal(await count('labelSelector=half%3D1'), 30)
  assert.equal(await count('labelSelector=half%20in%20(0),tenth'), 6)
  assert.equal(await count('labelSelector=!tenth'), 54)
  assert.equal(await count('labelSelector=half!%3D1,tenth%20notin%20(no)'), 30)
  assert.equal(await count('labelSelector=half%20in(0),half%3C1'), 30)
  assert.equal(await count('labelSelector=half%3E0'), 30)
  assert.equal(await count('labelSelector=tenth%3E0'), 0, 'what is no number is not above one')
  assert.equal(await count('fieldSelector=metadata.name%3Dm0001'), 1)
  assert.equal(await count('fieldSelector=metadata.name!%3Dm0001'), 59)
  const piece = await api.get(`${MAPS}?labelSelector=tenth&limit=4`)
  assert.equal(namesIn(piece.body).length, 4)
  assert.equal(jsonAt(piece.body, 'metadata', 'remainingItemCount'), undefined)
  const rest = await api.get(
    `${MAPS}?labelSelector=tenth&limit=4&continue=${textAt(piece.body, 'metadata', 'continue')}`,
  )
  assert.deepEqual(namesIn(rest.body), ['m0040', 'm0050'])
  for (const bad of [
    'labelSelector=a%20in%20b',
    'labelSelector=a%3Eb',
    'labelSelector=%3D%3D',
    'fieldSelector=nothing%3Dx',
    'fieldSelector=a',
  ]) {
    assert.equal((await api.get(`${MAPS}?${bad}`)).status, 400, bad)
  }
})

test('a list can be of an exact revision, or not older than one', async () => {
  await using api = await MemoryApi.open()
  await makeMaps(api, 3)
  const version = textAt((await api.get(MAPS)).body, 'metadata', 'resourceVersion') ?? ''
  await api.delete(`${MAPS}/m0001`)
  const exact = await api.get(`${MAPS}?resourceVersion=${version}&resourceVersionMatch=Exact`)
  assert.deepEqual([namesIn(exact.body).length, textAt(exact.body, 'metadata', 'resourceVersion')], [3, version])
  const newer = await api.get(`${MAPS}?resourceVersion=${version}&resourceVersionMatch=NotOlderThan`)
  assert.equal(namesIn(newer.body).length, 2)
  const future = await api.get(`${MAPS}?resourceVersion=99999&resourceVersionMatch=NotOlderThan`)
  assert.deepEqual([future.status, future.body['reason']], [504, 'Timeout'])
  assert.equal(jsonAt(listAt(future.body, 'details', 'causes')[0], 'reason'), 'ResourceVersionTooLarge')
  const wrong = {
    'resourceVersionMatch=Exact': 'is forbidden unless resourceVersion is provided',
    'resourceVersion=0&resourceVersionMatch=Exact': 'is forbidden for resourceVersion "0"',
    'resourceVersion=1&resourceVersionMatch=Near': 'Unsupported value: "Near"',
  }
  for (const [query, said] of Object.entries(wrong)) {
    const { status, body } = await api.get(`${MAPS}?${query}`)
    assert.equal(status, 422, query)
    assert((textAt(body, 'message') ?? '').includes(said), textAt(body, 'message'))
  }
})

test('a token too old is refused with one that goes on', async () => {
  await using api = await MemoryApi.open()
  await makeMaps(api, 6)
  const first = await api.get(`${MAPS}?limit=2`)
  await api.post(MAPS, { metadata: { name: 'n' } })
  await api.keyspace.compact(api.keyspace.revision, new AbortController().signal)
  const old = await api.get(`${MAPS}?limit=2&continue=${textAt(first.body, 'metadata', 'continue')}`)
  assert.deepEqual([old.status, old.body['reason']], [410, 'Expired'])
  const again = await api.get(`${MAPS}?continue=${textAt(old.body, 'metadata', 'continue')}`)
  assert.deepEqual(namesIn(again.body), ['m0002', 'm0003', 'm0004', 'm0005', 'n'])
})

test('a forged token shows nothing of other namespaces', async () => {
  await using api = await MemoryApi.open()
  await api.post('/api/v1/namespaces', { metadata: { name: 'aaa' } })
  await api.post('/api/v1/namespaces/aaa/configmaps', { metadata: { name: 'hidden' } })
  await makeMaps(api, 2)
  const forge = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const tokens = [
    forge({ v: 1, revision: 0, namespace: 'a', name: '' }),
    forge({ v: 1, revision: 0, namespace: '../..', name: '/' }),
    forge({ v: 1, revision: 0, namespace: 'zzz', name: 'z' }),
  ]
  for (const token of tokens) {
    const { status, body } = await api.get(`${MAPS}?continue=${token}`)
    assert.equal(status, 200)
    assert(
      namesIn(body).every(name => name?.startsWith('m')),
      token,
    )
  }
  for (const token of ['x', forge(1), forge({ v: 2 }), forge({ v: 1, revision: -1, name: 'a' })]) {
    assert.equal((await api.get(`${MAPS}?continue=${token}`)).status, 400)
  }
})

test('tables have the columns of their kind, and of each object what was asked for', async () => {
  await using api = await MemoryApi.open()
  await makeMaps(api, 2)
  const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
  const { body } = await api.get(MAPS, { accept })
  assert.equal(body['kind'], 'Table')
  assert.deepEqual(
    listAt(body, 'columnDefinitions').map(column => textAt(column, 'name')),
    ['Name', 'Data', 'Age'],
  )
  assert.deepEqual(
    listAt(body, 'rows').map(row => jsonAt(row, 'cells')),
    [
      ['m0000', 0, '0s'],
      ['m0001', 0, '0s'],
    ],
  )
  assert.equal(textAt(listAt(body, 'rows')[0], 'object', 'kind'), 'PartialObjectMetadata')
  const whole = await api.get(`${MAPS}?includeObject=Object`, { accept })
  assert.equal(textAt(listAt(whole.body, 'rows')[0], 'object', 'kind'), 'ConfigMap')
  const none = await api.get(`${MAPS}?includeObject=None`, { accept })
  assert.equal(jsonAt(listAt(none.body, 'rows')[0], 'object'), undefined)
  const partial = await api.get(MAPS, { accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io' })
  assert.equal(partial.body['kind'], 'PartialObjectMetadataList')
})

test('a selector is read in one go, however many brackets and commas are in it', async () => {
  await using api = await MemoryApi.open()
  await makeMaps(api, 4)
  const count = async (query: string) => namesIn((await api.get(`${MAPS}?${query}`)).body).length
  const many = Array.from({ length: 900 }, (_, index) => `half in (${index},0)`).join(',')
  assert.equal(await count(`labelSelector=${encodeURIComponent(many)}`), 2)
  assert.equal(await count(`fieldSelector=${encodeURIComponent(' metadata.name = m0001 , metadata.name != m0002')}`), 1)
  for (const part of ['(', ',(', 'a in (b,', 'a,']) {
    const { status } = await api.get(`${MAPS}?labelSelector=${encodeURIComponent(part.repeat(16_000 / part.length))}`)
    assert.equal(status, 400, part)
  }
  const spaces = `metadata.name=a${' '.repeat(16_000)}b`
  assert.equal(await count(`fieldSelector=${encodeURIComponent(spaces)}`), 0)
})
