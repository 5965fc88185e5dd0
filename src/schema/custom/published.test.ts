import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isJsonObject, type Json, type JsonObject } from '../json.ts'
import { isKubeObject, type KubeObject } from '../object.ts'
import { definitionDefaults, namesIn } from './definition.ts'
import { definitionErrors } from './definition-errors.ts'
import { customResources } from './resources.ts'

// In the style of what large projects publish: gateways, node pools, entries of a service mesh, policies.
interface Published {
  readonly kind: string
  readonly spec: JsonObject
  readonly more?: JsonObject
  readonly columns?: readonly JsonObject[]
  readonly good: readonly (readonly [spec: JsonObject, read: JsonObject])[]
  readonly bad: readonly (readonly [spec: JsonObject, errors: readonly string[]])[]
}

const text = { type: 'string' }
const rule = (rule: string, message: string): JsonObject => ({ rule, message })
const AMOUNT =
  '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$'
const amount = {
  anyOf: [{ type: 'integer' }, { type: 'string' }],
  pattern: AMOUNT,
  'x-kubernetes-int-or-string': true,
}

const GATE: Published = {
  kind: 'Gate',
  columns: [
    { name: 'Address', type: 'string', jsonPath: '.spec.addresses[*].value' },
    { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type == "Ready")].status' },
    { name: 'Note', type: 'string', jsonPath: ".metadata.annotations['a.b/c']" },
    { name: 'App', type: 'string', jsonPath: '.metadata.labels.app\\.example\\.io/name' },
    { name: 'Last', type: 'string', jsonPath: '.status.conditions[-1:].type', priority: 10 },
  ],
  spec: {
    properties: {
      addresses: {
        type: 'array',
        maxItems: 16,
        items: {
          type: 'object',
          oneOf: [
            { properties: { type: { enum: ['IP'] }, value: { anyOf: [{ format: 'ipv4' }, { format: 'ipv6' }] } } },
            { properties: { type: { not: { enum: ['IP'] } } } },
          ],
          properties: { type: { type: 'string', default: 'IP' }, value: text },
        },
        'x-kubernetes-validations': [
          rule(
            "self.all(a, a.type == 'IP' && has(a.value) ? self.exists_one(b, b.type == a.type && b.value == a.value) : true)",
            'addresses must be unique',
          ),
        ],
      },
      listeners: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: {
          type: 'object',
          required: ['name'],
          properties: {
            name: text,
            host: text,
            port: { type: 'integer', format: 'int32', minimum: 1, maximum: 65535 },
            routes: {
              type: 'object',
              default: { from: { mode: 'Same' } },
              properties: {
                from: {
                  type: 'object',
                  default: { mode: 'Same' },
                  properties: { mode: { type: 'string', default: 'Same', enum: ['Same', 'All'] } },
                },
              },
            },
          },
          'x-kubernetes-validations': [
            rule('self.name == oldSelf.name && self.port >= oldSelf.port', 'ports only grow'),
          ],
        },
        'x-kubernetes-validations': [
          rule(
            'self.all(l, has(l.host) ? l.host.matches(r"""^(\\*\\.)?[a-z]+(\\.[a-z]+)*$""") : true)',
            'hosts are names',
          ),
        ],
      },
    },
  },
  more: {
    status: {
      type: 'object',
      default: { conditions: [{ type: 'Ready', status: 'Unknown' }] },
      properties: {
        conditions: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['type'],
          items: { type: 'object', required: ['type', 'status'], properties: { type: text, status: text } },
        },
      },
    },
  },
  good: [
    [
      { addresses: [{ value: '::1' }, { type: 'Host', value: 'x' }], listeners: [{ name: 'a', host: '*.a.b' }] },
      {
        addresses: [
          { type: 'IP', value: '::1' },
          { type: 'Host', value: 'x' },
        ],
        listeners: [{ name: 'a', host: '*.a.b', routes: { from: { mode: 'Same' } } }],
      },
    ],
    [{ listeners: [{ name: 'a', routes: {} }] }, { listeners: [{ name: 'a', routes: { from: { mode: 'Same' } } }] }],
  ],
  bad: [
    [{ addresses: [{ value: 'x' }] }, ['spec.addresses[0]', 'spec.addresses[0].type', '<nil>']],
    [{ addresses: [{ value: '::1' }, { value: '::1' }] }, ['spec.addresses']],
    [{ listeners: [{ name: 'a' }, { name: 'a', port: 0 }] }, ['spec.listeners[1].port', 'spec.listeners[1]', '<nil>']],
    [{ listeners: [{ name: 'a', host: 'A' }] }, ['spec.listeners']],
  ],
}

