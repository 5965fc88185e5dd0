import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ServedResource } from '#client'
import { textAt } from '#schema'
import { againMs, deletionConditions, deletionOrder } from './plan.ts'

const served = (plural: string, group = '', more: Partial<ServedResource> = {}): ServedResource => {
  const verbs = new Set(['list', 'delete'])
  const versions = new Set(['v1'])
  return { group, version: 'v1', versions, plural, kind: plural, isNamespaced: true, verbs, ...more }
}

test('a namespace is emptied of its pods first, and of what can be listed and deleted', () => {
  const order = deletionOrder([
    served('configmaps'),
    served('pods'),
    served('pods', 'metrics.k8s.io', { verbs: new Set(['list']) }),
    served('bindings', '', { verbs: new Set(['create']) }),
    served('nodes', '', { isNamespaced: false }),
    served('jobs', 'batch'),
  ])
  assert.deepEqual(
    order.map(group => group.map(each => each.plural)),
    [['pods'], ['configmaps', 'jobs']],
  )
})

test('conditions say what is left in the words of Kubernetes, and keep their time while they say the same', () => {
  const remains = [
    { resource: served('configmaps'), count: 2, finalizers: new Map([['a.dev/x', 1]]) },
    { resource: served('jobs', 'batch'), count: 1, finalizers: new Map([['a.dev/x', 1]]) },
  ]
  const first = deletionConditions({ remains, failures: ['jobs: no'], discoveryFailure: undefined }, undefined, 'then')
  const message = (type: string, all = first) => {
    const found = all.find(each => each['type'] === type)
    return `${textAt(found, 'status')} ${textAt(found, 'reason')}: ${textAt(found, 'message')}`
  }
  assert.equal(
    message('NamespaceDeletionDiscoveryFailure'),
    'False ResourcesDiscovered: All resources successfully discovered',
  )
  assert.equal(
    message('NamespaceDeletionContentFailure'),
    'True ContentDeletionFailed: Failed to delete all resource types, 1 remaining: jobs: no',
  )
  assert.equal(
    message('NamespaceContentRemaining'),
    'True SomeResourcesRemain: Some resources are remaining: configmaps. has 2 resource instances, jobs.batch has 1 resource instances',
  )
  assert.equal(
    message('NamespaceFinalizersRemaining'),
    'True SomeFinalizersRemain: Some content in the namespace has finalizers remaining: a.dev/x in 2 resource instances',
  )
  const later = deletionConditions({ remains: [], failures: ['jobs: no'], discoveryFailure: undefined }, first, 'now')
  const time = (type: string) =>
    textAt(
      later.find(each => each['type'] === type),
      'lastTransitionTime',
    )
  assert.deepEqual([time('NamespaceContentRemaining'), time('NamespaceDeletionContentFailure')], ['now', 'then'])
})

test('a namespace that takes long is looked at less and less often', () => {
  const at = Date.parse('2026-01-01T00:00:00Z')
  const waits = [0, 4_000, 20_000, 3_600_000, -60_000].map(ageMs => againMs('2026-01-01T00:00:00Z', at + ageMs))
  assert.deepEqual(waits, [500, 1_000, 5_000, 30_000, 500])
})
