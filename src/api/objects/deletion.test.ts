import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, jsonAt, listAt, textAt } from '#schema'
import { MemoryApi } from '../testing/memory-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'

function pod(name: string, spec: JsonObject = {}): JsonObject {
  return { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }], ...spec } }
}

test('an object with finalizers stays until they have gone, and gets no new ones', async () => {
  await using api = await MemoryApi.open()
  await api.post(MAPS, { metadata: { name: 'a', finalizers: ['a.dev/one', 'a.dev/two'] } })
  const marked = await api.delete(`${MAPS}/a`)
  assert.equal(jsonAt(marked.body, 'metadata', 'deletionTimestamp'), '2026-01-02T03:04:05Z')
  assert.equal(jsonAt(marked.body, 'metadata', 'deletionGracePeriodSeconds'), 0)
  const again = await api.delete(`${MAPS}/a`)
  assert.deepEqual(again.body, marked.body)
  const added = await api.patch(`${MAPS}/a`, { metadata: { finalizers: ['a.dev/one', 'a.dev/two', 'a.dev/three'] } })
  assert.equal(added.status, 422)
  await api.patch(`${MAPS}/a`, { metadata: { finalizers: ['a.dev/two'] } })
  assert.equal((await api.get(`${MAPS}/a`)).status, 200)
  await api.patch(`${MAPS}/a`, { metadata: { finalizers: null } })
  assert.equal((await api.get(`${MAPS}/a`)).status, 404)
})

test('propagation becomes a finalizer', async () => {
  await using api = await MemoryApi.open()
  const finalizers = async (options: JsonObject): Promise<unknown> => {
    await api.post(MAPS, { metadata: { name: 'a' } })
    const { body } = await api.delete(`${MAPS}/a`, options)
    await api.patch(`${MAPS}/a`, { metadata: { finalizers: null } })
    return body['status'] ?? jsonAt(body, 'metadata', 'finalizers')
  }
  assert.deepEqual(await finalizers({ propagationPolicy: 'Foreground' }), ['foregroundDeletion'])
  assert.deepEqual(await finalizers({ propagationPolicy: 'Orphan' }), ['orphan'])
  assert.deepEqual(await finalizers({ orphanDependents: true }), ['orphan'])
  assert.equal(await finalizers({ propagationPolicy: 'Background' }), 'Success')
  assert.equal(await finalizers({ orphanDependents: false }), 'Success')
  await api.post(MAPS, { metadata: { name: 'b' } })
  const { body } = await api.delete(`${MAPS}/b?propagationPolicy=Foreground`)
  assert.deepEqual(jsonAt(body, 'metadata', 'finalizers'), ['foregroundDeletion'])
  for (const options of [
    { propagationPolicy: 'Sideways' },
    { propagationPolicy: 'Orphan', orphanDependents: true },
    { dryRun: ['Some'] },
  ]) {
    assert.equal((await api.delete(`${MAPS}/b`, options)).status, 422, JSON.stringify(options))
  }
})

test('a deletion may name the object it is for', async () => {
  await using api = await MemoryApi.open()
  const { body } = await api.post(MAPS, { metadata: { name: 'a' } })
  const wrong = await api.delete(`${MAPS}/a`, { preconditions: { uid: 'other' } })
  assert.equal(wrong.status, 409)
  assert.match(
    textAt(wrong.body, 'message') ?? '',
    /the UID in the precondition \(other\) does not match the UID in record/,
  )
  assert.equal((await api.delete(`${MAPS}/a`, { preconditions: { resourceVersion: '1' } })).status, 409)
  const uid = textAt(body, 'metadata', 'uid') ?? ''
  assert.equal((await api.delete(`${MAPS}/a`, { preconditions: { uid } })).status, 200)
})

test('a pod that runs gets time to end, and less when asked again', async () => {
  await using api = await MemoryApi.open()
  await api.post(PODS, pod('a', { nodeName: 'n', terminationGracePeriodSeconds: 20 }))
  const marked = await api.delete(`${PODS}/a`)
  assert.equal(jsonAt(marked.body, 'metadata', 'deletionGracePeriodSeconds'), 20)
  assert.equal(jsonAt(marked.body, 'metadata', 'deletionTimestamp'), '2026-01-02T03:04:25Z')
  const longer = await api.delete(`${PODS}/a`, { gracePeriodSeconds: 50 })
  assert.equal(jsonAt(longer.body, 'metadata', 'deletionGracePeriodSeconds'), 20)
  const shorter = await api.delete(`${PODS}/a`, { gracePeriodSeconds: 5 })
  assert.equal(jsonAt(shorter.body, 'metadata', 'deletionTimestamp'), '2026-01-02T03:04:10Z')
  const touched = await api.patch(`${PODS}/a`, { metadata: { labels: { x: 'y' } } })
  assert.equal(touched.status, 200)
  await api.delete(`${PODS}/a`, { gracePeriodSeconds: 0 })
  assert.equal((await api.get(`${PODS}/a`)).status, 404)
  await api.post(PODS, pod('b'))
  await api.delete(`${PODS}/b`)
  assert.equal((await api.get(`${PODS}/b`)).status, 404)
})

