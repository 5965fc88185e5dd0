import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isFault } from '#base'
import type { Json, JsonObject } from '#schema'
import { jsonPatch } from './json-patch.ts'
import { mergePatch } from './merge.ts'

describe('a merge patch', () => {
  // RFC 7396, appendix A, but for the rows where an object is `null`.
  const rows: readonly (readonly [string, string, string])[] = [
    ['{"a":"b"}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"b"}', '{"b":"c"}', '{"a":"b","b":"c"}'],
    ['{"a":"b"}', '{"a":null}', '{}'],
    ['{"a":"b","b":"c"}', '{"a":null}', '{"b":"c"}'],
    ['{"a":["b"]}', '{"a":"c"}', '{"a":"c"}'],
    ['{"a":"c"}', '{"a":["b"]}', '{"a":["b"]}'],
    ['{"a":{"b":"c"}}', '{"a":{"b":"d","c":null}}', '{"a":{"b":"d"}}'],
    ['{"a":[{"b":"c"}]}', '{"a":[1]}', '{"a":[1]}'],
    ['["a","b"]', '["c","d"]', '["c","d"]'],
    ['{"a":"b"}', '["c"]', '["c"]'],
    ['{"a":"foo"}', 'null', 'null'],
    ['{"a":"foo"}', '"bar"', '"bar"'],
    ['{"e":null}', '{"a":1}', '{"e":null,"a":1}'],
    ['[1,2]', '{"a":"b","c":null}', '{"a":"b"}'],
    ['{}', '{"a":{"bb":{"ccc":null}}}', '{"a":{"bb":{}}}'],
    ['{}', '{"__proto__":{"x":1}}', '{"__proto__":{"x":1}}'],
    ['{"__proto__":{"x":1}}', '{"a":1,"__proto__":{"y":2}}', '{"__proto__":{"x":1,"y":2},"a":1}'],
    ['{"__proto__":{"x":1},"a":1}', '{"__proto__":null}', '{"a":1}'],
  ]
  for (const [target, patch, expected] of rows) {
    test(`${target} with ${patch}`, () => {
      assert.deepEqual(JSON.stringify(mergePatch(JSON.parse(target), JSON.parse(patch))), expected)
      assert.equal(({} as Record<string, unknown>)['x'], undefined)
    })
  }
})

type Operation = JsonObject

describe('a JSON patch', () => {
  const document = { a: { b: 1 }, list: ['x', 'y', 'z'], 'c/d~e': 2 }
  const good: readonly (readonly [string, readonly Operation[], Json])[] = [
    ['adds a field', [{ op: 'add', path: '/n', value: 1 }], { ...document, n: 1 }],
    ['adds an item', [{ op: 'add', path: '/list/1', value: 'n' }], { ...document, list: ['x', 'n', 'y', 'z'] }],
    [
      'adds an item at the end',
      [{ op: 'add', path: '/list/-', value: 'n' }],
      { ...document, list: ['x', 'y', 'z', 'n'] },
    ],
    [
      'removes',
      [
        { op: 'remove', path: '/list/0' },
        { op: 'remove', path: '/a' },
      ],
      { list: ['y', 'z'], 'c/d~e': 2 },
    ],
    ['replaces', [{ op: 'replace', path: '/c~1d~0e', value: 3 }], { ...document, 'c/d~e': 3 }],
    ['moves', [{ op: 'move', from: '/list/0', path: '/list/2' }], { ...document, list: ['y', 'z', 'x'] }],
    [
      'copies',
      [
        { op: 'copy', from: '/a', path: '/k' },
        { op: 'add', path: '/k/b', value: 2 },
      ],
      { ...document, k: { b: 2 } },
    ],
    ['tests', [{ op: 'test', path: '/a', value: { b: 1 } }], document],
    ['replaces all', [{ op: 'replace', path: '', value: { all: 1 } }], { all: 1 }],
  ]
  for (const [name, patch, expected] of good) {
    test(name, () => {
      const before = structuredClone(document)
      assert.deepEqual(jsonPatch(document, patch), expected)
      assert.deepEqual(document, before)
    })
  }

  const bad: readonly (readonly [string, Json])[] = [
    ['a test that fails', [{ op: 'test', path: '/a', value: 2 }]],
    ['a path that is not there', [{ op: 'remove', path: '/none' }]],
    ['a path below nothing', [{ op: 'add', path: '/none/x', value: 1 }]],
    ['an index behind the end', [{ op: 'add', path: '/list/9', value: 1 }]],
    ['no index', [{ op: 'add', path: '/list/x', value: 1 }]],
    ['an unknown operation', [{ op: 'other', path: '/a' }]],
    ['no path', [{ op: 'remove' }]],
    ['no pointer', [{ op: 'remove', path: 'a' }]],
    ['no value', [{ op: 'add', path: '/a' }]],
    ['a move into itself', [{ op: 'move', from: '/a', path: '/a/b/c' }]],
    ['a copy of nothing', [{ op: 'copy', from: '/none', path: '/x' }]],
    ['a path through a prototype', [{ op: 'add', path: '/__proto__/x', value: 1 }]],
    ['a path through a constructor', [{ op: 'add', path: '/constructor/prototype/x', value: 1 }]],
    ['a path through a method', [{ op: 'add', path: '/toString/x', value: 1 }]],
    ['no operation', [1]],
  ]
  for (const [name, patch] of bad) {
    test(`${name} is refused`, () => {
      assert.throws(
        () => jsonPatch(document, patch),
        error => isFault(error, 'Invalid'),
      )
      assert.equal(({} as Record<string, unknown>)['x'], undefined)
    })
  }

  test('can be applied again: what it holds is not changed with the object', () => {
    const patch = [
      { op: 'add', path: '/n', value: { x: 1 } },
      { op: 'add', path: '/n/y', value: 2 },
    ]
    assert.deepEqual(jsonPatch({}, patch), { n: { x: 1, y: 2 } })
    assert.deepEqual(jsonPatch({}, patch), { n: { x: 1, y: 2 } })
    assert.deepEqual(patch[0], { op: 'add', path: '/n', value: { x: 1 } })
  })

  test('that is no list, or too much work, is refused', () => {
    assert.throws(
      () => jsonPatch({}, {}),
      error => isFault(error, 'BadRequest'),
    )
    const many = Array.from({ length: 10_001 }, () => ({ op: 'test', path: '', value: {} }))
    assert.throws(
      () => jsonPatch({}, many),
      error => isFault(error, 'RequestEntityTooLarge'),
    )
    const doubling = Array.from({ length: 40 }, (_, index) => ({ op: 'copy', from: '', path: `/c${index}` }))
    assert.throws(
      () => jsonPatch({ a: 1 }, doubling),
      error => isFault(error, 'RequestEntityTooLarge'),
    )
    // Few values, of many characters.
    const texts = Array.from({ length: 20 }, (_, index) => ({ op: 'copy', from: '/a', path: `/c${index}` }))
    assert.throws(
      () => jsonPatch({ a: 'x'.repeat(1_000_000) }, texts),
      error => isFault(error, 'RequestEntityTooLarge'),
    )
    const list = Array.from({ length: 200_000 }, () => 0)
    const shifting = Array.from({ length: 10_000 }, () => ({ op: 'add', path: '/list/0', value: 1 }))
    assert.throws(
      () => jsonPatch({ list }, shifting),
      error => isFault(error, 'RequestEntityTooLarge'),
    )
  })
})
