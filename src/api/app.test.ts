import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REQUEST_SECONDS_MAX } from './limits.ts'
import { MemoryApi } from './testing/memory-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

test('a request whose body stops coming is ended', async () => {
  await using api = await MemoryApi.open()
  const body = new ReadableStream<Uint8Array>({ start: controller => controller.enqueue(Buffer.from('{')) })
  const answer = api.fetch(MAPS, { method: 'POST', body, duplex: 'half' })
  await new Promise(resolve => setImmediate(resolve))
  await api.clock.move(REQUEST_SECONDS_MAX * 1000)
  assert.equal((await answer).status, 504)
})

test('the page of another site changes nothing', async () => {
  await using api = await MemoryApi.open()
  for (const [site, status] of [
    ['cross-site', 403],
    ['same-site', 403],
    ['same-origin', 201],
  ] as const) {
    const { status: got } = await api.post(MAPS, { metadata: { name: site } }, { 'sec-fetch-site': site })
    assert.equal(got, status, site)
  }
  assert.equal((await api.get(MAPS, { 'sec-fetch-site': 'cross-site' })).status, 200)
})

test('a warning says what a client sent, whatever its letters', async () => {
  await using api = await MemoryApi.open()
  for (const field of ['ключ', 'a\u0007b', '\ud800', '😀', 'ÿ']) {
    const { status, headers } = await api.post(MAPS, { metadata: { generateName: 'm' }, [field]: 1 })
    assert.equal(status, 201, field)
    assert.match(headers.get('warning') ?? '', /^299 - "unknown field /)
  }
})

test('methods that nobody knows are counted together', async () => {
  const verbs: string[] = []
  const observer = {
    began:
      () =>
      ({ verb }: { readonly verb: string }) =>
        void verbs.push(verb),
    watching: () => () => undefined,
    text: () => Promise.resolve(''),
  }
  await using api = await MemoryApi.open({ observer })
  for (const method of ['X1', 'X2']) assert.equal((await api.fetch('/version', { method })).status, 405)
  assert.deepEqual(verbs.slice(-2), ['other', 'other'])
})