test('a collection is deleted, or what the selectors choose of it', async () => {
  await using api = await MemoryApi.open()
  for (let index = 0; index < 100; index += 1) {
    await api.post(MAPS, { metadata: { name: `m${index}`, labels: { half: String(index % 2) } } })
  }
  const { status, body } = await api.delete(`${MAPS}?labelSelector=half%3D1`)
  assert.deepEqual([status, body['kind']], [200, 'ConfigMapList'])
  assert.equal(listAt((await api.get(MAPS)).body, 'items').length, 50)
  await api.delete(MAPS)
  assert.equal(listAt((await api.get(MAPS)).body, 'items').length, 0)
})

test('nothing is made in a namespace that is not there, or going', async () => {
  await using api = await MemoryApi.open()
  const missing = await api.post('/api/v1/namespaces/none/configmaps', { metadata: { name: 'a' } })
  assert.deepEqual([missing.status, missing.body['message']], [404, 'namespaces "none" not found'])
  const { body } = await api.post('/api/v1/namespaces', { metadata: { name: 'a' } })
  assert.deepEqual(jsonAt(body, 'spec', 'finalizers'), ['kubernetes'])
  assert.equal(jsonAt(body, 'metadata', 'labels', 'kubernetes.io/metadata.name'), 'a')
  assert.equal(jsonAt(body, 'status', 'phase'), 'Active')
  const going = await api.delete('/api/v1/namespaces/a')
  assert.equal(jsonAt(going.body, 'status', 'phase'), 'Terminating')
  const late = await api.post('/api/v1/namespaces/a/configmaps', { metadata: { name: 'a' } })
  assert.equal(late.status, 403)
  assert.equal(
    late.body['message'],
    'configmaps "a" is forbidden: unable to create new content in namespace a because it is being terminated',
  )
  assert.equal(textAt(listAt(late.body, 'details', 'causes')[0], 'reason'), 'NamespaceTerminating')
})

test('a namespace goes when it is finalized, and only then', async () => {
  await using api = await MemoryApi.open()
  await api.post('/api/v1/namespaces', { metadata: { name: 'a' } })
  await api.patch('/api/v1/namespaces/a', { spec: { finalizers: [] } })
  const kept = await api.delete('/api/v1/namespaces/a')
  assert.deepEqual(jsonAt(kept.body, 'spec', 'finalizers'), ['kubernetes'])
  const done = await api.put('/api/v1/namespaces/a/finalize', { ...kept.body, spec: { finalizers: [] } })
  assert.equal(done.status, 200)
  assert.equal((await api.get('/api/v1/namespaces/a')).status, 404)
})

test('the namespaces that every cloud has stay: Leases of machines lie in one', async () => {
  await using api = await MemoryApi.open()
  await api.post('/api/v1/namespaces', { metadata: { name: 'kube-node-lease' } })
  for (const name of ['default', 'kube-node-lease']) {
    const { status, body } = await api.delete(`/api/v1/namespaces/${name}`)
    const message = `namespaces "${name}" is forbidden: this namespace may not be deleted`
    assert.deepEqual([status, body['message']], [403, message])
  }
})

test('a namespace that is deleted between the look at it and the write takes nothing in', async () => {
  await using api = await MemoryApi.open()
  await api.post('/api/v1/namespaces', { metadata: { name: 'a' } })
  const txn = api.keyspace.txn.bind(api.keyspace)
  let isFirst = true
  api.keyspace.txn = async (request, signal) => {
    if (isFirst) {
      isFirst = false
      await api.delete('/api/v1/namespaces/a')
    }
    return txn(request, signal)
  }
  const late = await api.post('/api/v1/namespaces/a/configmaps', { metadata: { name: 'a' } })
  assert.equal(late.status, 403)
  assert.equal((await api.get('/api/v1/namespaces/a/configmaps/a')).status, 404)
})
