import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonObject, type Json, type JsonObject, jsonAt, listAt, textAt } from '#schema'
import { type Answer, MemoryApi } from '../testing/memory-api.ts'

const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const MAPS = '/api/v1/namespaces/default/configmaps'

const MERGE = { 'content-type': 'application/merge-patch+json' }

function apply(api: MemoryApi, path: string, body: Json, query = 'fieldManager=a'): Promise<Answer> {
  const at = `${path}${path.includes('?') ? '&' : '?'}${query}`
  return api.send('PATCH', at, body, { 'content-type': 'application/apply-patch+yaml' })
}

function deployment(spec: JsonObject = {}): JsonObject {
  const labels = { app: 'web' }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'a' }] } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { selector: { matchLabels: labels }, template, ...spec },
  }
}

function mapOf(data: JsonObject, metadata: JsonObject = {}): JsonObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm', ...metadata }, data }
}

function managers(answer: Answer): string[] {
  return listAt(answer.body, 'metadata', 'managedFields').map(entry =>
    [textAt(entry, 'manager'), textAt(entry, 'operation'), textAt(entry, 'subresource')].filter(Boolean).join(' '),
  )
}

test('an apply makes an object, changes it, and does nothing when it is so already', async () => {
  await using api = await MemoryApi.open()
  const made = await apply(api, `${DEPLOYMENTS}/web`, deployment({ replicas: 3 }))
  assert.equal(made.status, 201)
  assert.deepEqual([jsonAt(made.body, 'spec', 'replicas'), jsonAt(made.body, 'spec', 'revisionHistoryLimit')], [3, 10])
  assert.deepEqual(managers(made), ['a Apply'])
  const again = await apply(api, `${DEPLOYMENTS}/web`, deployment({ replicas: 3 }))
  assert.equal(again.status, 200)
  assert.deepEqual(again.body, made.body)
  const less = await apply(api, `${DEPLOYMENTS}/web`, deployment({ paused: true }))
  assert.deepEqual([jsonAt(less.body, 'spec', 'replicas'), jsonAt(less.body, 'spec', 'paused')], [1, true])
  assert.equal(jsonAt(less.body, 'metadata', 'generation'), 2)
})

test('a conflict names the fields and their managers, and force takes them', async () => {
  await using api = await MemoryApi.open()
  await api.send('POST', `${DEPLOYMENTS}?fieldManager=maker`, deployment({ replicas: 1 }))
  const refused = await apply(api, `${DEPLOYMENTS}/web`, deployment({ replicas: 2 }))
  assert.equal(refused.status, 409)
  assert.equal(refused.body['reason'], 'Conflict')
  assert.equal(
    refused.body['message'],
    'Apply failed with 1 conflict: conflict with "maker" using apps/v1: .spec.replicas',
  )
  assert.deepEqual(jsonAt(refused.body, 'details', 'causes'), [
    { reason: 'FieldManagerConflict', message: 'conflict with "maker" using apps/v1', field: '.spec.replicas' },
  ])
  const forced = await apply(api, `${DEPLOYMENTS}/web`, deployment({ replicas: 2 }), 'fieldManager=a&force=true')
  assert.equal(jsonAt(forced.body, 'spec', 'replicas'), 2)
  assert.deepEqual(managers(forced), ['a Apply', 'maker Update'])
  const two = deployment({ replicas: 4, paused: false, minReadySeconds: 1 })
  await apply(api, `${DEPLOYMENTS}/web`, two, 'fieldManager=b&force=true')
  const both = await apply(api, `${DEPLOYMENTS}/web`, deployment({ replicas: 9, minReadySeconds: 9 }))
  assert.equal(
    both.body['message'],
    'Apply failed with 2 conflicts: conflicts with "b":\n- .spec.minReadySeconds\n- .spec.replicas',
  )
})

test('every write notes who did it, and one that changes nothing does not', async () => {
  await using api = await MemoryApi.open()
  const agent = { 'user-agent': 'kubectl-x/v1 (linux)' }
  await api.send('POST', MAPS, mapOf({ a: '1' }), agent)
  const patched = await api.send(
    'PATCH',
    `${MAPS}/m?fieldManager=editor`,
    { data: { b: '2' } },
    {
      'content-type': 'application/merge-patch+json',
    },
  )
  assert.deepEqual(managers(patched), ['editor Update', 'kubectl-x Update'])
  const entries = listAt(patched.body, 'metadata', 'managedFields')
  assert.deepEqual(entries[0], {
    manager: 'editor',
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-01-02T03:04:05Z',
    fieldsType: 'FieldsV1',
    fieldsV1: { 'f:data': { 'f:b': {} } },
  })
  const nothing = await api.send('PUT', `${MAPS}/m?fieldManager=other`, patched.body)
  assert.deepEqual(nothing.body, patched.body)
})

