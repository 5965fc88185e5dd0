import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isJsonObject, type Json } from '#schema'
import { MemoryApi } from '../testing/memory-api.ts'

const POD = '/api/v1/namespaces/default/pods/x'

const name = fc.constantFrom(
  'apiVersion',
  'kind',
  'metadata',
  'spec',
  'status',
  'labels',
  'managedFields',
  'fieldsV1',
  'manager',
  'operation',
  'fieldsType',
  'containers',
  'name',
  'image',
  'ports',
  'containerPort',
  'env',
  '$patch',
  '__proto__',
  'f:spec',
  '.',
  'k:{"name":"a"}',
  'op',
  'path',
  'from',
  'value',
)
const leaf = fc.constantFrom<Json>(
  null,
  true,
  0,
  80,
  1e300,
  '',
  'v1',
  'Pod',
  'x',
  'Apply',
  'FieldsV1',
  'add',
  'copy',
  '/spec',
  '/spec/containers/0',
  'delete',
)
const json = fc.letrec<{ any: Json }>(tie => ({
  any: fc.oneof(
    { depthSize: 'medium', withCrossShrink: true },
    leaf,
    fc.array(tie('any'), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie('any')), { maxLength: 5 }).map(entries => Object.fromEntries(entries)),
  ),
})).any
const type = fc.constantFrom(
  'application/apply-patch+yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
)

test('a patch of anything is done or refused, and never breaks anything', async () => {
  await using api = await MemoryApi.open()
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'x' },
    spec: { containers: [{ name: 'a', image: 'a', ports: [{ containerPort: 80 }] }] },
  }
  const merged = (body: Json): Json => (isJsonObject(body) ? { ...object, ...body } : body)
  await api.post('/api/v1/namespaces/default/pods', object)
  await fc.assert(
    fc.asyncProperty(json, type, fc.boolean(), async (body, contentType, isWhole) => {
      const at = contentType.includes('apply') ? `${POD}?fieldManager=f&force=true` : POD
      const answer = await api.patch(at, isWhole ? merged(body) : body, contentType)
      assert.ok(answer.status < 500, JSON.stringify(answer.body))
      assert.equal(({} as Record<string, unknown>)['x'], undefined)
    }),
    { numRuns: 600 },
  )
  assert.deepEqual(api.warnings, [])
  assert.ok([200, 404].includes((await api.get(POD)).status))
})