const POOL: Published = {
  kind: 'Pool',
  spec: {
    properties: {
      limits: { type: 'object', additionalProperties: amount },
      budgets: {
        type: 'array',
        default: [{ nodes: '10%' }],
        items: { type: 'object', properties: { nodes: { type: 'string', default: '10%' }, every: text, lasts: text } },
        'x-kubernetes-validations': [rule('self.all(x, has(x.every) == has(x.lasts))', "'every' goes with 'lasts'")],
      },
      labels: {
        type: 'object',
        maxProperties: 3,
        additionalProperties: { type: 'string', maxLength: 63 },
        'x-kubernetes-validations': [
          rule(
            'self.all(x, x in ["k8s.io/os"] || x.find("^([^/]+)").endsWith("node.k8s.io") || !x.find("^([^/]+)").endsWith("k8s.io"))',
            'labels of k8s.io are restricted',
          ),
        ],
      },
      wants: {
        type: 'array',
        items: {
          type: 'object',
          properties: { how: { type: 'string', enum: ['In', 'Gt'] }, values: { type: 'array', items: text } },
        },
        'x-kubernetes-validations': [
          rule(
            "self.all(x, x.how == 'Gt' ? (x.values.size() == 1 && int(x.values[0]) >= 0) : true)",
            'Gt takes a number',
          ),
        ],
      },
      settings: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
      pattern: { 'x-kubernetes-preserve-unknown-fields': true },
      template: {
        type: 'object',
        nullable: true,
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
    },
  },
  good: [
    [
      { limits: { cpu: 10, memory: '1.5Gi' }, labels: { 'node.k8s.io/a': 'b' }, settings: { any: [1] }, pattern: 'x' },
      {
        limits: { cpu: 10, memory: '1.5Gi' },
        labels: { 'node.k8s.io/a': 'b' },
        settings: { any: [1] },
        pattern: 'x',
        budgets: [{ nodes: '10%' }],
      },
    ],
    [
      { template: null, budgets: [{}], wants: [{ how: 'Gt', values: ['5'] }], pattern: { a: null } },
      { template: null, budgets: [{ nodes: '10%' }], wants: [{ how: 'Gt', values: ['5'] }], pattern: { a: null } },
    ],
  ],
  bad: [
    [{ limits: { cpu: 'many' } }, ['spec.limits.cpu', '<nil>']],
    [{ limits: { cpu: 1.5 } }, ['spec.limits.cpu', '<nil>']],
    [{ labels: { 'x.k8s.io/a': 'b' } }, ['spec.labels']],
    [{ wants: [{ how: 'Gt', values: ['x'] }] }, ['spec.wants']],
    [{ budgets: [{ every: 'day' }] }, ['spec.budgets']],
    [{ template: { kind: 'Pod' } }, ['spec.template.apiVersion', '<nil>']],
  ],
}

const ENTRY: Published = {
  kind: 'Entry',
  spec: {
    properties: {
      hosts: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', 'x-kubernetes-validations': [rule('self != "*"', 'no wildcard')] },
      },
      resolution: { type: 'string', enum: ['NONE', 'DNS'] },
      addresses: { type: 'array', items: text },
      selector: { type: 'object', properties: { labels: { type: 'object', additionalProperties: text } } },
      ports: {
        type: 'object',
        additionalProperties: {
          type: 'integer',
          'x-kubernetes-validations': [rule('0 < self && self <= 65535', 'a port')],
        },
      },
      tls: {
        type: 'object',
        properties: { simple: { type: 'object' }, mutual: { type: 'object' } },
        oneOf: [
          { not: { anyOf: [{ required: ['simple'] }, { required: ['mutual'] }] } },
          { required: ['simple'] },
          { required: ['mutual'] },
        ],
      },
      timeout: { type: 'string', 'x-kubernetes-validations': [rule("duration(self) >= duration('1ms')", 'too short')] },
      endpoint: {
        type: 'string',
        'x-kubernetes-validations': [
          rule(
            "isURL(self) && url(self).getScheme() == 'https' && url(self).getEscapedPath() in ['', '/']",
            'https, no path',
          ),
        ],
      },
    },
    'x-kubernetes-validations': [
      rule('(has(self.selector) ? 1 : 0) + (has(self.addresses) ? 1 : 0) <= 1', 'one of them'),
      rule(
        '!((has(self.addresses) ? self.addresses : []).exists(k, k.contains("/")) && !((has(self.resolution) ? self.resolution : "NONE") in ["NONE"]))',
        'networks are not resolved',
      ),
    ],
  },
  good: [
    [{ hosts: ['a'], tls: {}, timeout: '5s', ports: { http: 80 }, endpoint: 'https://a' }, {}],
    [{ tls: { mutual: {} }, addresses: ['10.0.0.0/8'], endpoint: 'https://a:443/' }, {}],
  ],
  bad: [
    [{ hosts: [] }, ['spec.hosts', '<nil>']],
    [{ hosts: ['*'] }, ['spec.hosts[0]']],
    [{ tls: { simple: {}, mutual: {} } }, ['spec.tls', '<nil>']],
    [{ ports: { http: 0 } }, ['spec.ports[http]']],
    [{ timeout: '5 parsecs' }, ['spec.timeout']],
    [{ endpoint: 'https://a/b' }, ['spec.endpoint']],
    [{ selector: {}, addresses: ['10.0.0.0/8'], resolution: 'DNS' }, ['spec', 'spec']],
  ],
}