test('a status is noted for its subresource, and an object without it', async () => {
  await using api = await MemoryApi.open()
  await apply(api, `${DEPLOYMENTS}/web`, { ...deployment(), status: { replicas: 9 } })
  const status = { ...deployment(), spec: undefined, status: { readyReplicas: 1 } }
  const { spec: _, ...only } = status
  const written = await apply(api, `${DEPLOYMENTS}/web/status`, only as JsonObject, 'fieldManager=s')
  assert.equal(written.status, 200, JSON.stringify(written.body))
  assert.deepEqual(managers(written), ['a Apply', 's Apply status'])
  assert.deepEqual(written.body['status'], { readyReplicas: 1 })
  const entry = listAt(written.body, 'metadata', 'managedFields')[0]
  assert.deepEqual(Object.keys(objectAt(entry, 'fieldsV1')), ['f:spec'])
  const put = await api.send('PUT', `${DEPLOYMENTS}/web/status?fieldManager=k`, {
    ...written.body,
    status: { readyReplicas: 2 },
  })
  assert.deepEqual(managers(put), ['a Apply', 'k Update status'])
  const refused = await apply(api, `${DEPLOYMENTS}/none/status`, { ...deployment(), metadata: { name: 'none' } })
  assert.equal(refused.status, 404)
})

test('a scaled object is noted for its subresource, and whoever applies the number later has a conflict', async () => {
  await using api = await MemoryApi.open()
  await apply(api, `${DEPLOYMENTS}/web`, deployment({ replicas: 1 }))
  const scaled = await api.send(
    'PATCH',
    `${DEPLOYMENTS}/web/scale?fieldManager=scaler`,
    { spec: { replicas: 4 } },
    MERGE,
  )
  assert.equal(scaled.status, 200, JSON.stringify(scaled.body))
  const now = await api.get(`${DEPLOYMENTS}/web`)
  assert.deepEqual(managers(now), ['a Apply', 'scaler Update scale'])
  const refused = await apply(api, `${DEPLOYMENTS}/web`, deployment({ replicas: 1 }))
  assert.match(
    textAt(refused.body, 'message') ?? '',
    /conflict with "scaler" with subresource "scale" using apps\/v1: \.spec\.replicas/,
  )
  const without = await apply(api, `${DEPLOYMENTS}/web`, deployment())
  assert.equal(jsonAt(without.body, 'spec', 'replicas'), 4)
  const scale = await apply(api, `${DEPLOYMENTS}/web/scale`, { apiVersion: 'autoscaling/v1', kind: 'Scale' })
  assert.equal(scale.status, 200)
})

test('whoever may not make an object cannot make it by an apply', async () => {
  await using api = await MemoryApi.open({
    authorize: (_caller, attempt) =>
      Promise.resolve(attempt.verb !== 'create' || jsonAt({ ...attempt }, 'plural') === 'namespaces'),
  })
  const refused = await apply(api, `${MAPS}/m`, mapOf({}))
  assert.equal(refused.status, 403)
  assert.match(textAt(refused.body, 'message') ?? '', /cannot create resource "configmaps"/)
})

test('a dry run shows what an apply would do, and does nothing', async () => {
  await using api = await MemoryApi.open()
  const dry = await apply(api, `${MAPS}/m`, mapOf({ a: '1' }), 'fieldManager=a&dryRun=All')
  assert.deepEqual([dry.status, dry.body['data']], [201, { a: '1' }])
  assert.equal((await api.get(`${MAPS}/m`)).status, 404)
  await apply(api, `${MAPS}/m`, mapOf({ a: '1' }))
  const changed = await apply(api, `${MAPS}/m`, mapOf({ a: '2' }), 'fieldManager=a&dryRun=All')
  assert.deepEqual(changed.body['data'], { a: '2' })
  assert.deepEqual((await api.get(`${MAPS}/m`)).body['data'], { a: '1' })
})

