import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonAt, listAt, textAt } from '#schema'
import { MemoryApi } from '../testing/memory-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

test('an object is made, read, replaced, patched and deleted', async () => {
  await using api = await MemoryApi.open()
  const made = await api.post(MAPS, {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a' },
    data: { x: '1' },
  })
  assert.equal(made.status, 201)
  assert.equal(jsonAt(made.body, 'metadata', 'namespace'), 'default')
  assert.match(textAt(made.body, 'metadata', 'uid') ?? '', /^[0-9a-f-]{36}$/)
  assert.equal(jsonAt(made.body, 'metadata', 'creationTimestamp'), '2026-01-02T03:04:05Z')
  assert.deepEqual((await api.get(`${MAPS}/a`)).body, made.body)
  const put = await api.put(`${MAPS}/a`, { ...made.body, data: { x: '2' } })
  assert.equal(put.status, 200)
  assert(
    Number(textAt(put.body, 'metadata', 'resourceVersion')) > Number(textAt(made.body, 'metadata', 'resourceVersion')),
  )
  const patched = await api.patch(`${MAPS}/a`, { data: { y: '3' } })
  assert.deepEqual(patched.body['data'], { x: '2', y: '3' })
  const gone = await api.delete(`${MAPS}/a`)
  assert.equal(gone.body['status'], 'Success')
  assert.equal(jsonAt(gone.body, 'details', 'uid'), textAt(made.body, 'metadata', 'uid'))
  assert.equal((await api.get(`${MAPS}/a`)).status, 404)
})

test('a change of nothing is no change', async () => {
  await using api = await MemoryApi.open()
  const made = await api.post(MAPS, { metadata: { name: 'a' }, data: { x: '1' } })
  const put = await api.put(`${MAPS}/a`, made.body)
  assert.deepEqual(put.body, made.body)
})

test('empty lists and maps are not kept, so that what clients without them send back is no change', async () => {
  await using api = await MemoryApi.open()
  const container = { name: 'c', image: 'i', args: [], resources: { limits: {} }, volumeMounts: [] }
  const spec = { containers: [container], volumes: [{ name: 'v', emptyDir: {} }], tolerations: [], nodeSelector: {} }
  const made = await api.post('/api/v1/namespaces/default/pods', { metadata: { name: 'p', labels: {} }, spec })
  assert.equal(made.status, 201)
  assert.equal(jsonAt(made.body, 'metadata', 'labels'), undefined)
  for (const name of ['tolerations', 'nodeSelector']) assert.equal(jsonAt(made.body, 'spec', name), undefined)
  const [kept] = listAt(made.body, 'spec', 'containers')
  assert.deepEqual(jsonAt(kept, 'resources'), {})
  assert.equal(jsonAt(kept, 'args'), undefined)
  assert.deepEqual(jsonAt(made.body, 'spec', 'volumes'), [{ name: 'v', emptyDir: {} }])
  await api.patch('/api/v1/namespaces/default/pods/p', { metadata: { annotations: { a: 'b' } } })
  const bare = await api.patch('/api/v1/namespaces/default/pods/p', { metadata: { annotations: { a: null } } })
  assert.equal(jsonAt(bare.body, 'metadata', 'annotations'), undefined)
  const put = await api.put('/api/v1/namespaces/default/pods/p', {
    ...bare.body,
    metadata: { ...Object(jsonAt(bare.body, 'metadata')), annotations: {} },
    spec: { ...Object(jsonAt(bare.body, 'spec')), tolerations: [] },
  })
  assert.deepEqual(put.body, bare.body)
})

test('whoever changes an older version is refused', async () => {
  await using api = await MemoryApi.open()
  const made = await api.post(MAPS, { metadata: { name: 'a' } })
  await api.patch(`${MAPS}/a`, { data: { x: '1' } })
  const stale = await api.put(`${MAPS}/a`, made.body)
  assert.equal(stale.status, 409)
  assert.equal(stale.body['reason'], 'Conflict')
  assert.match(textAt(stale.body, 'message') ?? '', /the object has been modified; please apply your changes/)
  assert.deepEqual(jsonAt(stale.body, 'details'), { name: 'a', kind: 'configmaps' })
  const patch = await api.patch(`${MAPS}/a`, { metadata: { resourceVersion: '1' }, data: { x: '2' } })
  assert.equal(patch.status, 409)
  const other = { ...made.body, metadata: { name: 'a', uid: 'other' } }
  assert.equal((await api.put(`${MAPS}/a`, other)).status, 409)
})

