import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject } from '../json.ts'
import { isJsonObject } from '../json.ts'
import type { KubeObject } from '../object.ts'
import { customResourceDefinition } from '../kinds/apiextensions/custom-resource-definition.ts'
import { customResources } from './resources.ts'

const VERSION: JsonObject = {
  name: 'v1',
  served: true,
  storage: true,
  schema: {
    openAPIV3Schema: {
      type: 'object',
      properties: { spec: { type: 'object', properties: { n: { type: 'integer' } } } },
    },
  },
}

function definition(spec: JsonObject = {}, metadata: JsonObject = {}): KubeObject {
  const names = { plural: 'tests', kind: 'Test' }
  return customResourceDefinition.defaults({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'tests.example.com', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z', ...metadata },
    spec: { group: 'example.com', scope: 'Namespaced', names, versions: [VERSION], ...spec },
  })
}

const REFUSED: readonly (readonly [spec: JsonObject, field: string, message: RegExp])[] = [
  [{ group: 'other.com' }, 'metadata.name', /must be spec.names.plural/],
  [{ group: 'example' }, 'spec.group', /at least one dot/],
  [{ group: 'x.k8s.io' }, 'metadata.annotations[api-approved.kubernetes.io]', /protected groups must have approval/],
  [{ scope: 'World' }, 'spec.scope', /supported values: "Cluster", "Namespaced"/],
  [{ names: { plural: 'Tests', kind: 'Test' } }, 'spec.names.plural', /DNS-1035/],
  [{ names: { plural: 'tests', kind: 'Test', listKind: 'Test' } }, 'spec.names.listKind', /may not be the same/],
  [{ names: { plural: 'tests', kind: 'Test', shortNames: ['T'] } }, 'spec.names.shortNames[0]', /DNS-1035/],
  [{ conversion: { strategy: 'Webhook' } }, 'spec.conversion.webhook', /required when strategy is set to Webhook/],
  [{ preserveUnknownFields: true }, 'spec.preserveUnknownFields', /cannot set to true/],
  [{ versions: [] }, 'spec.versions', /at least one version/],
  [{ versions: [VERSION, VERSION] }, 'spec.versions', /unique version names/],
  [{ versions: [{ ...VERSION, storage: false }] }, 'spec.versions', /exactly one version marked as storage/],
  [{ versions: [{ ...VERSION, name: '1' }] }, 'spec.versions[0].name', /DNS-1035/],
  [{ versions: [{ ...VERSION, schema: {} }] }, 'spec.versions[0].schema.openAPIV3Schema', /schemas are required/],
  [
    { versions: [{ ...VERSION, deprecationWarning: 'x' }] },
    'spec.versions[0].deprecationWarning',
    /only be set for deprecated/,
  ],
  [
    { versions: [{ ...VERSION, additionalPrinterColumns: [{ name: 'A', type: 'text', jsonPath: '.a' }] }] },
    'spec.versions[0].additionalPrinterColumns[0].type',
    /must be one of/,
  ],
  [
    { versions: [{ ...VERSION, additionalPrinterColumns: [{ name: 'A', type: 'string', jsonPath: 'a[' }] }] },
    'spec.versions[0].additionalPrinterColumns[0].jsonPath',
    /invalid path/,
  ],
  [
    {
      versions: [
        { ...VERSION, subresources: { scale: { specReplicasPath: '.status.x', statusReplicasPath: '.status.n' } } },
      ],
    },
    'spec.versions[0].subresources.scale.specReplicasPath',
    /under .spec/,
  ],
  [
    { versions: [{ ...VERSION, selectableFields: [{ jsonPath: '.spec' }] }] },
    'spec.versions[0].selectableFields[0].jsonPath',
    /must point to a field of type/,
  ],
]

test('a definition that cannot be kept is refused by its field', () => {
  assert.deepEqual(customResourceDefinition.validate(definition(), undefined), [])
  for (const [spec, field, message] of REFUSED) {
    const errors = customResourceDefinition.validate(definition(spec), undefined)
    const found = errors.find(error => error.field === field)
    assert.ok(found, `${field} in ${JSON.stringify(errors)}`)
    assert.match(found.message, message)
  }
})

test('what an established definition is known by stays, and versions that were stored', () => {
  const conditions = [{ type: 'Established', status: 'True' }]
  const old = definition()
  const established: KubeObject = { ...old, status: { conditions, storedVersions: ['v1'] } }
  const scope: KubeObject = { ...definition({ scope: 'Cluster' }), status: established['status'] }
  assert.deepEqual(fieldsOf(scope, established), ['spec.scope'])
  const renamed: KubeObject = {
    ...definition({ versions: [{ ...VERSION, name: 'v2' }] }),
    status: established['status'],
  }
  assert.deepEqual(fieldsOf(renamed, established), ['status.storedVersions[0]'])
  const both = customResourceDefinition.defaults(
    {
      ...definition({
        versions: [
          { ...VERSION, storage: false },
          { ...VERSION, name: 'v2' },
        ],
      }),
      status: established['status'],
    },
    old,
  )
  assert.deepEqual((both['status'] as JsonObject)['storedVersions'], ['v1', 'v2'])
  assert.deepEqual(fieldsOf(both, established), [])
})

function fieldsOf(now: KubeObject, old: KubeObject): readonly string[] {
  return customResourceDefinition.validate(now, old).map(({ field }) => field)
}

test('an established definition is served at each served version, from one stored form', () => {
  const open = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }
  const versions: Json = [
    VERSION,
    { ...VERSION, name: 'v1beta1', storage: false, deprecated: true, schema: open },
    { ...VERSION, name: 'v0', served: false, storage: false },
  ]
  const made = definition({ versions })
  assert.deepEqual(customResources(made), [], 'nothing is served before its names are granted')
  const spec = made['spec']
  assert.ok(isJsonObject(spec))
  const status = {
    conditions: [{ type: 'Established', status: 'True' }],
    acceptedNames: spec['names'],
    storedVersions: ['v1'],
  }
  const [first, second, ...more] = customResources({ ...made, status })
  assert.ok(first !== undefined && second !== undefined)
  assert.deepEqual([more.length, first.version, second.version], [0, 'v1', 'v1beta1'])
  assert.equal(second.custom?.deprecation, 'example.com/v1beta1 Test is deprecated')
  const object: KubeObject = {
    apiVersion: 'example.com/v1beta1',
    kind: 'Test',
    metadata: made.metadata,
    spec: { n: 1, odd: 2 },
  }
  const stored = second.storedForm?.toStored(object)
  assert.equal(stored?.apiVersion, 'example.com/v1')
  assert.ok(stored !== undefined)
  assert.deepEqual(first.storedForm?.toServed(stored)['spec'], { n: 1 })
  assert.deepEqual(second.storedForm?.toServed(stored), object)
})
