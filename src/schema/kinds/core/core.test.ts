import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, jsonAt } from '../../json.ts'
import type { Resource } from '../../resource.ts'
import { judge, judgeChange } from '../testing.ts'
import { configMap } from './config-map.ts'
import { endpoints } from './endpoints.ts'
import { node } from './node.ts'
import { persistentVolume } from './persistent-volume.ts'
import { persistentVolumeClaim } from './persistent-volume-claim.ts'
import { secret } from './secret.ts'
import { service } from './service.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

test('text that is sent with a secret becomes part of its data', () => {
  const { object, problems } = judge(secret, { data: { a: base64('1') }, stringData: { b: '2' } })
  assert.deepEqual(problems, [])
  assert.deepEqual(object['data'], { a: base64('1'), b: base64('2') })
  assert.equal(object['stringData'], undefined)
  assert.equal(object['type'], 'Opaque')
})

test('a config map holds as much as a secret: a mebibyte', () => {
  const [x, y] = ['x'.repeat(600_000), base64('y'.repeat(500_000))]
  assert.deepEqual(judge(configMap, { data: { x } }).problems, [])
  const { problems } = judge(configMap, { data: { x }, binaryData: { y } })
  assert.deepEqual(problems, ['data: Too long: may not be more than 1048576 bytes'])
})

const ports = [{ port: 80 }]
const serviceOf = (spec: JsonObject): JsonObject => ({ spec })
const claim = (spec: JsonObject = {}): JsonObject => ({
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
})
const volume = (spec: JsonObject = {}): JsonObject => ({
  spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/a' }, ...spec },
})

const bad: readonly (readonly [Resource, JsonObject, string])[] = [
  [
    configMap,
    { data: { 'a/b': '1' } },
    "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  ],
  [secret, { type: 'kubernetes.io/tls', data: { 'tls.crt': '' } }, 'data[tls.key]: Required value'],
  [
    secret,
    { type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('no') } },
    'data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be a JSON object',
  ],
  [
    secret,
    { type: 'kubernetes.io/service-account-token' },
    'metadata.annotations[kubernetes.io/service-account.name]: Required value',
  ],
  [service, serviceOf({}), 'spec.ports: Required value'],
  [service, serviceOf({ ports: [{ port: 80 }, { port: 81, name: 'b' }] }), 'spec.ports[0].name: Required value'],
  [
    service,
    serviceOf({ ports: [{ port: 0, targetPort: 80 }] }),
    'spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive',
  ],
  [
    service,
    serviceOf({ ports, type: 'Magic' }),
    'spec.type: Unsupported value: "Magic": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  ],
  [service, serviceOf({ type: 'ExternalName' }), 'spec.externalName: Required value'],
  [
    endpoints,
    { subsets: [{ addresses: [{ ip: '1.2.3' }] }] },
    'subsets[0].addresses[0].ip: Invalid value: "1.2.3": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  [
    node,
    { spec: { taints: [{ key: 'a', effect: 'Never' }] } },
    'spec.taints[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
  ],
  [persistentVolume, volume({ capacity: null }), 'spec.capacity: Required value'],
  [persistentVolume, volume({ hostPath: null }), 'spec: Required value: must specify a volume type'],
  [
    persistentVolumeClaim,
    claim({ accessModes: [] }),
    'spec.accessModes: Required value: at least 1 access mode is required',
  ],
  [persistentVolumeClaim, claim({ resources: {} }), 'spec.resources[storage]: Required value'],
]

for (const [resource, body, problem] of bad) {
  test(`${resource.kind} is refused: ${problem}`, () => assert.deepEqual(judge(resource, body).problems, [problem]))
}

test('what was given to a service stays, when people send it without', () => {
  const { object } = judge(service, serviceOf({ ports, type: 'NodePort' }))
  assert.deepEqual(jsonAt(object, 'spec', 'ports'), [{ port: 80, protocol: 'TCP', targetPort: 80 }])
  assert.equal(jsonAt(object, 'spec', 'externalTrafficPolicy'), 'Cluster')
  const given = {
    clusterIP: '10.0.0.7',
    clusterIPs: ['10.0.0.7'],
    ports: [{ port: 80, protocol: 'TCP', nodePort: 30_080 }],
  }
  const old = { ...object, spec: { ...Object(object['spec']), ...given } }
  const next = judge(service, serviceOf({ ports, type: 'NodePort', selector: { a: 'b' } }), old)
  assert.deepEqual(next.problems, [])
  assert.equal(jsonAt(next.object, 'spec', 'clusterIP'), '10.0.0.7')
  assert.deepEqual(jsonAt(next.object, 'spec', 'ports'), [
    { port: 80, protocol: 'TCP', targetPort: 80, nodePort: 30_080 },
  ])
  const moved = judge(service, serviceOf({ ports, type: 'NodePort', clusterIP: '10.0.0.8' }), old)
  assert.deepEqual(moved.problems, ['spec.clusterIPs[0]: Invalid value: ["10.0.0.8"]: may not change once set'])
})

const fixed: readonly (readonly [Resource, JsonObject, JsonObject, string])[] = [
  [secret, {}, { type: 'a/b' }, 'type: Invalid value: "a/b": field is immutable'],
  [
    secret,
    { immutable: true, stringData: { a: '1' } },
    { immutable: true, stringData: { a: '2' } },
    'data: Forbidden: field is immutable when `immutable` is set',
  ],
  [configMap, { immutable: true }, {}, 'immutable: Forbidden: field is immutable when `immutable` is set'],
  [
    persistentVolumeClaim,
    claim(),
    claim({ storageClassName: 'fast' }),
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
  ],
  [
    persistentVolumeClaim,
    claim(),
    claim({ resources: { requests: { storage: '512Mi' } } }),
    'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
  ],
  [
    persistentVolume,
    volume(),
    volume({ hostPath: { path: '/b' } }),
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
  ],
]

for (const [resource, from, to, problem] of fixed) {
  test(`${resource.kind} does not change: ${problem}`, () => {
    assert.deepEqual(judgeChange(resource, from, to), [problem])
  })
}

test('a claim may ask for more, and be bound', () => {
  const more = claim({ resources: { requests: { storage: '2Gi' } }, volumeName: 'v' })
  assert.deepEqual(judgeChange(persistentVolumeClaim, claim(), more), [])
})