test('refusals say what Kubernetes says', async () => {
  await using api = await MemoryApi.open()
  await api.post(MAPS, { metadata: { name: 'a' } })
  const cases = [
    [await api.get(`${MAPS}/none`), 404, 'NotFound', 'configmaps "none" not found'],
    [await api.post(MAPS, { metadata: { name: 'a' } }), 409, 'AlreadyExists', 'configmaps "a" already exists'],
    [await api.get('/api/v1/nothings'), 404, 'NotFound', 'the server could not find the requested resource'],
    [await api.put(`${MAPS}/a`, { metadata: { name: 'b' } }), 400, 'BadRequest', 'does not match the name on the URL'],
    [
      await api.post(MAPS, { kind: 'Pod', metadata: { name: 'x' } }),
      400,
      'BadRequest',
      'Pod in version "v1" cannot be handled as a ConfigMap',
    ],
    [
      await api.post(MAPS, { metadata: { name: 'x', namespace: 'y' } }),
      400,
      'BadRequest',
      'the namespace of the provided',
    ],
    [await api.post(MAPS, '{"a"'), 400, 'BadRequest', 'cannot be read'],
    [await api.send('PUT', MAPS, {}), 405, 'MethodNotAllowed', 'does not allow this method'],
    [await api.send('OPTIONS', MAPS), 405, 'MethodNotAllowed', 'does not allow this method'],
    [await api.get(MAPS, { 'x-user': 'nobody' }), 401, 'Unauthorized', 'Unauthorized'],
    [await api.get(MAPS, { 'x-user': 'eve' }), 403, 'Forbidden', 'configmaps is forbidden: User "eve" cannot list'],
    [await api.get(MAPS, { accept: 'image/png' }), 406, 'NotAcceptable', 'only the following media types'],
    [
      await api.send('POST', MAPS, 'x', { 'content-type': 'text/plain' }),
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format',
    ],
  ] as const
  for (const [answer, code, reason, said] of cases) {
    const { body, status } = answer
    assert.deepEqual([status, body['code'], body['reason'], body['status']], [code, code, reason, 'Failure'])
    assert((textAt(body, 'message') ?? '').includes(said), `${textAt(body, 'message')} says ${said}`)
  }
  const again = await api.post(MAPS, { metadata: { name: 'a' } })
  assert.deepEqual(again.body['details'], { name: 'a', kind: 'configmaps' })
})

