import type { Json, JsonObject } from '#schema'

/** The definition that Kubernetes' documentation begins with, with everything a definition may ask for. */
export const CRON_TABS: JsonObject = definition(
  { group: 'stable.example.com', kind: 'CronTab', plural: 'crontabs', shortNames: ['ct'], categories: ['all'] },
  [
    {
      name: 'v1',
      served: true,
      storage: true,
      schema: { openAPIV3Schema: cronTabSchema() },
      subresources: {
        status: {},
        scale: {
          specReplicasPath: '.spec.replicas',
          statusReplicasPath: '.status.replicas',
          labelSelectorPath: '.status.labelSelector',
        },
      },
      additionalPrinterColumns: [
        { name: 'Spec', type: 'string', jsonPath: '.spec.cronSpec' },
        { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
        { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
      ],
      selectableFields: [{ jsonPath: '.spec.mode' }],
    },
    {
      name: 'v1beta1',
      served: true,
      storage: false,
      deprecated: true,
      deprecationWarning: 'use v1',
      schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
    },
  ],
)

/** An object of {@link CRON_TABS}. */
export function cronTab(spec: JsonObject, name = 'one'): JsonObject {
  return { apiVersion: 'stable.example.com/v1', kind: 'CronTab', metadata: { name, namespace: 'default' }, spec }
}

/** Of the kind that issues certificates: references, embedded rules, a choice of fields. */
export function certificates(): JsonObject {
  const text = { type: 'string' }
  const spec: JsonObject = {
    type: 'object',
    required: ['secretName', 'issuerRef'],
    properties: {
      secretName: text,
      dnsNames: { type: 'array', items: text, 'x-kubernetes-list-type': 'set' },
      uris: { type: 'array', items: { type: 'string', format: 'uri' } },
      duration: { type: 'string', format: 'duration' },
      issuerRef: {
        type: 'object',
        required: ['name'],
        properties: { name: text, kind: { type: 'string', default: 'Issuer' } },
        'x-kubernetes-map-type': 'atomic',
      },
      template: {
        type: 'object',
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
    },
    anyOf: [{ required: ['dnsNames'] }, { required: ['uris'] }],
    'x-kubernetes-validations': [
      { rule: "!has(self.duration) || self.duration >= duration('1h')", message: 'too short', fieldPath: '.duration' },
    ],
  }
  const schema = { type: 'object', properties: { spec } }
  return definition({ group: 'cert.example.io', kind: 'Certificate', plural: 'certificates' }, [stored(schema)])
}

/** Of the size of those that hold whole pod templates: some thousand fields, each described. */
export function largeDefinition(): JsonObject {
  const described = (schema: JsonObject): JsonObject => ({
    ...schema,
    description: 'What it does, and why. '.repeat(8),
  })
  const leaf = (): JsonObject => ({
    type: 'object',
    properties: {
      name: described({ type: 'string' }),
      port: described({ 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] }),
      from: described({ type: 'object', properties: { key: { type: 'string' } }, required: ['key'] }),
    },
  })
  const many = (count: number, make: () => JsonObject): JsonObject => ({
    type: 'object',
    properties: Object.fromEntries(Array.from({ length: count }, (_, index) => [`field${index}`, make()])),
  })
  const rule = { rule: 'self.all(each, !has(each.field0) || !has(each.field0.name) || each.field0.name.size() < 64)' }
  const list = (): JsonObject => ({ type: 'array', items: many(40, leaf), 'x-kubernetes-validations': [rule] })
  const schema = { type: 'object', properties: { spec: many(8, list) } }
  const names = { group: 'big.example.io', kind: 'Big', plural: 'bigs', scope: 'Cluster' }
  return definition(names, [stored(schema)])
}

interface Defined {
  readonly group: string
  readonly kind: string
  readonly plural: string
  readonly scope?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

function definition({ group, scope = 'Namespaced', ...names }: Defined, versions: readonly Json[]): JsonObject {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${names.plural}.${group}` },
    spec: { group, scope, names, versions },
  }
}

function stored(schema: JsonObject): JsonObject {
  return { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }
}

function cronTabSchema(): JsonObject {
  const spec: JsonObject = {
    type: 'object',
    description: 'What is wanted.',
    required: ['cronSpec'],
    properties: {
      cronSpec: {
        type: 'string',
        description: 'When it runs.',
        pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$',
      },
      image: {
        type: 'string',
        default: 'busybox',
        'x-kubernetes-validations': [],
      },
      replicas: { type: 'integer', minimum: 1, maximum: 10, default: 1 },
      mode: { type: 'string', enum: ['fast', 'slow'], default: 'slow' },
      port: { 'x-kubernetes-int-or-string': true },
    },
    'x-kubernetes-validations': [
      { rule: "self.replicas <= 5 || self.mode == 'fast'", message: 'many replicas need mode fast' },
      { rule: 'self.image == oldSelf.image', message: 'image is immutable', fieldPath: '.image' },
    ],
  }
  const status: JsonObject = {
    type: 'object',
    properties: { replicas: { type: 'integer' }, labelSelector: { type: 'string' } },
  }
  return { type: 'object', description: 'Runs a command by the clock.', properties: { spec, status } }
}
