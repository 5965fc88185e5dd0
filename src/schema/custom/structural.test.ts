import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json, JsonObject } from '../json.ts'
import { compileSchema } from './compile.ts'

function object(properties: JsonObject, more: JsonObject = {}): JsonObject {
  return { type: 'object', properties, ...more }
}

function nested(depth: number): JsonObject {
  return depth === 0 ? { type: 'string' } : object({ a: nested(depth - 1) })
}

/** A schema, the field that is refused, and what is said of it. */
const REFUSED: readonly (readonly [schema: JsonObject, field: string, message: RegExp])[] = [
  [{}, 's.type', /must not be empty at the root/],
  [{ type: 'string' }, 's.type', /must be object at the root/],
  [
    { type: 'object', additionalProperties: { type: 'string' } },
    's.additionalProperties',
    /must not be used at the root/,
  ],
  [object({ a: {} }), 's.properties[a].type', /must not be empty for specified object fields/],
  [object({ a: { type: 'array', items: {} } }), 's.properties[a].items.type', /for specified array items/],
  [object({ a: { type: 'array' } }), 's.properties[a].items', /must be specified/],
  [object({ a: { type: 'array', items: [{ type: 'string' }] } }), 's.properties[a].items', /not an array/],
  [object({ a: { type: 'text' } }), 's.properties[a].type', /Unsupported value: "text"/],
  [object({ a: { type: 'null' } }), 's.properties[a].type', /use nullable/],
  [object({ a: { $ref: '#/x' } }), 's.properties[a].$ref', /is not supported/],
  [
    object({ a: { type: 'string', pattern: '(?=x)' } }),
    's.properties[a].pattern',
    /must be a valid regular expression/,
  ],
  [
    object({ a: { type: 'array', items: { type: 'string' }, uniqueItems: true } }),
    's.properties[a].uniqueItems',
    /quadratic/,
  ],
  [
    object({ a: object({ b: { type: 'string' } }, { additionalProperties: { type: 'string' } }) }),
    's.properties[a].additionalProperties',
    /mutual exclusive/,
  ],
  [
    object({ a: { type: 'object', additionalProperties: false } }),
    's.properties[a].additionalProperties',
    /cannot be set to false/,
  ],
  [
    object({ a: { type: 'string' } }, { oneOf: [{ properties: { b: { minLength: 1 } } }] }),
    's.properties[b]',
    /because it is defined in s.oneOf\[0\].properties\[b\]/,
  ],
  [
    object({ a: { type: 'string' } }, { anyOf: [{ properties: { a: { type: 'string' } } }] }),
    's.anyOf[0].properties[a].type',
    /must be empty to be structural/,
  ],
  [
    object({ a: { type: 'string' } }, { allOf: [{ description: 'x' }] }),
    's.allOf[0].description',
    /must be empty to be structural/,
  ],
  [
    object({ a: { type: 'string' } }, { not: { properties: { metadata: {} } } }),
    's.not.properties[metadata]',
    /must not be specified in a nested context/,
  ],
  [object({ metadata: object({ labels: { type: 'object' } }) }), 's.properties[metadata]', /name and generateName/],
  [object({ kind: { type: 'integer' } }), 's.properties[kind].type', /must be string/],
  [
    object({ a: { 'x-kubernetes-int-or-string': true, type: 'integer' } }),
    's.properties[a].type',
    /must be empty if x-kubernetes-int-or-string/,
  ],
  [
    object({ a: { type: 'object', 'x-kubernetes-preserve-unknown-fields': false } }),
    's.properties[a].x-kubernetes-preserve-unknown-fields',
    /must be true or undefined/,
  ],
  [
    object({ a: { type: 'string', 'x-kubernetes-embedded-resource': true } }),
    's.properties[a].type',
    /must be object if x-kubernetes-embedded-resource/,
  ],
  [object({ a: { type: 'string', 'x-kubernetes-list-type': 'set' } }), 's.properties[a].type', /must be array/],
  [
    object({ a: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'bag' } }),
    's.properties[a].x-kubernetes-list-type',
    /Unsupported value/,
  ],
  [
    object({ a: { type: 'array', items: object({ k: { type: 'string' } }), 'x-kubernetes-list-type': 'map' } }),
    's.properties[a].x-kubernetes-list-map-keys',
    /must not be empty/,
  ],
  [
    object({
      a: {
        type: 'array',
        items: object({ k: { type: 'string' } }),
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
    }),
    's.properties[a].items.properties[k].default',
    /must have a default or be a required property/,
  ],
  [object({ a: { type: 'integer', default: 'x' } }), 's.properties[a].default', /must be of type integer/],
  [
    object({ a: object({ b: { type: 'string' } }, { default: { c: 1 } }) }),
    's.properties[a].default.c',
    /must not have unknown fields/,
  ],
  [nested(80), `s${'.properties[a]'.repeat(61)}`, /deeper than 60/],
]

test('a schema that is not structural is refused by its field', () => {
  for (const [schema, field, message] of REFUSED) {
    const result = compileSchema(schema, 's')
    assert.ok('errors' in result, JSON.stringify(schema))
    const found = result.errors.find(error => error.field === field)
    assert.ok(found, `${field} in ${JSON.stringify(result.errors)}`)
    assert.match(found.message, message)
  }
})

test('schemas as large projects write them are taken', () => {
  const quantity: JsonObject = {
    anyOf: [{ type: 'integer' }, { type: 'string' }],
    pattern:
      '^(\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))(([KMGTPE]i)|[numkMGTPE]|([eE](\\+|-)?(([0-9]+(\\.[0-9]*)?)|(\\.[0-9]+))))?$',
    'x-kubernetes-int-or-string': true,
  }
  const accepted: readonly Json[] = [
    object({ apiVersion: { type: 'string' }, kind: { type: 'string' }, metadata: { type: 'object' } }),
    object({ spec: object({ limits: { type: 'object', additionalProperties: quantity } }) }),
    object({
      spec: object(
        { a: { type: 'string' }, b: { type: 'string' } },
        { oneOf: [{ required: ['a'] }, { required: ['b'] }] },
      ),
    }),
    object({ spec: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } }),
    object({
      port: {
        allOf: [{ anyOf: [{ type: 'integer' }, { type: 'string' }] }, { maximum: 3 }],
        'x-kubernetes-int-or-string': true,
      },
    }),
    { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    object({
      list: {
        type: 'array',
        items: object({ a: { type: 'string' } }),
        not: { items: { properties: { a: { enum: ['x'] } } } },
      },
    }),
  ]
  for (const schema of accepted) {
    const result = compileSchema(schema as JsonObject, 's')
    assert.ok('compiled' in result, JSON.stringify(result))
  }
})
