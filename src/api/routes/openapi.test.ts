import assert from 'node:assert/strict'
import { test } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { type JsonObject, textAt } from '#schema'
import { MemoryApi } from '../testing/memory-api.ts'

async function urlOf(api: MemoryApi, path: string): Promise<string> {
  const root = await api.get('/openapi/v3')
  return textAt(root.body, 'paths', path, 'serverRelativeURL') ?? ''
}

test('a document may be kept for good at the URL that names its contents', async () => {
  await using api = await MemoryApi.open()
  const url = await urlOf(api, 'apis/apps/v1')
  const { headers, body } = await api.get(url)
  assert.equal(body['openapi'], '3.0.0')
  assert.match(headers.get('cache-control') ?? '', /immutable/)
  assert.equal(url, `/openapi/v3/apis/apps/v1?hash=${headers.get('etag')?.replaceAll('"', '')}`)
  const again = await api.get(url, { 'if-none-match': headers.get('etag') ?? '' })
  assert.equal(again.status, 304)
})

test('a URL of old contents leads to the new', async () => {
  await using api = await MemoryApi.open()
  const old = await api.get('/openapi/v3/apis/apps/v1?hash=0123')
  assert.equal(old.status, 301)
  assert.equal(old.headers.get('location'), await urlOf(api, 'apis/apps/v1'))
  const unnamed = await api.get('/openapi/v3/apis/apps/v1')
  assert.equal(unnamed.status, 200)
  assert.doesNotMatch(unnamed.headers.get('cache-control') ?? '', /immutable/)
  assert.equal((await api.get('/openapi/v3/apis/none/v1')).body['reason'], 'NotFound')
  assert.equal((await api.get('/openapi/v3/')).status, 404)
  assert.equal((await api.get('/openapi/v4')).status, 404)
})

test('documents are compressed for those who take it', async () => {
  await using api = await MemoryApi.open()
  const plain = await (await api.fetch('/openapi/v3/version')).text()
  const packed = await api.fetch('/openapi/v3/version', { headers: { 'accept-encoding': 'br, gzip;q=0.5' } })
  assert.equal(packed.headers.get('content-encoding'), 'gzip')
  assert.equal(gunzipSync(await packed.arrayBuffer()).toString(), plain)
  const refused = await api.fetch('/openapi/v3/version', { headers: { 'accept-encoding': 'gzip;q=0' } })
  assert.equal(refused.headers.get('content-encoding'), null)
})

test('version 2 is written as its reader takes it', async () => {
  await using api = await MemoryApi.open()
  const swagger = await api.get('/openapi/v2', { accept: 'application/json' })
  assert.equal(swagger.body['swagger'], '2.0')
  for (const sign of ['@', '.']) {
    const accept = `application/com.github.proto-openapi.spec.v2${sign}v1.0+protobuf`
    const response = await api.fetch('/openapi/v2', { headers: { accept: `${accept}, */*` } })
    assert.equal(response.headers.get('content-type'), 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf')
    const bytes = Buffer.from(await response.arrayBuffer())
    assert.equal(bytes.subarray(0, 5).toString('latin1'), '\n\x032.0')
    assert.ok(bytes.includes(Object.keys(swagger.body['definitions'] as JsonObject).at(-1) ?? 'none'))
  }
  const text = await api.get('/openapi/v2', { accept: 'text/html' })
  assert.deepEqual([text.status, text.body['reason']], [406, 'NotAcceptable'])
  const protobuf = 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf'
  assert.equal((await api.get('/openapi/v3/api/v1', { accept: protobuf })).status, 406)
  assert.equal((await api.get('/openapi/v3/api/v1', { accept: `${protobuf}, application/json` })).status, 200)
})
