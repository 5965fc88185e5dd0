import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Json, JsonObject } from '../json.ts'
import { withDefaults } from './defaults.ts'
import { PATTERN_WORK_MAX } from '../limits.ts'
import { isOfFormat } from './formats.ts'
import { readSchema } from './node.ts'
import { workDone } from './patterns/work.ts'
import { prune } from './prune.ts'
import { schemaErrors } from './validate.ts'

const SCHEMA = readSchema({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['name'],
      default: { name: 'none' },
      properties: {
        name: { type: 'string', minLength: 2, maxLength: 5 },
        size: { type: 'integer', minimum: 0, maximum: 9, exclusiveMaximum: true, multipleOf: 2 },
        ratio: { type: 'number' },
        maybe: { type: 'string', nullable: true, default: 'x' },
        never: { type: 'string', default: 'y' },
        tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set', maxItems: 3, minItems: 1 },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: {
            type: 'object',
            required: ['port'],
            properties: {
              port: { type: 'integer' },
              protocol: { type: 'string', default: 'TCP' },
              note: { type: 'string' },
            },
          },
        },
        labels: { type: 'object', additionalProperties: { type: 'string' }, maxProperties: 2, minProperties: 1 },
        open: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { known: { type: 'object', properties: {} } },
        },
        inner: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          properties: { spec: { type: 'object', properties: {} } },
        },
      },
    },
  },
})

function pruned(spec: JsonObject): JsonObject {
  const { value, unknown } = prune(SCHEMA, { spec })
  return { value: value['spec'], unknown }
}

test('what a schema does not know is left out and told', () => {
  assert.deepEqual(pruned({ name: 'a', odd: 1, ports: [{ port: 1, x: 2 }], labels: { a: 'b' } }), {
    value: { name: 'a', ports: [{ port: 1 }], labels: { a: 'b' } },
    unknown: ['spec.odd', 'spec.ports[0].x'],
  })
  assert.deepEqual(pruned({ open: { any: { thing: [1] }, known: { x: 1 } } }), {
    value: { open: { any: { thing: [1] }, known: {} } },
    unknown: ['spec.open.known.x'],
  })
  assert.deepEqual(
    pruned({ inner: { apiVersion: 'v1', kind: 'A', metadata: { name: 'a', odd: 1 }, spec: { y: 1 }, z: 1 } }),
    {
      value: { inner: { apiVersion: 'v1', kind: 'A', metadata: { name: 'a' }, spec: {} } },
      unknown: ['spec.inner.spec.y', 'spec.inner.z', 'spec.inner.metadata.odd'],
    },
  )
  assert.deepEqual(pruned({ maybe: null, never: null }), { value: { maybe: null }, unknown: [] })
  assert.throws(
    () => prune(SCHEMA, { metadata: { labels: 1 } }),
    /cannot unmarshal number into Go struct field ObjectMeta.labels of type map\[string\]string/,
  )
})

test('what is left out gets its default', () => {
  assert.deepEqual(withDefaults(SCHEMA, {}), { spec: { name: 'none', maybe: 'x', never: 'y' } })
  assert.deepEqual(
    withDefaults(SCHEMA, { spec: { maybe: null, never: null, ports: [{ port: 1 }, { port: 2, protocol: 'UDP' }] } }),
    {
      spec: {
        maybe: null,
        never: 'y',
        ports: [
          { port: 1, protocol: 'TCP' },
          { port: 2, protocol: 'UDP' },
        ],
      },
    },
  )
  const full = { spec: { name: 'a', maybe: null, never: 'z' } }
  assert.equal(withDefaults(SCHEMA, full), full, 'nothing is made anew when nothing is missing')
})

const ERRORS: readonly (readonly [spec: JsonObject, field: string, message: string])[] = [
  [{}, 'spec.name', 'Required value'],
  [{ name: 1 }, 'spec.name', 'Invalid value: "integer": spec.name in body must be of type string: "integer"'],
  [{ name: 'a' }, 'spec.name', 'Invalid value: "a": spec.name in body should be at least 2 chars long'],
  [{ name: 'abcdef' }, 'spec.name', 'Too long: may not be more than 5 bytes'],
  [{ size: 9 }, 'spec.size', 'Invalid value: 9: spec.size in body should be less than 9'],
  [{ size: -2 }, 'spec.size', 'Invalid value: -2: spec.size in body should be greater than or equal to 0'],
  [{ size: 3 }, 'spec.size', 'Invalid value: 3: spec.size in body should be a multiple of 2'],
  [{ size: 1.5 }, 'spec.size', 'Invalid value: "number": spec.size in body must be of type integer: "number"'],
  [{ tags: [] }, 'spec.tags', 'Invalid value: 0: spec.tags in body should have at least 1 items'],
  [{ tags: ['a', 'b', 'c', 'd'] }, 'spec.tags', 'Too many: 4: must have at most 3 items'],
  [{ tags: ['a', 'a'] }, 'spec.tags[1]', 'Duplicate value: "a"'],
  [
    { ports: [{ port: 1 }, { port: 1, protocol: 'TCP' }] },
    'spec.ports[1]',
    'Duplicate value: {"port":1,"protocol":"TCP"}',
  ],
  [{ ports: [{ protocol: 'TCP' }] }, 'spec.ports[0].port', 'Required value'],
  [{ labels: {} }, 'spec.labels', 'Invalid value: 0: spec.labels in body should have at least 1 properties'],
  [
    { labels: { a: 1 } },
    'spec.labels.a',
    'Invalid value: "integer": spec.labels.a in body must be of type string: "integer"',
  ],
  [{ inner: { kind: 'A' } }, 'spec.inner.apiVersion', 'Required value: must not be empty'],
  [{ tags: [null] }, 'spec.tags[0]', 'Invalid value: "null": spec.tags[0] in body must be of type string: "null"'],
]

