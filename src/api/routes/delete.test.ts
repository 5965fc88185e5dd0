import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, type JsonObject, jsonAt, listAt, textAt } from '#schema'
import { type Answer, MemoryApi } from '../testing/memory-api.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const PODS = '/api/v1/namespaces/default/pods'

async function makeMaps(api: MemoryApi, count: number, metadata: JsonObject = {}): Promise<void> {
  for (let index = 0; index < count; index += 1) {
    const name = `m${String(index).padStart(3, '0')}`
    await api.post(MAPS, { metadata: { name, labels: { half: String(index % 2) }, ...metadata } })
  }
}

function namesIn({ body }: Answer): (string | undefined)[] {
  return listAt(body, 'items').map(item => textAt(item, 'metadata', 'name'))
}

test('options of a deletion in every shape they come in', async () => {
  await using api = await MemoryApi.open()
  const kept = { finalizers: ['a.dev/x'] }
  /** What a deletion answers, and what finalizers the object has then; undefined when it is gone. */
  const after = async (query: string, body: Json | undefined, metadata: JsonObject = {}): Promise<unknown[]> => {
    await api.post(MAPS, { metadata: { name: 'a', ...metadata } })
    const answer = await api.delete(`${MAPS}/a${query}`, body)
    const left = await api.get(`${MAPS}/a`)
    await api.patch(`${MAPS}/a`, { metadata: { finalizers: null } })
    await api.delete(`${MAPS}/a`)
    const found = left.status === 404 ? undefined : (jsonAt(left.body, 'metadata', 'finalizers') ?? [])
    return [answer.status, found, jsonAt(left.body, 'metadata', 'deletionTimestamp') !== undefined]
  }
  const gone = [200, undefined, false]
  const options = (more: JsonObject): JsonObject => ({ kind: 'DeleteOptions', apiVersion: 'v1', ...more })
  const cases: readonly (readonly [string, Json | undefined, JsonObject, readonly unknown[]])[] = [
    ['', undefined, {}, gone],
    ['', {}, {}, gone],
    ['', { kind: 'DeleteOptions', apiVersion: 'apps/v1' }, {}, gone],
    ['', undefined, kept, [200, ['a.dev/x'], true]],
    ['', options({ propagationPolicy: 'Background' }), {}, gone],
    ['?propagationPolicy=Background', undefined, {}, gone],
    ['', options({ propagationPolicy: 'Foreground' }), {}, [200, ['foregroundDeletion'], true]],
    ['?propagationPolicy=Foreground', undefined, kept, [200, ['a.dev/x', 'foregroundDeletion'], true]],
    ['?propagationPolicy=Orphan', undefined, {}, [200, ['orphan'], true]],
    ['', options({ orphanDependents: true }), {}, [200, ['orphan'], true]],
    ['?orphanDependents=true', undefined, {}, [200, ['orphan'], true]],
    ['?orphanDependents=false', undefined, {}, gone],
    ['', options({ gracePeriodSeconds: 0 }), {}, gone],
    ['?gracePeriodSeconds=0', undefined, {}, gone],
    ['?gracePeriodSeconds=-1', undefined, {}, gone],
    ['?gracePeriodSeconds=soon', undefined, {}, [400, [], false]],
    ['', options({ dryRun: ['All'] }), {}, [200, [], false]],
    ['?dryRun=All', undefined, {}, [200, [], false]],
    ['?dryRun=All', options({}), {}, [200, [], false]],
    ['', options({ dryRun: ['Some'] }), {}, [422, [], false]],
    ['?dryRun=Some', undefined, {}, [422, [], false]],
    ['', options({ propagationPolicy: 'Sideways' }), {}, [422, [], false]],
    ['?propagationPolicy=Sideways', undefined, {}, [422, [], false]],
    ['', options({ propagationPolicy: 'Orphan', orphanDependents: true }), {}, [422, [], false]],
    ['', options({ preconditions: { uid: 'other' } }), {}, [409, [], false]],
    ['', options({ preconditions: { resourceVersion: '1' } }), {}, [409, [], false]],
    ['', options({ gracePeriodSeconds: 'x' }), {}, [400, [], false]],
    ['', { kind: 'ConfigMap', apiVersion: 'v1' }, {}, [400, [], false]],
    ['', '{"kind":', {}, [400, [], false]],
  ]
  for (const [query, body, metadata, wanted] of cases) {
    assert.deepEqual(await after(query, body, metadata), wanted, `${query} ${JSON.stringify(body)}`)
  }
  const { body } = await api.post(MAPS, { metadata: { name: 'a' } })
  const [uid, resourceVersion] = [
    textAt(body, 'metadata', 'uid') ?? '',
    textAt(body, 'metadata', 'resourceVersion') ?? '',
  ]
  assert.equal((await api.delete(`${MAPS}/a`, options({ preconditions: { uid, resourceVersion } }))).status, 200)
})

