import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, type JsonObject, jsonAt, listAt, RESOURCES, textAt } from '#schema'
import { faultOf, statusOf } from '../status.ts'
import { ObjectStore } from '../store/object-store.ts'
import { MemoryApi } from '../testing/memory-api.ts'
import { Objects } from './objects.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

function deployment(name: string, spec: JsonObject = {}): JsonObject {
  const labels = { app: name }
  const template = { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } }
  return { metadata: { name }, spec: { replicas: 2, selector: { matchLabels: labels }, template, ...spec } }
}

test('what is left out of a body is what the path says; what is not to be there is not kept', async () => {
  await using api = await MemoryApi.open()
  const made = await api.post(MAPS, {
    metadata: {
      name: 'a',
      selfLink: '/x',
      resourceVersion: '0',
      uid: 'mine',
      creationTimestamp: '2001-01-01T00:00:00Z',
      deletionTimestamp: '2001-01-01T00:00:00Z',
    },
  })
  assert.equal(made.status, 201)
  assert.deepEqual([made.body['kind'], made.body['apiVersion']], ['ConfigMap', 'v1'])
  for (const name of ['selfLink', 'deletionTimestamp']) assert.equal(jsonAt(made.body, 'metadata', name), undefined)
  assert.notEqual(jsonAt(made.body, 'metadata', 'uid'), 'mine')
  const put = await api.put(`${MAPS}/a`, { metadata: { name: 'a', selfLink: '/x' }, data: { x: 'y' } })
  assert.deepEqual([put.status, jsonAt(put.body, 'metadata', 'selfLink')], [200, undefined])
  assert.equal((await api.put(`${MAPS}/a`, { kind: '', apiVersion: '', metadata: { name: 'a' } })).status, 200)
})

test('what is no object of its path is refused in the words of Kubernetes', async () => {
  await using api = await MemoryApi.open()
  await api.post(MAPS, { metadata: { name: 'a' } })
  const cases: readonly (readonly [string, string, Json, number, string])[] = [
    [
      'POST',
      MAPS,
      { metadata: { name: 'b', resourceVersion: '7' } },
      400,
      'resourceVersion should not be set on objects to be created',
    ],
    [
      'POST',
      '/api/v1/configmaps',
      { metadata: { name: 'b', namespace: 'default' } },
      405,
      'does not allow this method',
    ],
    ['DELETE', '/api/v1/configmaps', {}, 405, 'does not allow this method'],
    ['PUT', '/api/v1/configmaps/a', { metadata: { name: 'a' } }, 404, 'could not find the requested resource'],
    ['POST', MAPS, [], 400, 'ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal array'],
    [
      'POST',
      MAPS,
      { apiVersion: 'v2', metadata: { name: 'b' } },
      400,
      'the API version in the data (v2) does not match the expected API version (v1)',
    ],
    ['PUT', `${MAPS}/a`, { data: {} }, 400, 'the name of the object (a based on URL) was undeterminable'],
    [
      'PUT',
      `${MAPS}/a`,
      { metadata: { name: 'b' } },
      400,
      'the name of the object (b) does not match the name on the URL (a)',
    ],
    [
      'PUT',
      `${MAPS}/a`,
      { metadata: { name: 'a', namespace: 'b' } },
      400,
      'the namespace of the provided object does not match the namespace sent on the request',
    ],
    [
      'PUT',
      `${MAPS}/a`,
      { metadata: { name: 'a', uid: 'x' } },
      409,
      'Precondition failed: UID in precondition: x, UID in object meta: ',
    ],
    [
      'PUT',
      `${MAPS}/a`,
      { metadata: { name: 'a', deletionTimestamp: '2026-01-02T03:04:05Z' } },
      422,
      'metadata.deletionTimestamp: Invalid value: "2026-01-02T03:04:05Z": field is immutable',
    ],
    [
      'PUT',
      `${MAPS}/a`,
      { metadata: { name: 'a', deletionGracePeriodSeconds: 3 } },
      422,
      'metadata.deletionGracePeriodSeconds: Invalid value: 3: field is immutable',
    ],
    [
      'POST',
      DEPLOYMENTS,
      deployment('b', { replicas: 'x' }),
      400,
      'Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32',
    ],
    [
      'POST',
      `${DEPLOYMENTS}?fieldValidation=Strict`,
      '{"kind":"Deployment","metadata":{"name":"b","name":"b"},"speck":{},"spec":{"replica":1}}',
      400,
      'Deployment in version "v1" cannot be handled as a Deployment: strict decoding error: unknown field "speck", unknown field "spec.replica", duplicate field "metadata.name"',
    ],
    ['POST', MAPS, { metadata: { name: 'x'.repeat(254) } }, 422, 'metadata.name: Invalid value: "xxx'],
  ]
  for (const [method, path, body, status, said] of cases) {
    const answer = await api.send(method, path, body)
    assert.equal(answer.status, status, `${method} ${path} ${JSON.stringify(answer.body)}`)
    assert((textAt(answer.body, 'message') ?? '').includes(said), `${textAt(answer.body, 'message')} says ${said}`)
  }
  assert.equal(
    (await api.put(`${MAPS}/a`, { metadata: { name: 'a', creationTimestamp: '2001-01-01T00:00:00Z' } })).status,
    200,
  )
  assert.equal(listAt((await api.get(MAPS)).body, 'items').length, 1)
})

