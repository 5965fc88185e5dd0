import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isSameJson, type Json, type JsonObject } from '../json.ts'
import type { KubeObject } from '../object.ts'
import { RESOURCES } from '../resources.ts'
import { without } from '../rules.ts'
import type { ObjectShape, Shape } from '../shape.ts'
import { judge } from './testing.ts'

const DEPTH_MAX = 7
const WORDS = [
  '',
  'a',
  '-',
  'None',
  '10.0.0.1',
  '../x',
  '1',
  'Always',
  'ClusterIP',
  '@daily',
  '* * * * *',
  '%',
  '5%',
  '\u0000',
]
const SCALARS: Readonly<Record<string, fc.Arbitrary<Json>>> = {
  any: fc.constantFrom<Json>(null, 1, 'a', [], {}),
  boolean: fc.boolean(),
  bytes: fc.constantFrom('', 'e30=', 'AAAA'),
  integer: fc.constantFrom(-1, 0, 1, 80, 70_000, 2 ** 31 - 1),
  number: fc.constantFrom(0, 0.5),
  quantity: fc.constantFrom<Json>('0', '1Gi', '-1', 1, '100m', '1e3'),
  string: fc.constantFrom(...WORDS),
  time: fc.constantFrom('2026-01-01T00:00:00Z', '0001-01-01T00:00:00Z'),
  'micro-time': fc.constantFrom('2026-01-01T00:00:00.000001Z'),
  'int-or-string': fc.constantFrom<Json>(0, 1, 'http', '25%', '-'),
}

function valueOf(shape: Shape, depth: number): fc.Arbitrary<Json> {
  switch (shape.kind) {
    case 'object':
      return objectOf(shape, depth + 1)
    case 'list':
      return fc.array(valueOf(shape.items, depth + 1), { maxLength: depth > DEPTH_MAX ? 0 : 2 })
    case 'map':
      return fc.dictionary(fc.constantFrom('a', 'app', 'a/b', '__proto__'), valueOf(shape.values, depth + 1), {
        maxKeys: 2,
      })
    default:
      return SCALARS[shape.kind] ?? fc.constant('')
  }
}

// Some of the fields; fewer the deeper, so that objects end.
function objectOf(shape: ObjectShape, depth: number): fc.Arbitrary<JsonObject> {
  const names = [...shape.fields.keys()].filter(name => !['apiVersion', 'kind', 'managedFields'].includes(name))
  if (depth > DEPTH_MAX || names.length === 0) return fc.constant({})
  return fc.subarray(names, { maxLength: Math.min(names.length, 5) }).chain(some => {
    const wanted = new Set(depth === 0 && names.includes('spec') ? [...some, 'spec'] : some)
    return fc.record(Object.fromEntries(Array.from(wanted, name => [name, fieldOf(shape, name, depth)])))
  })
}

function fieldOf(shape: ObjectShape, name: string, depth: number): fc.Arbitrary<Json> {
  const field = shape.fields.get(name)
  return field === undefined ? fc.constant(null) : valueOf(field, depth)
}

test('whatever an object holds, it is filled in, checked and shown, and nothing breaks', () => {
  for (const resource of RESOURCES) {
    const bodies = fc
      .tuple(objectOf(resource.shape, 0), objectOf(resource.shape, 0))
      .map(pair => pair.map(body => without(body, ['metadata'])))
    fc.assert(
      fc.property(bodies, ([first = {}, second = {}]) => {
        const old = judge(resource, first)
        const { object } = judge(resource, second, old.object)
        for (const each of [old.object, object]) look(resource, each)
        assert.ok(isSameJson(resource.defaults(object, object), object), `${resource.kind} is filled in twice`)
      }),
      { numRuns: 60, seed: 7 },
    )
  }
})

function look(resource: (typeof RESOURCES)[number], object: KubeObject): void {
  for (const column of resource.columns) column.cell(object, 0)
  for (const read of Object.values(resource.selectableFields)) assert.equal(typeof read(object), 'string')
  const { storedForm } = resource
  if (storedForm !== undefined) storedForm.toServed(storedForm.toStored(object))
}
