import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { parse } from 'yaml'
import { jsonAt, listAt, textAt } from '#schema'
import { comesFromAfar, isLoopback } from '../request/afar.ts'
import { MemoryApi } from '../testing/memory-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io'
const PARTIAL = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
const YAML = { accept: 'application/yaml' }

test('a client gets what it likes best of what there is', async () => {
  await using api = await MemoryApi.open()
  await api.post(MAPS, { metadata: { name: 'a' } })
  const cases: readonly (readonly [string, string])[] = [
    ['', 'json ConfigMap'],
    ['*/*', 'json ConfigMap'],
    ['application/*', 'json ConfigMap'],
    ['application/json; charset=utf-8', 'json ConfigMap'],
    ['application/yaml', 'yaml ConfigMap'],
    ['application/yaml, application/json', 'yaml ConfigMap'],
    ['application/yaml;q=0.5, application/json', 'json ConfigMap'],
    ['application/json;q=0.1, application/yaml;q=0.9', 'yaml ConfigMap'],
    ['application/json;q=0, */*;q=0.5, application/yaml;q=0.4', 'json ConfigMap'],
    ['application/vnd.kubernetes.protobuf, application/json', 'json ConfigMap'],
    ['application/vnd.kubernetes.protobuf;q=1, application/yaml;q=0.3', 'yaml ConfigMap'],
    [`${TABLE},application/json`, 'json Table'],
    ['application/json;as=Table;v=v1beta1;g=meta.k8s.io, application/json', 'json ConfigMap'],
    [`application/json;q=0.5,${PARTIAL};q=0.6`, 'json PartialObjectMetadata'],
    ['application/yaml;as=Table;v=v1;g=meta.k8s.io', 'yaml Table'],
    ['application/json;as=Nothing;v=v1, text/html, application/json;q=0.1', 'json ConfigMap'],
    ['application/json;q=0', '406 json'],
    ['application/vnd.kubernetes.protobuf', '406 json'],
    ['text/html;q=0.9, image/png', '406 json'],
  ]
  for (const [accept, wanted] of cases) {
    const response = await api.fetch(`${MAPS}/a`, { headers: { accept } })
    const type = (response.headers.get('content-type') ?? '').replace('application/', '')
    const text = await response.text()
    const said = response.status === 200 ? `${type} ${textAt(parse(text), 'kind')}` : `${response.status} ${type}`
    assert.equal(said, wanted, accept)
  }
})

test('objects, lists, tables and refusals come as YAML', async () => {
  await using api = await MemoryApi.open()
  const yaml = async (
    path: string,
    init: Omit<RequestInit, 'headers'> = {},
    headers: Record<string, string> = YAML,
  ) => {
    const response = await api.fetch(path, { ...init, headers })
    assert.equal(response.headers.get('content-type'), 'application/yaml', path)
    return { status: response.status, text: await response.text() }
  }
  assert.match(
    (await yaml(MAPS)).text,
    /^kind: ConfigMapList\napiVersion: v1\nmetadata:\n {2}resourceVersion: "\d+"\nitems: \[\]\n$/,
  )
  for (const name of ['a', 'b']) await api.post(MAPS, { metadata: { name }, data: { x: 'one\ntwo\n', y: 'yes' } })
  const one = await yaml(`${MAPS}/a`)
  assert.match(one.text, /^data:\n {2}x: \|\n {4}one\n {4}two\n {2}"y": "yes"$/m)
  assert.deepEqual(parse(one.text), (await api.get(`${MAPS}/a`)).body)
  for (const accept of ['application/yaml', 'application/yaml;as=Table;v=v1;g=meta.k8s.io']) {
    const list = await yaml(MAPS, {}, { accept })
    const json = await api.get(MAPS, { accept: accept.replace('yaml', 'json') })
    assert.deepEqual(parse(list.text), json.body)
  }
  const none = await yaml(`${MAPS}/none`)
  assert.deepEqual([none.status, jsonAt(parse(none.text), 'reason')], [404, 'NotFound'])
  const sent = { method: 'POST', body: 'metadata:\n  name: c\n' }
  const made = await yaml(MAPS, sent, { ...YAML, 'content-type': 'application/yaml' })
  assert.deepEqual([made.status, jsonAt(parse(made.text), 'metadata', 'name')], [201, 'c'])
  const gone = await yaml(`${MAPS}/c`, { method: 'DELETE' })
  assert.equal(jsonAt(parse(gone.text), 'status'), 'Success')
  const discovery = await yaml('/api/v1')
  assert.equal(jsonAt(parse(discovery.text), 'kind'), 'APIResourceList')
  assert.equal((await api.get(`${MAPS}?watch=true`, YAML)).status, 406)
})

test('large answers are compressed for clients on other machines that take it so', async () => {
  const admin = { name: 'admin', uid: undefined, groups: [], extra: {} }
  const authenticate = (request: Request) => {
    if (request.headers.has('x-afar')) comesFromAfar(request)
    return Promise.resolve(admin)
  }
  await using api = await MemoryApi.open({ authenticate })
  const x = 'text of a large object, '.repeat(4_000)
  for (const name of ['a', 'b', 'c', 'd']) await api.post(MAPS, { metadata: { name }, data: { x } })
  await api.post(MAPS, { metadata: { name: 'large' }, data: { x: x.repeat(4) } })
  const fetched = async (
    path: string,
    headers: Record<string, string>,
    from: Record<string, string> = { 'x-afar': 'yes' },
  ) => {
    const response = await api.fetch(path, { headers: { ...headers, ...from } })
    const bytes = Buffer.from(await response.arrayBuffer())
    const isSmaller = response.headers.get('content-encoding') === 'gzip'
    const text = (isSmaller ? gunzipSync(bytes) : bytes).toString('utf8')
    return { isSmaller, bytes: bytes.length, vary: response.headers.get('vary'), body: parse(text) }
  }
  const gzip = { 'accept-encoding': 'gzip, deflate' }
  const plain = await api.get(MAPS)
  for (const headers of [gzip, { ...gzip, accept: 'application/yaml' }]) {
    const list = await fetched(MAPS, headers)
    assert.deepEqual([list.isSmaller, list.vary], [true, 'Accept-Encoding'])
    assert(list.bytes < 50_000)
    assert.deepEqual(list.body, plain.body)
  }
  const large = await fetched(`${MAPS}/large`, gzip)
  assert.deepEqual([large.isSmaller, jsonAt(large.body, 'data', 'x')], [true, x.repeat(4)])
  const others = [
    await fetched(MAPS, {}),
    await fetched(MAPS, { 'accept-encoding': 'br' }),
    await fetched(MAPS, gzip, {}),
    await fetched(`${MAPS}/a`, gzip),
    await fetched(`${MAPS}?limit=1`, gzip),
  ]
  assert.deepEqual(
    others.map(({ isSmaller }) => isSmaller),
    others.map(() => false),
  )
  assert.equal(listAt(others[0]?.body, 'items').length, 5)
})

test('an address is of this machine or not', () => {
  for (const address of ['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', undefined]) assert(isLoopback(address))
  for (const address of ['10.0.0.1', '::ffff:10.0.0.1', 'fe80::1', '1127.0.0.1']) assert(!isLoopback(address))
})
