import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compileSchema } from '../custom/compile.ts'
import { shapeOfSchema } from '../custom/shape.ts'
import { isJsonObject, type Json, type JsonObject, jsonAt, listAt, textAt } from '../json.ts'
import type { KubeObject } from '../object.ts'
import type { ObjectShape } from '../shape.ts'
import { applyFields } from './apply.ts'
import { applyProblems } from './problems.ts'

function shapeOf(properties: JsonObject): ObjectShape {
  const spec = { type: 'object', properties }
  const schema = { type: 'object', properties: { spec } }
  const result = compileSchema(schema, '')
  assert.ok('compiled' in result, JSON.stringify(result))
  return shapeOfSchema(result.compiled.root, { id: 'x.dev/v1.X', kind: 'X', openapi: schema })
}

function apply(shape: ObjectShape, live: KubeObject | undefined, spec: JsonObject, manager: string): KubeObject {
  const by = { name: manager, apiVersion: 'x.dev/v1', subresource: '', part: 'object', time: 't' } as const
  const metadata = { name: 'x', uid: '', creationTimestamp: '' }
  const config = { apiVersion: 'x.dev/v1', kind: 'X', metadata, spec }
  const result = applyFields({ shape, live, config, by, isForced: false })
  assert.ok(result.ok, JSON.stringify(result))
  return result.object
}

function fieldsOf(object: KubeObject, manager: string): Json | undefined {
  const entries = listAt(object, 'metadata', 'managedFields')
  return jsonAt(
    entries.find(entry => textAt(entry, 'manager') === manager),
    'fieldsV1',
    'f:spec',
  )
}

const port = {
  type: 'object',
  required: ['port'],
  properties: { port: { type: 'integer' }, protocol: { type: 'string', default: 'TCP' }, name: { type: 'string' } },
}
const ports = {
  type: 'array',
  'x-kubernetes-list-type': 'map',
  'x-kubernetes-list-map-keys': ['port', 'protocol'],
  items: port,
}
const words = { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } }
const open = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true }
const labels = { type: 'object', additionalProperties: { type: 'string' } }

test('lists, maps and unknown fields of a custom resource are owned as its schema says', () => {
  const plain = { type: 'array', items: { type: 'string' } }
  const shape = shapeOf({ ports, words, open, labels, plain, atomic: { ...labels, 'x-kubernetes-map-type': 'atomic' } })
  const first = apply(
    shape,
    undefined,
    {
      ports: [{ port: 1, name: 'a' }],
      words: ['x'],
      open: { a: { b: 1 } },
      labels: { l: '1' },
      plain: ['p'],
      atomic: { k: 'v' },
    },
    'a',
  )
  assert.deepEqual(fieldsOf(first, 'a'), {
    'f:atomic': {},
    'f:labels': { 'f:l': {} },
    'f:open': { 'f:a': { '.': {}, 'f:b': {} } },
    'f:plain': {},
    'f:ports': { 'k:{"port":1,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
    'f:words': { 'v:"x"': {} },
  })
  const second = apply(
    shape,
    first,
    { ports: [{ port: 1, protocol: 'UDP' }], words: ['y'], open: { c: 1 }, labels: { m: '2' } },
    'b',
  )
  assert.deepEqual(second['spec'], {
    ports: [
      { port: 1, name: 'a' },
      { port: 1, protocol: 'UDP' },
    ],
    words: ['x', 'y'],
    open: { a: { b: 1 }, c: 1 },
    labels: { l: '1', m: '2' },
    plain: ['p'],
    atomic: { k: 'v' },
  })
  const third = apply(shape, second, {}, 'a')
  assert.deepEqual(third['spec'], {
    ports: [{ port: 1, protocol: 'UDP' }],
    words: ['y'],
    open: { c: 1 },
    labels: { m: '2' },
  })
})

test('whoever set a part of what a new schema has as one value has it all', () => {
  const first = apply(shapeOf({ labels }), undefined, { labels: { l: '1' } }, 'a')
  const now = shapeOf({ labels: { ...labels, 'x-kubernetes-map-type': 'atomic' } })
  const by = { name: 'b', apiVersion: 'x.dev/v1', subresource: '', part: 'object', time: 't' } as const
  const config = { ...first, metadata: { name: 'x', uid: '', creationTimestamp: '' }, spec: { labels: { m: '2' } } }
  const refused = applyFields({ shape: now, live: first, config, by, isForced: false })
  assert.ok(!refused.ok)
  const forced = applyFields({ shape: now, live: first, config, by, isForced: true })
  assert.ok(forced.ok && isJsonObject(forced.object['spec']))
  assert.deepEqual(forced.object['spec'], { labels: { m: '2' } })
  assert.equal(fieldsOf(forced.object, 'a'), undefined)
})

test('keys that have no default cannot be left out', () => {
  assert.match(applyProblems(shapeOf({ ports }), { spec: { ports: [{ name: 'x' }] } }).join(), /omits key field "port"/)
})