test('what breaks a rule is told in the words of upstream', () => {
  for (const [spec, field, message] of ERRORS) {
    const errors = schemaErrors(SCHEMA, { path: '', value: { spec }, old: undefined })
    assert.ok(
      errors.some(error => error.field === field && error.message === message),
      `${field}: ${message} in ${JSON.stringify(errors)}`,
    )
  }
})

test('what has not changed is not looked at again', () => {
  const old = { spec: { name: 'toolong', ports: [{ port: 1, protocol: 'TCP', note: 'x' }, { port: 'bad' }] } }
  assert.deepEqual(schemaErrors(SCHEMA, { path: '', value: { ...old, status: 1 }, old }), [])
  const next = { spec: { ...old.spec, name: 'longer' } }
  const fields = schemaErrors(SCHEMA, { path: '', value: next, old }).map(({ field }) => field)
  assert.deepEqual(fields, ['spec.name'])
})

test('formats are those of upstream, and others are free', () => {
  const cases: readonly (readonly [format: string, good: readonly string[], bad: readonly string[]])[] = [
    [
      'date-time',
      ['2026-01-31T00:00:00Z', '2026-01-31T00:00:00.5+01:00'],
      ['2026-02-30T00:00:00Z', '2026-01-31', 'now'],
    ],
    ['date', ['2026-01-31'], ['2026-13-01', '31.01.2026']],
    ['duration', ['1h30m', '500ms', '3 days', '0'], ['1', 'h', '']],
    ['ipv4', ['1.2.3.4'], ['1.2.3', '1.2.3.256', '01.2.3.4']],
    ['ipv6', ['::1', '2001:db8::1', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8'], ['1::2::3', '12345::', '1.2.3.4', ':::']],
    ['cidr', ['10.0.0.0/8', '::/0'], ['10.0.0.0', '10.0.0.0/33']],
    ['uuid', ['123e4567-e89b-12d3-a456-426614174000'], ['123']],
    ['email', ['a@b.c', 'A <a@b.c>'], ['a@', 'b']],
    ['hostname', ['a.b-c.d'], ['-a', 'a..b']],
    ['uri', ['https://a/b', '/path'], ['no uri']],
    ['mac', ['01:02:03:04:05:06'], ['01:02']],
    ['byte', ['YQ=='], ['YQ=']],
    ['something-else', ['anything'], []],
  ]
  for (const [format, good, bad] of cases) {
    for (const text of good) assert.equal(isOfFormat(format, text), true, `${format} ${text}`)
    for (const text of bad) assert.equal(isOfFormat(format, text), false, `${format} ${text}`)
  }
})

const leaf = fc.oneof(fc.string(), fc.integer({ min: -5, max: 20 }), fc.boolean(), fc.constant(null))
const names = fc.constantFrom(
  'spec',
  'name',
  'size',
  'ports',
  'port',
  'labels',
  'open',
  'known',
  'maybe',
  'never',
  'tags',
  'odd',
  '__proto__',
)
const { value } = fc.letrec<{ value: Json }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    leaf,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(names, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
}))

test('pruning and defaulting twice is the same as once, and validation never throws', () => {
  fc.assert(
    fc.property(value, spec => {
      const once = prune(SCHEMA, { spec }).value
      assert.deepEqual(prune(SCHEMA, once), { value: once, unknown: [], missing: [] })
      const filled = withDefaults(SCHEMA, once)
      assert.equal(withDefaults(SCHEMA, filled), filled)
      assert.ok(Array.isArray(schemaErrors(SCHEMA, { path: '', value: filled, old: undefined })))
      assert.deepEqual(schemaErrors(SCHEMA, { path: '', value: filled, old: filled }), [])
    }),
    { numRuns: 500 },
  )
})

test('patterns may take so many steps with one object and no more, wherever they stand in its schema', () => {
  const slow = { type: 'string', pattern: '^(a?){400}b' }
  const items = { type: 'array', items: slow }
  const texts = (count: number) => Array.from({ length: count }, () => 'a'.repeat(1000))
  const said = (schema: Json, value: Json) =>
    schemaErrors(readSchema(schema as JsonObject), { path: 'spec', value, old: undefined }).map(
      ({ message }) => message,
    )
  const before = workDone()
  const many = said(items, texts(200))
  assert.ok(workDone() - before < 2 * PATTERN_WORK_MAX, `${workDone() - before} steps`)
  assert.match(many[0] ?? '', /spec\[0\] in body should match '\^\(a\?\)\{400\}b'$/)
  assert.match(many.at(-1) ?? '', /spec\[\d+\] in body takes too long to match against '\^\(a\?\)\{400\}b'$/)
  // What cannot be told is no reason to take it.
  const hidden = said(
    { type: 'array', items, not: { type: 'array', items: slow } } as Json,
    texts(200).map(text => [text]),
  )
  assert.ok(hidden.length > 0)
  const huge = said({ type: 'string', not: slow }, 'c'.repeat(PATTERN_WORK_MAX + 1))
  assert.match(huge[0] ?? '', /"spec" takes too long to match$/)
})
