import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { runSteps } from '#base'
import { findingDuplicates } from './request/duplicates.ts'
import { MemoryApi } from './testing/memory-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const duplicatesIn = (text: string) => runSteps(findingDuplicates(text))
const RUNS = { numRuns: 150 }

/** Text that is nearly what the API reads. */
const nearly = (parts: readonly string[]) =>
  fc
    .array(fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...parts) }, fc.string({ maxLength: 6 })), {
      maxLength: 12,
    })
    .map(words => words.join(''))

const selector = nearly(['app', '=', '==', '!=', ',', ' in ', ' notin ', '(', ')', '!', 'a/b', ' ', 'metadata.name'])

test('no selector, parameter or token breaks a list or a watch', async () => {
  await using api = await MemoryApi.open()
  await api.post(MAPS, { metadata: { name: 'a', labels: { app: 'web' } } })
  const number = fc.oneof(fc.integer().map(String), fc.string({ maxLength: 4 }), fc.constant('999999999999999999'))
  const flag = fc.oneof(fc.constantFrom('true', 'false', '1'), fc.string({ maxLength: 3 }))
  const token = fc.oneof(
    fc.string(),
    fc.json().map(json => Buffer.from(json).toString('base64url')),
    fc
      .record({
        v: fc.constant(1),
        revision: fc.integer({ min: -1, max: 9 }),
        namespace: fc.string(),
        name: fc.string(),
      })
      .map(value => Buffer.from(JSON.stringify(value)).toString('base64url')),
  )
  const query = fc.record(
    {
      labelSelector: selector,
      fieldSelector: selector,
      limit: number,
      continue: token,
      resourceVersion: number,
      resourceVersionMatch: fc.constantFrom('Exact', 'NotOlderThan', '', 'x'),
      sendInitialEvents: flag,
      watch: flag,
      timeoutSeconds: fc.constantFrom('0', 'x'),
    },
    { requiredKeys: [] },
  )
  await fc.assert(
    fc.asyncProperty(query, async parameters => {
      const response = await api.fetch(`${MAPS}?${new URLSearchParams(parameters)}`)
      await Promise.all([response.body?.cancel(), api.clock.move(1)])
      assert([200, 400, 410, 422, 504].includes(response.status), String(response.status))
    }),
    RUNS,
  )
  assert.deepEqual(api.warnings, [])
})

test('no body breaks a write, and what is refused is not stored', async () => {
  await using api = await MemoryApi.open()
  const metadata = fc.record(
    {
      name: fc.oneof(fc.constantFrom('a', 'b', 'A_'), fc.string()),
      labels: fc.jsonValue(),
      finalizers: fc.jsonValue(),
    },
    { requiredKeys: [] },
  )
  const object = fc.record(
    { metadata, data: fc.jsonValue(), immutable: fc.jsonValue() },
    { requiredKeys: ['metadata'] },
  )
  const yaml = nearly([
    'metadata:',
    '\n',
    '  ',
    'name: a',
    '- ',
    '{',
    '}',
    '&x',
    '*x',
    '<<: ',
    '? ',
    '---',
    '"',
    '!!js',
  ])
  const body = fc.oneof(
    object.map(value => JSON.stringify(value)),
    fc.json(),
    fc.string(),
    yaml,
  )
  const type = fc.constantFrom('application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf')
  await fc.assert(
    fc.asyncProperty(body, type, async (text, contentType) => {
      const before = api.keyspace.revision
      const { status } = await api.send('POST', MAPS, text, { 'content-type': contentType })
      assert([201, 400, 409, 413, 422].includes(status), `${status} ${text}`)
      assert.equal(api.keyspace.revision > before, status === 201)
    }),
    RUNS,
  )
  assert.deepEqual(api.warnings, [])
})

test('no patch breaks an object', async () => {
  await using api = await MemoryApi.open()
  await api.post(MAPS, { metadata: { name: 'a' }, data: { x: '1' } })
  const path = nearly(['/', 'metadata', 'data', 'x', '~1', '~0', '-', '0', 'name', '__proto__', 'constructor'])
  const operation = fc.record({
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
    path,
    from: path,
    value: fc.jsonValue(),
  })
  const merge = fc.oneof(fc.jsonValue(), fc.record({ metadata: fc.jsonValue(), data: fc.jsonValue() }))
  const patch = fc.oneof(
    fc.tuple(fc.constant('json-patch'), fc.array(operation)),
    fc.tuple(fc.constantFrom('merge-patch', 'strategic-merge-patch'), merge),
  )
  await fc.assert(
    fc.asyncProperty(patch, async ([type, value]) => {
      const { status } = await api.patch(`${MAPS}/a`, value as never, `application/${type}+json`)
      assert([200, 400, 409, 422].includes(status), `${status} ${JSON.stringify(value)}`)
      assert.equal((await api.get(`${MAPS}/a`)).status, 200)
    }),
    RUNS,
  )
  assert.deepEqual(api.warnings, [])
  assert.equal(Object.hasOwn(Object.prototype, 'x'), false)
})

test('no path breaks the server', async () => {
  await using api = await MemoryApi.open()
  const path = nearly([
    '/',
    'api',
    'apis',
    'v1',
    'apps',
    'namespaces',
    'default',
    'pods',
    'a',
    'status',
    'scale',
    'watch',
    '%2f',
    '%',
    '..',
  ])
  const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS')
  await fc.assert(
    fc.asyncProperty(path, method, async (text, verb) => {
      const body = verb === 'GET' ? null : '{}'
      const init = { method: verb, body, headers: { 'content-type': 'application/json' } }
      const response = await api.fetch(`/${encodeURI(text).replaceAll('%25', '%')}`, init)
      await response.body?.cancel()
      assert(response.status < 500 || response.status === 503, `${verb} ${text}: ${response.status}`)
    }),
    RUNS,
  )
})

test('doubled fields are found, and only those', () => {
  fc.assert(fc.property(fc.json(), text => duplicatesIn(JSON.stringify(JSON.parse(text))).length === 0))
  assert.deepEqual(duplicatesIn('{"a":{"b":[1,{"c":1,"d":"{\\"c\\":1","c":2}]},"a":1}'), ['a.b[1].c', 'a'])
})