test('a patch that makes no object of its kind is what is refused', async () => {
  await using api = await MemoryApi.open()
  await api.post(DEPLOYMENTS, deployment('a'))
  const wrongType = 'json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'
  const merge = await api.patch(`${DEPLOYMENTS}/a`, { spec: { replicas: 'x' } })
  assert.deepEqual([merge.status, merge.body['reason']], [422, 'Invalid'])
  const [cause] = listAt(merge.body, 'details', 'causes')
  assert.deepEqual([textAt(cause, 'field'), textAt(cause, 'reason')], ['patch', 'FieldValueInvalid'])
  assert((textAt(cause, 'message') ?? '').endsWith(`: ${wrongType}`), textAt(cause, 'message'))
  const strategic = await api.patch(
    `${DEPLOYMENTS}/a`,
    { spec: { replicas: 'x', template: { spec: { containers: [{ name: 'c', stdin: true }] } } } },
    'application/strategic-merge-patch+json',
  )
  assert.equal(
    strategic.body['message'],
    ` "" is invalid: patch: Invalid value: "map[spec:map[replicas:x template:map[spec:map[containers:[map[name:c stdin:true]]]]]]": ${wrongType}`,
  )
  const unknown = await api.patch(`${DEPLOYMENTS}/a?fieldValidation=Strict`, { spec: { replica: 1 } })
  assert.equal(unknown.status, 422)
  assert.match(textAt(unknown.body, 'message') ?? '', /strict decoding error: unknown field "spec\.replica"$/)
})

test('generations count changes of what is wanted, where Kubernetes counts them', async () => {
  await using api = await MemoryApi.open()
  const claim = { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } }
  for (const [path, body] of [
    [MAPS, {}],
    ['/api/v1/namespaces', {}],
    ['/api/v1/nodes', {}],
    ['/api/v1/namespaces/default/services', { spec: { ports: [{ port: 80 }] } }],
    ['/api/v1/namespaces/default/persistentvolumeclaims', claim],
    ['/apis/coordination.k8s.io/v1/namespaces/default/leases', { spec: { holderIdentity: 'x' } }],
  ] as const) {
    const { body: made, status } = await api.post(path, { metadata: { name: 'a' }, ...body })
    assert.deepEqual([status, jsonAt(made, 'metadata', 'generation')], [201, undefined], path)
  }
  await api.post(DEPLOYMENTS, deployment('a'))
  const after = async (patch: JsonObject, path = '/a'): Promise<unknown> =>
    jsonAt((await api.patch(`${DEPLOYMENTS}${path}`, patch)).body, 'metadata', 'generation')
  assert.deepEqual(
    [
      await after({ metadata: { labels: { x: 'y' }, generation: 9 } }),
      await after({ spec: { replicas: 2 } }),
      await after({ status: { replicas: 1 } }, '/a/status'),
      await after({ spec: { replicas: 3 } }),
      await after({ metadata: { annotations: { x: 'y' } } }),
      await after({ metadata: { finalizers: ['a.dev/b'] } }),
    ],
    [1, 1, 1, 2, 3, 3],
  )
  const { body } = await api.delete(`${DEPLOYMENTS}/a`)
  assert.equal(jsonAt(body, 'metadata', 'generation'), 4)
  const classes = '/apis/scheduling.k8s.io/v1/priorityclasses'
  const made = await api.post(classes, { metadata: { name: 'a' }, value: 1 })
  assert.equal(jsonAt(made.body, 'metadata', 'generation'), 1)
})

test('an update that takes away the last finalizer of an object being deleted ends it', async () => {
  await using api = await MemoryApi.open()
  for (const how of ['put', 'patch'] as const) {
    await api.post(MAPS, { metadata: { name: 'a', finalizers: ['a.dev/one'] } })
    const { body } = await api.delete(`${MAPS}/a`)
    const { finalizers: _, ...metadata } = Object(jsonAt(body, 'metadata'))
    const bare = { metadata: how === 'put' ? metadata : { finalizers: null }, data: { last: 'words' } }
    const ended = how === 'put' ? await api.put(`${MAPS}/a`, bare) : await api.patch(`${MAPS}/a`, bare)
    assert.deepEqual([ended.status, ended.body['data']], [200, { last: 'words' }], how)
    assert.equal((await api.get(`${MAPS}/a`)).status, 404, how)
  }
})

test('a generated name that is always taken is refused, to be tried again', async () => {
  await using api = await MemoryApi.open()
  const { signal } = new AbortController()
  const entropy = { bytes: (count: number) => new Uint8Array(count) }
  const objects = new Objects({ store: new ObjectStore(api.keyspace), clock: api.clock, entropy })
  const maps = RESOURCES.find(({ plural }) => plural === 'configmaps')
  assert.ok(maps)
  const make = () =>
    objects.create(
      maps,
      { namespace: 'default', name: undefined },
      { body: { metadata: { generateName: `${'x'.repeat(70)}-` } }, options: { unknowns: 'Warn', isDryRun: false } },
      signal,
    )
  const { object } = await make()
  assert.equal(object.metadata.name, `${'x'.repeat(58)}bbbbb`)
  await assert.rejects(make(), error => {
    const status = statusOf(faultOf(error))
    assert.deepEqual([status['reason'], jsonAt(status, 'details', 'retryAfterSeconds')], ['AlreadyExists', 1])
    assert.match(textAt(status, 'message') ?? '', /the server was not able to generate a unique name for the object$/)
    return true
  })
})
