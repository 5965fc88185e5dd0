import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RESOURCES, type Resource } from '#schema'
import { compareVersions, Registry } from './registry.ts'

test('versions stand in order of their maturity', () => {
  const sorted = ['v1alpha1', 'foo1', 'v10', 'v1beta2', 'v2', 'v1', 'v11beta2', 'v12alpha1', 'foo10', 'v1beta1']
  assert.deepEqual(sorted.toSorted(compareVersions), [
    'v10',
    'v2',
    'v1',
    'v11beta2',
    'v1beta2',
    'v1beta1',
    'v12alpha1',
    'v1alpha1',
    'foo1',
    'foo10',
  ])
})

test('definitions come and go, and never replace what is built in', () => {
  const registry = new Registry(RESOURCES)
  const [first] = RESOURCES
  assert.ok(first)
  const own: Resource = { ...first, group: 'a.example', plural: 'tests', version: 'v1' }
  const count = registry.all.length
  registry.define('tests.a.example', [own, { ...first }])
  assert.equal(registry.find(own), own)
  assert.equal(registry.find(first), first)
  assert.deepEqual([registry.all.length, registry.revision], [count + 1, 1])
  assert.equal(registry.endOf(own), undefined, 'only what people define can end')
  registry.define('tests.a.example', [])
  registry.define('tests.a.example', [])
  assert.equal(registry.find(own), undefined)
  assert.deepEqual([registry.all.length, registry.revision, registry.definitions], [count, 2, []])
})

test('who watches a defined resource is told when it ends or has another schema', () => {
  const registry = new Registry(RESOURCES)
  const [first] = RESOURCES
  assert.ok(first)
  const withSchema = (type: string): Resource => ({
    ...first,
    group: 'a.example',
    plural: 'tests',
    custom: { deprecation: undefined, isTerminating: false },
    shape: { ...first.shape, custom: { decode: value => ({ value, unknown: [], missing: [] }), openapi: { type } } },
  })
  const own = withSchema('object')
  registry.define('tests.a.example', [own])
  const end = registry.endOf(own)
  registry.define('tests.a.example', [withSchema('object')])
  assert.equal(end?.aborted, false)
  registry.define('tests.a.example', [withSchema('other')])
  assert.equal(end?.aborted, true)
  const last = registry.endOf(own)
  registry.define('tests.a.example', [])
  assert.equal(last?.aborted, true)
})