test('an object that breaks rules is refused with every field, as kubectl prints it', async () => {
  await using api = await MemoryApi.open()
  const { status, body } = await api.post('/api/v1/namespaces/default/pods', {
    metadata: { name: 'A_b' },
    spec: { containers: [{ name: 'c' }] },
  })
  assert.deepEqual([status, body['reason']], [422, 'Invalid'])
  assert.match(textAt(body, 'message') ?? '', /^Pod "A_b" is invalid: \[?metadata\.name: Invalid value: "A_b"/)
  const fields = listAt(body, 'details', 'causes').map(cause => textAt(cause, 'field'))
  assert(fields.includes('metadata.name') && fields.includes('spec.containers[0].image'), String(fields))
})

test('unknown and doubled fields are refused, told or ignored, as the client wishes', async () => {
  await using api = await MemoryApi.open()
  const json = '{"metadata":{"name":"NAME"},"datum":{},"data":{"x":"1","x":"2"}}'
  const yaml = 'metadata:\n  name: NAME\ndatum: {}\ndata:\n  x: "1"\n  x: "2"\n'
  for (const [type, text] of [
    ['application/json', json],
    ['application/yaml', yaml],
  ] as const) {
    const named = (name: string): string => text.replace('NAME', name)
    const send = (how: string, name: string) =>
      api.send('POST', `${MAPS}?fieldValidation=${how}`, named(name), { 'content-type': type })
    const strict = await send('Strict', 'strict')
    assert.equal(strict.status, 400, type)
    const said = textAt(strict.body, 'message') ?? ''
    assert.match(said, /strict decoding error: /)
    assert(said.includes('unknown field "datum"') && said.includes('duplicate field "data.x"'), said)
    const name = type.slice(12)
    const warned = await send('Warn', `warn-${name}`)
    assert.equal(warned.status, 201, JSON.stringify(warned.body))
    assert.match(
      warned.headers.get('warning') ?? '',
      /299 - "unknown field \\"datum\\"", 299 - "duplicate field \\"data.x\\""/,
    )
    assert.equal(jsonAt(warned.body, 'data', 'x'), '2')
    const ignored = await send('Ignore', `ignore-${name}`)
    assert.equal(ignored.headers.get('warning'), null)
  }
  assert.equal((await api.post(`${MAPS}?fieldValidation=Nonsense`, { metadata: { name: 'x' } })).status, 400)
})

test('a kind that nothing acts on yet is told once in each write', async () => {
  await using api = await MemoryApi.open()
  const pod = { metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  const made = await api.post('/api/v1/namespaces/default/pods', pod)
  assert.match(made.headers.get('warning') ?? '', /^299 - "Pod objects are kept, but nothing acts on them yet"$/)
  assert.equal((await api.get('/api/v1/namespaces/default/pods/a')).headers.get('warning'), null)
  const CONTROLLERS = '/api/v1/namespaces/default/replicationcontrollers'
  await api.post(CONTROLLERS, {
    metadata: { name: 'r' },
    spec: { selector: { a: 'b' }, template: { metadata: { labels: { a: 'b' } }, spec: pod.spec } },
  })
  const scaled = await api.patch(`${CONTROLLERS}/r/scale`, { spec: { replicas: 2 } })
  assert.match(scaled.headers.get('warning') ?? '', /^299 - "ReplicationController objects are kept/)
  const secret = {
    metadata: { name: 's', annotations: { 'kubernetes.io/service-account.name': 'me' } },
    type: 'kubernetes.io/service-account-token',
  }
  const empty = await api.post('/api/v1/namespaces/default/secrets', secret)
  assert.match(empty.headers.get('warning') ?? '', /^299 - "no token is put into a Secret of type/)
})

test('dryRun answers what would be and stores nothing', async () => {
  await using api = await MemoryApi.open()
  const made = await api.post(`${MAPS}?dryRun=All`, { metadata: { generateName: 'a-' } })
  assert.match(textAt(made.body, 'metadata', 'name') ?? '', /^a-[a-z0-9]{5}$/)
  assert.equal(listAt((await api.get(MAPS)).body, 'items').length, 0)
  await api.post(MAPS, { metadata: { name: 'b' } })
  await api.patch(`${MAPS}/b?dryRun=All`, { data: { x: '1' } })
  await api.delete(`${MAPS}/b?dryRun=All`)
  await api.delete(`${MAPS}/b`, { kind: 'DeleteOptions', apiVersion: 'v1', dryRun: ['All'] })
  assert.equal(jsonAt((await api.get(`${MAPS}/b`)).body, 'data'), undefined)
  assert.equal((await api.post(`${MAPS}?dryRun=Some`, { metadata: { name: 'x' } })).status, 400)
})

test('generateName finds a name that is free', async () => {
  await using api = await MemoryApi.open()
  const names = new Set<string>()
  for (let index = 0; index < 5; index += 1) {
    const { body } = await api.post(MAPS, { metadata: { generateName: 'web-' } })
    names.add(textAt(body, 'metadata', 'name') ?? '')
  }
  assert.equal(names.size, 5)
})

test('bodies and URLs beyond their limits are refused', async () => {
  await using api = await MemoryApi.open()
  const large = await api.post(MAPS, { metadata: { name: 'a' }, data: { x: 'x'.repeat(3.1 * 1024 * 1024) } })
  assert.deepEqual([large.status, large.body['reason']], [413, 'RequestEntityTooLarge'])
  assert.equal((await api.get(`${MAPS}?labelSelector=${'a'.repeat(40_000)}`)).status, 400)
  assert.equal((await api.get(`${MAPS}/%ff`)).status, 400)
})

test('HEAD answers as GET without a body', async () => {
  await using api = await MemoryApi.open()
  const response = await api.fetch(MAPS, { method: 'HEAD' })
  assert.equal(response.status, 200)
  assert.equal(await response.text(), '')
})

test('what fails inside is told without its reason', async () => {
  await using api = await MemoryApi.open({ authorize: () => Promise.reject(new Error('secret')) })
  const { status, body } = await api.get(MAPS)
  assert.deepEqual([status, body['reason'], body['message']], [500, 'InternalError', 'an internal error occurred'])
  assert.deepEqual([...new Set(api.warnings)], ['a request broke'])
})