test('a deletion answers the object or that it went well, as Kubernetes does for the kind', async () => {
  await using api = await MemoryApi.open()
  await api.post(PODS, { metadata: { name: 'a' }, spec: { containers: [{ name: 'c', image: 'i' }] } })
  const pod = await api.delete(`${PODS}/a`)
  assert.deepEqual([pod.body['kind'], jsonAt(pod.body, 'metadata', 'name')], ['Pod', 'a'])
  await makeMaps(api, 1)
  const { body } = await api.delete(`${MAPS}/m000`)
  assert.deepEqual([body['kind'], body['status'], jsonAt(body, 'details', 'kind')], ['Status', 'Success', 'configmaps'])
})

test('deleting a collection answers the list of what was deleted', async () => {
  await using api = await MemoryApi.open()
  await makeMaps(api, 100)
  const dry = await api.delete(`${MAPS}?dryRun=All`)
  assert.deepEqual([dry.body['kind'], namesIn(dry).length], ['ConfigMapList', 100])
  const half = await api.delete(`${MAPS}?labelSelector=half%3D1`)
  assert.equal(namesIn(half).length, 50)
  assert(namesIn(half).every(name => Number(name?.slice(1)) % 2 === 1))
  const one = await api.delete(`${MAPS}?fieldSelector=metadata.name%3Dm002`)
  assert.deepEqual(namesIn(one), ['m002'])
  const few = await api.delete(`${MAPS}?limit=3`)
  assert.deepEqual(namesIn(few), ['m000', 'm004', 'm006'])
  const next = await api.delete(`${MAPS}?limit=2&continue=${textAt(few.body, 'metadata', 'continue')}`)
  assert.deepEqual(namesIn(next), ['m008', 'm010'])
  const table = await api.send('DELETE', `${MAPS}?limit=1`, undefined, {
    accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
  })
  assert.deepEqual([table.body['kind'], listAt(table.body, 'rows').length], ['Table', 1])
  assert.equal(namesIn(await api.get(MAPS)).length, 43)
  const rest = await api.delete(MAPS)
  assert.equal(namesIn(rest).length, 43)
  assert.deepEqual(namesIn(await api.get(MAPS)), [])
  assert.deepEqual((await api.delete(MAPS)).body['items'], [])
})

test('the options of a deletion hold for each of a collection', async () => {
  await using api = await MemoryApi.open()
  await makeMaps(api, 3)
  const { body } = await api.get(`${MAPS}/m001`)
  const uid = textAt(body, 'metadata', 'uid') ?? ''
  assert.equal((await api.delete(MAPS, { preconditions: { uid } })).status, 409)
  assert.deepEqual(namesIn(await api.get(MAPS)), ['m000', 'm002'])
  await api.delete(MAPS, { propagationPolicy: 'Foreground' })
  const left = await api.get(MAPS)
  assert.deepEqual(
    listAt(left.body, 'items').map(item => jsonAt(item, 'metadata', 'finalizers')),
    [['foregroundDeletion'], ['foregroundDeletion']],
  )
  assert.equal((await api.delete(`${MAPS}?resourceVersion=99999`)).status, 504)
  assert.equal((await api.delete(`${MAPS}?propagationPolicy=Sideways`)).status, 422)
})