test('what cannot be applied is refused, and says why', async () => {
  await using api = await MemoryApi.open()
  const rows: readonly (readonly [Json, string, number, RegExp])[] = [
    [
      mapOf({}),
      '',
      422,
      /^PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch$/,
    ],
    [mapOf({}), `fieldManager=${'x'.repeat(129)}`, 422, /fieldManager: Too long: may not be more than 128 bytes/],
    [mapOf({}), 'fieldManager=a%00', 422, /should only contain printable characters/],
    [mapOf({}, { managedFields: [] }), 'fieldManager=a', 400, /^metadata.managedFields must be nil$/],
    [mapOf({}, { name: 'other' }), 'fieldManager=a', 400, /does not match the name on the URL/],
    [
      mapOf({}, { uid: 'u' }),
      'fieldManager=a',
      409,
      /uid mismatch: the provided object specified uid u, and no existing/,
    ],
    [{ ...mapOf({}), apiVersion: 'v2' }, 'fieldManager=a', 400, /Specified patch version: v2, expected: v1/],
    [
      { ...mapOf({}), kind: 'Secret' },
      'fieldManager=a',
      400,
      /Secret in version "v1" cannot be handled as a ConfigMap/,
    ],
    [{ ...mapOf({}), more: 1 }, 'fieldManager=a', 400, /\.more: field not declared in schema/],
    [
      { ...mapOf({}), more: 1 },
      'fieldManager=a&fieldValidation=Strict',
      400,
      /^failed to create typed patch object \(default\/m; v1, Kind=ConfigMap\): \.more: field not declared in schema$/,
    ],
    [
      { ...mapOf({}), data: 1 },
      'fieldManager=a',
      400,
      /^failed to create typed patch object \(default\/m; v1, Kind=ConfigMap\): json: cannot unmarshal number into/,
    ],
    ['- a', 'fieldManager=a', 400, /must be an object/],
    ['a: [', 'fieldManager=a', 400, /cannot be read/],
  ]
  for (const [body, query, status, message] of rows) {
    const refused = await apply(api, `${MAPS}/m`, body, query)
    assert.match(textAt(refused.body, 'message') ?? '', message)
    assert.equal(refused.status, status)
  }
  const env = [{ name: 'E' }, { name: 'E' }]
  const twice = { containers: [{ name: 'web', image: 'a', env }] }
  const template = { metadata: { labels: { app: 'web' } }, spec: twice }
  const refused = await apply(api, `${DEPLOYMENTS}/web`, deployment({ template }))
  assert.match(
    textAt(refused.body, 'message') ?? '',
    /containers\[name="web"\]\.env: duplicate entries for key \[name="E"\]/,
  )
  const forced = await api.send('PATCH', `${MAPS}/m?force=true`, {}, { 'content-type': 'application/merge-patch+json' })
  assert.match(textAt(forced.body, 'message') ?? '', /force: Forbidden: may not be specified for non-apply patch/)
  const cbor = await api.patch(`${MAPS}/m`, {}, 'application/apply-patch+cbor')
  assert.equal(cbor.status, 415)
  assert.match(textAt(cbor.body, 'message') ?? '', /application\/apply-patch\+cbor is not read/)
  assert.equal((await api.get(`${MAPS}/m`)).status, 404)
})

test('an apply of an older version is refused', async () => {
  await using api = await MemoryApi.open()
  const made = await apply(api, `${MAPS}/m`, mapOf({ a: '1' }))
  const resourceVersion = jsonAt(made.body, 'metadata', 'resourceVersion')
  await apply(api, `${MAPS}/m`, mapOf({ a: '2' }))
  const stale = await apply(api, `${MAPS}/m`, mapOf({ a: '3' }, { resourceVersion }))
  assert.equal(stale.status, 409)
  assert.match(textAt(stale.body, 'message') ?? '', /the object has been modified/)
})

test('one empty entry has all managers forgotten', async () => {
  await using api = await MemoryApi.open()
  await apply(api, `${MAPS}/m`, mapOf({ a: '1' }))
  const reset = await api.patch(`${MAPS}/m`, { metadata: { managedFields: [{}] } })
  assert.equal(jsonAt(reset.body, 'metadata', 'managedFields'), undefined)
  const later = await apply(api, `${MAPS}/m`, mapOf({ a: '1' }), 'fieldManager=b')
  assert.deepEqual(managers(later), ['b Apply', 'before-first-apply Update'])
})

test('many who apply at once all get their fields', async () => {
  await using api = await MemoryApi.open()
  const names = Array.from({ length: 8 }, (_, index) => `n${index}`)
  await Promise.all(names.map(name => apply(api, `${MAPS}/m`, mapOf({ [name]: 'x' }), `fieldManager=${name}`)))
  const { body } = await api.get(`${MAPS}/m`)
  assert.deepEqual(Object.keys(objectAt(body, 'data')).sort(), names.toSorted())
})

function objectAt(value: Json | undefined, name: string): JsonObject {
  const found = jsonAt(value, name)
  return isJsonObject(found) ? found : {}
}
