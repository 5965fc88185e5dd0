import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { kubernetesShape } from '#schema'
import { BODY_DEPTH_MAX, YAML_CHARS_MAX } from '../limits.ts'
import { readSent } from './body.ts'

const shape = kubernetesShape('V1ConfigMap')
const read = (text: string) => readSent(Buffer.from(text), 'application/yaml', shape)

test('YAML is read, and JSON that is called so, however large', () => {
  assert.deepEqual(read('data:\n  a: b\n  a: c\n'), { body: { data: { a: 'c' } }, duplicates: ['data.a'] })
  assert.deepEqual(read('{data: {a: b}}').body, { data: { a: 'b' } })
  const large = { data: { a: 'x'.repeat(YAML_CHARS_MAX) } }
  assert.deepEqual(read(JSON.stringify(large)).body, large)
  assert.throws(
    () => read(`data:\n  a: ${'x'.repeat(YAML_CHARS_MAX)}\n`),
    error => isFault(error, 'RequestEntityTooLarge'),
  )
})

test('a body is nested so deep and no deeper, whatever it has twice', () => {
  const nested = (depth: number, before = '') =>
    readSent(Buffer.from(`{${before}"x":${'['.repeat(depth)}${']'.repeat(depth)}}`), 'application/json', shape)
  nested(BODY_DEPTH_MAX - 1)
  const twice = Array.from({ length: 300 }, (_, index) => `"k${index >> 1}":1,`).join('')
  for (const before of ['', twice]) {
    assert.throws(
      () => nested(BODY_DEPTH_MAX, before),
      error => isFault(error, 'BadRequest'),
    )
  }
})

test('YAML that is wrong everywhere is refused where it is wrong first, and soon', () => {
  for (const part of ['"', '&a ', '!a ', '[', '- ', '? ', '{a: ', 'a: ', '%a\n']) {
    const text = part.repeat(YAML_CHARS_MAX / part.length / 8)
    const beganMs = performance.now()
    assert.throws(
      () => read(text),
      error => isFault(error, 'BadRequest'),
    )
    // Each took seconds, and four times as long when it was twice as large.
    assert.ok(performance.now() - beganMs < 1500, part)
  }
  assert.throws(() => read('a: {b'), { message: /^the body cannot be read as YAML: .+ at line \d, column \d+$/ })
})
