import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { decode } from './decode.ts'
import type { JsonObject } from './json.ts'
import { kubernetesShape } from './shapes/read.ts'

const deployment = kubernetesShape('V1Deployment')
const container = (fields: JsonObject): JsonObject => ({
  spec: { selector: {}, template: { spec: { containers: [{ name: 'c', ...fields }] } } },
})

test('fields that a kind does not know are left out and named by their path', () => {
  const { value, unknown } = decode(deployment, {
    spec: { replica: 2, selector: {}, template: { spek: {} } },
    extra: 1,
  })
  assert.deepEqual(unknown, ['spec.replica', 'spec.template.spek', 'extra'])
  assert.deepEqual(value, { spec: { selector: {}, template: {} } })
})

test('null is as if the field were not there', () => {
  const { value, missing } = decode(deployment, { spec: { replicas: null, selector: null, template: {} } })
  assert.deepEqual(value, { spec: { template: {} } })
  assert.deepEqual(
    missing.map(({ field }) => field),
    ['spec.selector'],
  )
})

for (const [what, fields, field] of [
  ['text where a number belongs', { ports: [{ containerPort: '80' }] }, 'ports[0].containerPort'],
  ['a number where text belongs', { image: 1 }, 'image'],
  ['an object where a list belongs', { env: {} }, 'env'],
  ['a number beyond 32 bits', { ports: [{ containerPort: 2 ** 31 }] }, 'ports[0].containerPort'],
  ['a fraction', { ports: [{ containerPort: 1.5 }] }, 'ports[0].containerPort'],
  ['a quantity that is none', { resources: { limits: { cpu: 'many' } } }, 'resources.limits.cpu'],
] as const) {
  test(`${what} is refused with the name of the field`, () => {
    assert.throws(
      () => decode(deployment, container(fields)),
      error => isFault(error, 'BadRequest') && error.message.startsWith(`spec.template.spec.containers[0].${field}: `),
    )
  })
}

test('quantities are text or numbers, ports are names or numbers', () => {
  const fields = {
    resources: { limits: { cpu: 1, memory: '1.5Gi' }, requests: { cpu: '100m' } },
    livenessProbe: { httpGet: { port: 'http' }, tcpSocket: { port: 80 } },
  }
  assert.deepEqual(decode(deployment, container(fields)).unknown, [])
})

test('a key such as __proto__ is a key, and changes nothing else', () => {
  const body: JsonObject = JSON.parse('{"metadata": {"labels": {"__proto__": "x"}}, "__proto__": {"spec": {}}}')
  const { value, unknown } = decode(deployment, body)
  assert.deepEqual(unknown, ['__proto__'])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
  assert.equal(JSON.stringify(value), '{"metadata":{"labels":{"__proto__":"x"}}}')
})

test('what is nested deeper than allowed is refused', () => {
  let schema: JsonObject = {}
  for (let level = 0; level < 100; level += 1) schema = { not: schema }
  const crd = kubernetesShape('V1CustomResourceDefinition')
  const body = { spec: { versions: [{ schema: { openAPIV3Schema: schema } }] } }
  assert.throws(
    () => decode(crd, body),
    error => isFault(error, 'BadRequest') && error.message.includes('nested too deeply'),
  )
})
