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
  registry.define('tests.a.example', [])
  registry.define('tests.a.example', [])
  assert.equal(registry.find(own), undefined)
  assert.deepEqual([registry.all.length, registry.revision, registry.definitions], [count, 2, []])
})
