import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from './json.ts'
import { cronJob } from './kinds/batch/cron-job.ts'
import { configMap } from './kinds/core/config-map.ts'
import { customResourceDefinition } from './kinds/apiextensions/custom-resource-definition.ts'
import { namespace } from './kinds/core/namespace.ts'
import { service } from './kinds/core/service.ts'
import { role } from './kinds/rbac/roles.ts'
import { judge } from './kinds/testing.ts'
import { metaErrors } from './meta.ts'
import type { Resource } from './resource.ts'

const owner = (more: JsonObject = {}): JsonObject => ({ apiVersion: 'v1', kind: 'Pod', name: 'a', uid: 'u', ...more })

const bad: readonly (readonly [JsonObject, readonly string[]])[] = [
  [
    { finalizers: ['mine'] },
    [
      'metadata.finalizers[0]: Invalid value: "mine": name is neither a standard finalizer name nor is it fully qualified',
    ],
  ],
  [
    { finalizers: ['orphan', 'foregroundDeletion'] },
    [
      'metadata.finalizers: Invalid value: ["orphan","foregroundDeletion"]: finalizer foregroundDeletion and orphan cannot be both set',
    ],
  ],
  [
    { annotations: { 'a/b': 'é'.repeat(132_000) } },
    ['metadata.annotations: Too long: may not be more than 262144 bytes'],
  ],
  [
    { labels: { a: 'x'.repeat(64) } },
    [`metadata.labels: Invalid value: "${'x'.repeat(64)}": must be no more than 63 characters`],
  ],
  [
    { ownerReferences: [owner({ apiVersion: 'apps/', kind: '', uid: '' })] },
    [
      'metadata.ownerReferences[0].apiVersion: Invalid value: "apps/": version must not be empty',
      'metadata.ownerReferences[0].kind: Invalid value: "": must not be empty',
      'metadata.ownerReferences[0].uid: Invalid value: "": must not be empty',
    ],
  ],
  [
    { ownerReferences: [owner({ kind: 'Event' })] },
    [
      'metadata.ownerReferences[0]: Invalid value: {"apiVersion":"v1","kind":"Event","name":"a","uid":"u"}: v1, Kind=Event is disallowed from being an owner',
    ],
  ],
  [
    { managedFields: [{ manager: 'x', operation: 'Take', fieldsType: 'FieldsV2' }] },
    [
      'metadata.managedFields[0].operation: Invalid value: "Take": must be `Apply` or `Update`',
      'metadata.managedFields[0].fieldsType: Invalid value: "FieldsV2": must be `FieldsV1`',
    ],
  ],
]

for (const [metadata, problems] of bad) {
  test(`metadata are refused: ${problems[0]?.slice(0, 120)}`, () => {
    assert.deepEqual(judge(configMap, { metadata }).problems, problems)
  })
}

test('an object has one controller', () => {
  const ownerReferences = ['a', 'b'].map(name => owner({ name, controller: true }))
  const [problem = ''] = judge(configMap, { metadata: { ownerReferences } }).problems
  assert.match(
    problem,
    /Only one reference can have Controller set to true\. Found "true" in references for Pod\/a and Pod\/b$/,
  )
})

test('finalizers may be named freely where people define kinds, and by domain or as Kubernetes has them elsewhere', () => {
  const finalizers = ['orphan', 'example.com/mine']
  assert.deepEqual(judge(configMap, { metadata: { finalizers } }).problems, [])
  const meta = { uid: 'u', name: 'as.example.com', creationTimestamp: '', finalizers: ['mine'] }
  const object = { apiVersion: 'a/v1', kind: 'A', metadata: meta }
  assert.deepEqual(metaErrors(customResourceDefinition, object, undefined), [])
})

const names: readonly (readonly [Resource, string, boolean])[] = [
  [configMap, 'a.b', true],
  [configMap, 'a'.repeat(254), false],
  [namespace, 'a.b', false],
  [service, '1a', false],
  [service, 'a'.repeat(64), false],
  [cronJob, 'a'.repeat(53), false],
  [role, 'system:Any Thing', true],
  [role, 'a/b', false],
  [role, '..', false],
]

for (const [resource, name, isGood] of names) {
  test(`a ${resource.kind} ${isGood ? 'may' : 'may not'} be called ${name.slice(0, 20)} (${name.length})`, () => {
    const { problems } = judge(resource, { metadata: { name } })
    assert.equal(
      problems.some(problem => problem.startsWith('metadata.name:')),
      !isGood,
    )
  })
}

test('what names are made of is checked as names are, and may end with a hyphen', () => {
  const problemsOf = (generateName: string) =>
    judge(configMap, { metadata: { generateName } }).problems.map(problem => problem.split(':')[0])
  assert.deepEqual(problemsOf('web-'), [])
  assert.deepEqual(problemsOf('Web-'), ['metadata.generateName'])
})