for (const published of [GATE, POOL, ENTRY]) {
  test(`a definition of ${published.kind} in the style of large projects is taken, and its objects are as it says`, () => {
    const resource = served(published)
    for (const [spec, read] of published.good) {
      const object = made(resource, spec)
      assert.deepEqual(resource.validate(object, undefined), [], JSON.stringify(spec))
      assert.deepEqual(object['spec'], Object.keys(read).length === 0 ? spec : read)
      assert.deepEqual(made(resource, object['spec'] ?? null)['spec'], object['spec'], 'twice is the same as once')
    }
    for (const [spec, fields] of published.bad) {
      const errors = resource.validate(made(resource, spec), undefined)
      assert.deepEqual(
        errors.map(({ field }) => field),
        fields,
        JSON.stringify(errors),
      )
    }
  })
}

test('what was stored before a schema became stricter may stay, and an item of a map is told by its key', () => {
  const resource = served(GATE)
  const old = made(resource, {
    listeners: [
      { name: 'a', port: 0 },
      { name: 'b', port: 80 },
    ],
  })
  const same = made(resource, {
    listeners: [
      { name: 'b', port: 81 },
      { name: 'a', port: 0 },
    ],
  })
  assert.deepEqual(resource.validate(same, old), [])
  const shrunk = made(resource, { listeners: [{ name: 'b', port: 79 }] })
  assert.deepEqual(
    resource.validate(shrunk, old).map(({ field, message }) => `${field}: ${message}`),
    ['spec.listeners[0]: Invalid value: "object": ports only grow'],
  )
})

test('columns find what paths of published definitions name', () => {
  const resource = served(GATE)
  const object = made(resource, { addresses: [{ value: '1.2.3.4' }] })
  const named = { ...object.metadata, labels: { 'app.example.io/name': 'x' }, annotations: { 'a.b/c': 'y' } }
  const cells = resource.columns.map(({ cell }) => cell({ ...object, metadata: named }, 0))
  assert.deepEqual(cells.slice(1), ['1.2.3.4', 'Unknown', 'y', 'x', 'Ready'])
})

function served({ kind, spec, more = {}, columns = [] }: Published) {
  const plural = `${kind.toLowerCase()}s`
  const openAPIV3Schema = {
    type: 'object',
    required: ['spec'],
    properties: {
      apiVersion: text,
      kind: text,
      metadata: { type: 'object' },
      spec: { type: 'object', ...spec },
      ...more,
    },
  }
  const version = {
    name: 'v1',
    served: true,
    storage: true,
    schema: { openAPIV3Schema },
    additionalPrinterColumns: columns,
  }
  const written = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.style.example.io`, uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      group: 'style.example.io',
      scope: 'Cluster',
      preserveUnknownFields: false,
      names: { plural, kind },
      versions: [version],
    },
    // As generators leave it.
    status: { acceptedNames: { kind: '', plural: '' }, conditions: null, storedVersions: null },
  }
  assert.ok(isKubeObject(written))
  const definition = definitionDefaults(written)
  assert.deepEqual(definitionErrors(definition, undefined), [])
  const names = namesIn(isJsonObject(definition['spec']) ? definition['spec']['names'] : undefined)
  const status = { conditions: [{ type: 'Established', status: 'True' }], acceptedNames: { ...names } }
  const [resource] = customResources({ ...definition, status })
  assert.ok(resource !== undefined)
  return resource
}

function made(resource: ReturnType<typeof served>, spec: Json): KubeObject {
  const metadata = { name: 'a', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' }
  const sent = { apiVersion: 'style.example.io/v1', kind: resource.kind, metadata, spec }
  const read = resource.shape.custom?.decode(sent)
  assert.deepEqual(read?.unknown, [])
  assert.ok(isKubeObject(read?.value))
  return resource.defaults(read.value)
}
