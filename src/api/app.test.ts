import assert from 'node:assert/strict'
import { test } from 'node:test'
import { json } from './answers/answer.ts'
import { EXCHANGE_PATH } from './app.ts'
import { EXCHANGE_SECONDS_MAX, EXCHANGES_PER_SENDER_MAX, REQUEST_SECONDS_MAX } from './limits.ts'
import { readAll } from './request/body.ts'
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

test('one who exchanges tokens without end keeps nobody else from it', async () => {
  await using api = await MemoryApi.open({
    exchange: async ({ request, shows }) => {
      shows({ tokenId: 'abc123', caller: undefined })
      return json(200, { length: (await readAll(request)).length })
    },
  })
  const from = (remoteAddress: string) => ({ incoming: { socket: { ...NO_CERTIFICATE, remoteAddress } } })
  const silent = () => new ReadableStream<Uint8Array>({ start: controller => controller.enqueue(Buffer.from('{')) })
  const hanging = Array.from({ length: EXCHANGES_PER_SENDER_MAX + 1 }, (_, at) =>
    api.fetch(EXCHANGE_PATH, { method: 'POST', body: silent(), duplex: 'half' }, from(`2001:db8::${at}`)),
  )
  assert.equal((await hanging.at(-1))?.status, 429)
  const post = (address: string) => api.fetch(EXCHANGE_PATH, { method: 'POST', body: '{}' }, from(address))
  assert.deepEqual([(await post('2001:db8::f:f')).status, (await post('2001:db8:0:1::1')).status], [429, 200])
  await api.clock.move(EXCHANGE_SECONDS_MAX * 1000)
  assert.equal((await hanging[0])?.status, 504)
  assert.equal((await post('2001:db8::f:f')).status, 200)
})

const NO_CERTIFICATE = { authorized: false, getPeerCertificate: () => ({}) }
