import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jsonAt } from '#schema'
import { customSchema } from './custom.ts'

const SCHEMA = {
  description: 'Leaves in water.',
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      required: ['leaves'],
      properties: {
        leaves: { type: 'string', enum: ['green', 'black'], default: 'green' },
        degrees: { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
        cup: { type: 'object', nullable: true, properties: { size: { type: 'integer' } } },
        guests: {
          type: 'array',
          items: { type: 'object', properties: { name: { type: 'string', not: { pattern: 'x' } } } },
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        },
      },
      'x-kubernetes-validations': [{ rule: 'true' }],
    },
  },
}

test('a custom resource is described by its own schema and by what every object has', () => {
  const schema = customSchema('v3', SCHEMA, { $ref: '#/meta' })
  assert.equal(schema['description'], 'Leaves in water.')
  assert.deepEqual(Object.keys(jsonAt(schema, 'properties') as object), ['spec', 'apiVersion', 'kind', 'metadata'])
  assert.deepEqual(jsonAt(schema, 'properties', 'spec'), SCHEMA.properties.spec)
})

test('objects within objects have what every object has', () => {
  const pod = { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true }
  const pods = { type: 'array', items: pod }
  const openapi = {
    type: 'object',
    properties: { spec: { type: 'object', properties: { pods, name: { type: 'string' } } } },
  }
  const schema = customSchema('v3', openapi, { $ref: '#/meta' })
  const items = jsonAt(schema, 'properties', 'spec', 'properties', 'pods', 'items')
  assert.deepEqual(Object.keys(jsonAt(items, 'properties') as object), ['apiVersion', 'kind', 'metadata'])
  assert.deepEqual(jsonAt(items, 'properties', 'metadata'), { $ref: '#/meta' })
  assert.equal(jsonAt(items, 'x-kubernetes-embedded-resource'), true)
  assert.deepEqual(jsonAt(schema, 'properties', 'spec', 'properties', 'name'), { type: 'string' })
})

test('Swagger is not told what it has no words for', () => {
  const spec = jsonAt(customSchema('v2', SCHEMA, { $ref: '#/meta' }), 'properties', 'spec')
  assert.equal(jsonAt(spec, 'x-kubernetes-validations'), undefined)
  assert.deepEqual(jsonAt(spec, 'required'), ['leaves'])
  assert.deepEqual(jsonAt(spec, 'properties', 'degrees'), {
    'x-kubernetes-int-or-string': true,
    format: 'int-or-string',
  })
  assert.deepEqual(jsonAt(spec, 'properties', 'cup'), {})
  const guests = jsonAt(spec, 'properties', 'guests')
  assert.deepEqual(jsonAt(guests, 'x-kubernetes-list-map-keys'), ['name'])
  assert.deepEqual(jsonAt(guests, 'items', 'properties', 'name'), { type: 'string' })
})
