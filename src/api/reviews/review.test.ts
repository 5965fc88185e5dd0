import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Json, jsonAt, listAt, textAt } from '#schema'
import { MemoryApi } from '../testing/memory-api.ts'

test('a question that cannot be answered is refused with the field, as kubectl prints it', async () => {
  await using api = await MemoryApi.open()
  const ask = (spec: Json) => api.post('/apis/authorization.k8s.io/v1/subjectaccessreviews', { spec })
  const [about, who] = [{ verb: 'get', resource: 'pods' }, 'ann']
  const cases = [
    [{ user: who }, 'spec.resourceAttributes'],
    [
      { user: who, resourceAttributes: about, nonResourceAttributes: { path: '/', verb: 'get' } },
      'spec.resourceAttributes',
    ],
    [{ resourceAttributes: about }, 'spec.user'],
  ] as const
  for (const [spec, field] of cases) {
    const { status, body } = await ask(spec)
    assert.deepEqual([status, jsonAt(body, 'details', 'kind')], [422, 'SubjectAccessReview'])
    assert.equal(textAt(listAt(body, 'details', 'causes')[0], 'field'), field)
  }
})
