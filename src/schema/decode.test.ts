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

for (const [what, fields, said] of [
  [
    'text where a number belongs',
    { ports: [{ containerPort: '80' }] },
    'json: cannot unmarshal string into Go struct field ContainerPort.SPEC.containers.ports.containerPort of type int32',
  ],
  [
    'a number where text belongs',
    { image: 1 },
    'json: cannot unmarshal number into Go struct field Container.SPEC.containers.image of type string',
  ],
  [
    'an object where a list belongs',
    { env: {} },
    'json: cannot unmarshal object into Go struct field Container.SPEC.containers.env of type []v1.EnvVar',
  ],
  [
    'text where an object belongs',
    { resources: 'x' },
    'json: cannot unmarshal string into Go struct field Container.SPEC.containers.resources of type v1.ResourceRequirements',
  ],
  [
    'a list where a yes or no belongs',
    { tty: [] },
    'json: cannot unmarshal array into Go struct field Container.SPEC.containers.tty of type bool',
  ],
  [
    'a number beyond 32 bits',
    { ports: [{ containerPort: 2 ** 31 }] },
    'json: cannot unmarshal number 2147483648 into Go struct field ContainerPort.SPEC.containers.ports.containerPort of type int32',
  ],
  [
    'a fraction',
    { ports: [{ containerPort: 1.5 }] },
    'json: cannot unmarshal number 1.5 into Go struct field ContainerPort.SPEC.containers.ports.containerPort of type int32',
  ],
  [
    'a quantity that is none',
    { resources: { limits: { cpu: 'many' } } },
    "SPEC.containers[0].resources.limits.cpu: quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  ],
  [
    'a port that is neither a name nor a number',
    { livenessProbe: { httpGet: { port: true } } },
    'SPEC.containers[0].livenessProbe.httpGet.port: json: cannot unmarshal bool into Go value of type int32',
  ],
] as const) {
  test(`${what} is refused in the words of Kubernetes`, () => {
    assert.throws(
      () => decode(deployment, container(fields)),
      error => isFault(error, 'BadRequest') && error.message === said.replace('SPEC', 'spec.template.spec'),
    )
  })
}

test('a value of another type in a map is told by the name of the map', () => {
  assert.throws(() => decode(deployment, { metadata: { labels: { a: 1 } } }), {
    message: 'json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string',
  })
  assert.throws(() => decode(deployment, { metadata: { deletionTimestamp: 'now' } }), {
    message: `metadata.deletionTimestamp: parsing time "now" as "2006-01-02T15:04:05Z07:00": cannot parse "now" as "2006"`,
  })
  assert.throws(() => decode(kubernetesShape('V1Secret'), { data: { a: 'a b=' } }), {
    message: 'data.a: illegal base64 data at input byte 1',
  })
})

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

test('what is as its shape has it is not copied', () => {
  const map = { data: { a: 'b' }, metadata: { name: 'x', labels: { c: 'd' } } }
  assert.equal(decode(kubernetesShape('V1ConfigMap'), map).value, map)
  const { value } = decode(kubernetesShape('V1ConfigMap'), { ...map, binaryData: null, more: 1 })
  assert.deepEqual(value, map)
  assert.equal(value['data'], map.data)
})
