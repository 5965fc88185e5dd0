import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Json } from '../json.ts'
import { fieldsOfPath, readJsonPath } from './json-path.ts'

const OBJECT: Json = {
  metadata: { annotations: { 'a.b/c': 'dotted' } },
  spec: {
    list: [
      { name: 'x', n: 1 },
      { name: 'y', n: 2 },
    ],
    'a-b': true,
  },
  status: {
    conditions: [
      { type: 'Ready', status: 'True' },
      { type: 'Other', status: 'False' },
    ],
  },
}

test('paths find what kubectl finds', () => {
  const cases: readonly (readonly [path: string, found: readonly Json[]])[] = [
    ['.spec.a-b', [true]],
    ['$.spec.list[0].name', ['x']],
    ['.spec.list[-1].name', ['y']],
    ['.spec.list[*].n', [1, 2]],
    ['.spec.list[0:1].n', [1]],
    ['.status.conditions[?(@.type=="Ready")].status', ['True']],
    [".status.conditions[?(@.type=='Other')].status", ['False']],
    ['.spec.list[?(@.n>1)].name', ['y']],
    ['.spec.list[?(@.name)].n', [1, 2]],
    ['.metadata.annotations.a\\.b/c', ['dotted']],
    [".metadata.annotations['a.b/c']", ['dotted']],
    [
      '.spec.*',
      [
        [
          { name: 'x', n: 1 },
          { name: 'y', n: 2 },
        ],
        true,
      ],
    ],
    ['.nothing.here', []],
    ['.constructor', []],
  ]
  for (const [text, found] of cases) {
    const path = readJsonPath(text)
    assert.ok(path.kind === 'path', text)
    assert.deepEqual(path.find(OBJECT), found, text)
  }
})

test('what is no path is refused with what cannot be read', () => {
  for (const text of ['spec', '.spec[', '.a[?(x)]', '..', '.a[b]', `.${'a'.repeat(2000)}`]) {
    assert.equal(readJsonPath(text).kind, 'refused', text)
  }
  assert.deepEqual(fieldsOfPath('.spec.a\\.b'), ['spec', 'a.b'])
  assert.equal(fieldsOfPath('.spec[0]'), undefined)
})
