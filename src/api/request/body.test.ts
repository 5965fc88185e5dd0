import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault, runSteps } from '#base'
import { kubernetesShape } from '#schema'
import { BODY_DEPTH_MAX, BODY_VALUES_MAX, YAML_CHARS_MAX, YAML_SMALL_CHARS_MAX, YAML_TOKENS_MAX } from '../limits.ts'
import { readSent, readSentInSteps, type Sent } from './body.ts'
import { readingYaml } from './yaml.ts'

const shape = kubernetesShape('V1ConfigMap')
const read = (text: string) => readSent(Buffer.from(text), 'application/yaml', shape)

/** Reads in steps, and tells how many there were. */
async function stepped(text: string, contentType = 'application/yaml'): Promise<Sent & { readonly steps: number }> {
  let steps = 0
  const step = () => {
    steps += 1
    return Promise.resolve()
  }
  const sent = await readSentInSteps({ bytes: Buffer.from(text), contentType, shape }, step)
  return { ...sent, steps }
}

const isTooLarge = (error: unknown) => isFault(error, 'RequestEntityTooLarge')

test('what is long is read in many steps, and says what it says at once', async () => {
  const lines = Array.from({ length: 2500 }, (_, index) => `  key-${index}: value\n`).join('')
  const yaml = `data:\n${lines}`
  const { steps, ...sent } = await stepped(yaml)
  assert.ok(steps > 250, `${steps} steps`)
  const { value: body, duplicates } = runSteps(readingYaml(yaml))
  assert.deepEqual(sent, { body, duplicates })
  const values = Object.fromEntries(
    Array.from({ length: BODY_VALUES_MAX - 1 }, (_, index) => [`key-${index}`, 'v'.repeat(30)]),
  )
  const json = JSON.stringify({ data: values })
  const large = await stepped(json, 'application/json')
  assert.ok(large.steps > json.length / (16 * 1024), `${large.steps} steps`)
  assert.deepEqual(large.body, { data: values })
})

test('YAML has so many tokens and no more, and what is read at once is short', async () => {
  const list = (count: number) => `data: [${'a,'.repeat(count)}a]\n`
  assert.equal((await stepped(list(YAML_TOKENS_MAX / 4))).duplicates.length, 0)
  await assert.rejects(stepped(list(YAML_TOKENS_MAX / 2)), isTooLarge)
  await assert.rejects(stepped(`data:\n  a: ${'x'.repeat(YAML_CHARS_MAX)}\n`), isTooLarge)
  assert.throws(() => read(`data:\n  a: ${'x'.repeat(YAML_SMALL_CHARS_MAX)}\n`), isTooLarge)
  await assert.rejects(stepped('a: b\n---\na: c\n'), /several documents/)
})

test('YAML is read, and JSON that is called so, however large', () => {
  assert.deepEqual(read('data:\n  a: b\n  a: c\n'), { body: { data: { a: 'c' } }, duplicates: ['data.a'] })
  assert.deepEqual(read('{data: {a: b}}').body, { data: { a: 'b' } })
  const large = { data: { a: 'x'.repeat(YAML_CHARS_MAX) } }
  assert.deepEqual(read(JSON.stringify(large)).body, large)
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

test('YAML that is wrong everywhere is refused where it is wrong first', async () => {
  for (const part of ['"', '&a ', '!a ', '[', '- ', '? ', '{a: ', 'a: ', '%a\n', '}\n']) {
    const text = part.repeat(YAML_CHARS_MAX / part.length / 8)
    await assert.rejects(stepped(text), error => isFault(error, 'BadRequest') || isTooLarge(error), part)
  }
  assert.throws(() => read('a: {b'), { message: /^the body cannot be read as YAML: .+ at line \d, column \d+$/ })
})
