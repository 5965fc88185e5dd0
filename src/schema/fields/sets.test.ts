import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readFieldsV1, storedFieldsV1, writeFieldsV1 } from './fields-v1.ts'
import { canonicalElement, pathText } from './path.ts'
import {
  difference,
  type FieldSet,
  fieldDraft,
  insert,
  intersection,
  isEmptySet,
  isSameSet,
  pathsOf,
  union,
} from './set.ts'

const element = fc.oneof(
  fc.constantFrom('f:a', 'f:b', 'f:__proto__', 'f:constructor', 'k:{"name":"x"}', 'v:"a"', 'v:1', 'i:0'),
  fc.string({ maxLength: 3 }).map(name => `f:${name}`),
)
const sets: fc.Arbitrary<FieldSet> = fc
  .array(fc.array(element, { minLength: 1, maxLength: 4 }), { maxLength: 8 })
  .map(paths => {
    const draft = fieldDraft()
    for (const path of paths) insert(draft, path)
    return draft
  })

const same = (a: FieldSet, b: FieldSet) => assert.ok(isSameSet(a, b))

test('union, intersection and difference are those of sets', () => {
  fc.assert(
    fc.property(sets, sets, sets, (a, b, c) => {
      same(union(a, b), union(b, a))
      same(intersection(a, b), intersection(b, a))
      same(union(a, union(b, c)), union(union(a, b), c))
      same(intersection(a, union(b, c)), union(intersection(a, b), intersection(a, c)))
      same(difference(a, union(b, c)), difference(difference(a, b), c))
      same(union(difference(a, b), intersection(a, b)), a)
      assert.ok(isEmptySet(intersection(difference(a, b), b)))
      assert.equal([...pathsOf(union(a, b))].length, [...pathsOf(a)].length + [...pathsOf(difference(b, a))].length)
    }),
    { numRuns: 300 },
  )
})

test('a set is read from FieldsV1 as it was written', () => {
  fc.assert(
    fc.property(sets, set => {
      const read = readFieldsV1(JSON.parse(JSON.stringify(writeFieldsV1(set))))
      assert.ok(read !== undefined)
      same(read, set)
      same(storedFieldsV1(writeFieldsV1(set)), set)
    }),
    { numRuns: 300 },
  )
})

test('FieldsV1 has the form that Kubernetes writes', () => {
  const json = {
    'f:metadata': { 'f:labels': { '.': {}, 'f:app': {} } },
    'f:spec': {
      'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:port': {} } },
      'f:finalizers': { 'v:"a.b/c"': {} },
    },
  }
  const set = readFieldsV1(json)
  assert.ok(set !== undefined)
  assert.deepEqual([...pathsOf(set)].map(pathText), [
    '.metadata.labels',
    '.metadata.labels.app',
    '.spec.ports[port=80,protocol="TCP"]',
    '.spec.ports[port=80,protocol="TCP"].port',
    '.spec.finalizers[="a.b/c"]',
  ])
  assert.deepEqual(writeFieldsV1(set), json)
})

test('elements of equal keys are the same, whoever wrote them', () => {
  assert.equal(canonicalElement('k:{"protocol":"TCP", "port":80}'), 'k:{"port":80,"protocol":"TCP"}')
  assert.equal(canonicalElement('v:"<a>"'), 'v:"\\u003ca\\u003e"')
})

test('what is no FieldsV1 is refused, and what a later version may add is left out', () => {
  for (const json of [
    null,
    [],
    'x',
    { 'f:a': 1 },
    { 'k:[]': {} },
    { 'k:{': {} },
    { 'i:x': {} },
    { 'f:a': { 'v:': {} } },
  ]) {
    assert.equal(readFieldsV1(json), undefined, JSON.stringify(json))
  }
  assert.deepEqual(writeFieldsV1(readFieldsV1({ 'z:new': {}, 'f:a': {} }) ?? fieldDraft()), { 'f:a': {} })
  let deep: Record<string, object> = {}
  for (let level = 0; level < 5000; level += 1) deep = { 'f:a': deep }
  assert.equal(readFieldsV1(deep as never), undefined)
})
