import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, jsonAt } from '../json.ts'
import type { Resource } from '../resource.ts'
import { horizontalPodAutoscaler } from './autoscaling/horizontal-pod-autoscaler.ts'
import { filesystem } from './cairn/filesystem.ts'
import { pool } from './cairn/pool.ts'
import { user } from './cairn/user.ts'
import { certificateSigningRequest } from './certificates/signing-request.ts'
import { lease } from './coordination/lease.ts'
import { endpointSlice } from './discovery/endpoint-slice.ts'
import { bundle } from './nanocloud/bundle.ts'
import { device } from './nanocloud/device.ts'
import { ipAddress } from './networking/addresses.ts'
import { ingress } from './networking/ingress.ts'
import { ingressClass } from './networking/ingress-class.ts'
import { networkPolicy } from './networking/network-policy.ts'
import { podDisruptionBudget } from './policy/pod-disruption-budget.ts'
import { clusterRoleBinding, role } from './rbac/roles.ts'
import { priorityClass } from './scheduling/priority-class.ts'
import { volumeSnapshot } from './snapshot/snapshots.ts'
import { storageClass } from './storage/storage-class.ts'
import { judge, judgeChange } from './testing.ts'

const backend = { service: { name: 'web', port: { number: 80 } } }
const route = (path: JsonObject): JsonObject => ({
  spec: { rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...path }] } }] },
})
const at = 'spec.rules[0].http.paths[0]'
const request = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\n').toString('base64')
const signing = (spec: JsonObject = {}): JsonObject => ({
  spec: { request, signerName: 'a.b/c', usages: ['client auth'], ...spec },
})
const bind = (name: string): JsonObject => ({ roleRef: { kind: 'ClusterRole', name } })

const bad: readonly (readonly [Resource, JsonObject, string])[] = [
  [ingress, { spec: {} }, 'spec: Invalid value: []: either `defaultBackend` or `rules` must be specified'],
  [ingress, route({ path: 'a' }), `${at}.path: Invalid value: "a": must be an absolute path`],
  [
    ingress,
    route({ pathType: 'Best' }),
    `${at}.pathType: Unsupported value: "Best": supported values: "Exact", "ImplementationSpecific", "Prefix"`,
  ],
  [
    ingress,
    route({ backend: { service: { name: 'web' } } }),
    `${at}.backend.service.port: Required value: port name or number is required`,
  ],
  [
    networkPolicy,
    { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0' } }] }] } },
    'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  [
    endpointSlice,
    { addressType: 'IPv4', endpoints: [{ addresses: ['::1'] }] },
    'endpoints[0].addresses[0]: Invalid value: "::1": must be an IPv4 address',
  ],
  [lease, { spec: { leaseDurationSeconds: 0 } }, 'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0'],
  [
    podDisruptionBudget,
    { spec: { minAvailable: 1, maxUnavailable: 1 } },
    'spec: Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
  ],
  [
    horizontalPodAutoscaler,
    { spec: { minReplicas: 4, maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'a' } } },
    'spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`',
  ],
  [
    certificateSigningRequest,
    signing({ signerName: 'nobody' }),
    'spec.signerName: Invalid value: "nobody": must be a fully qualified domain and path of the form "example.com/signer-name"',
  ],
  [
    certificateSigningRequest,
    signing({ expirationSeconds: 5 }),
    'spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 600 seconds (10 minutes)',
  ],
  [role, { rules: [{ verbs: [] }] }, 'rules[0].verbs: Required value: verbs must contain at least one value'],
  [
    priorityClass,
    { value: 2_000_000_000 },
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ],
  [storageClass, { provisioner: '' }, 'provisioner: Required value'],
  [volumeSnapshot, { spec: { source: {} } }, 'spec.source: Invalid value: {}: exactly one source must be set'],
  [
    filesystem,
    { spec: { mountPath: 'a' } },
    'spec.mountPath: Invalid value: "a": must be an absolute path, such as /mnt/photos, as short as it can be',
  ],
  [
    pool,
    { metadata: { name: 'default' }, spec: { replicas: 1, minReplicas: 2 } },
    'spec.minReplicas: Invalid value: 2: must be less than or equal to replicas',
  ],
  [
    user,
    { spec: { groups: ['system:masters'] } },
    'spec.groups: Invalid value: ["system:masters"]: may not name groups that begin with \'system:\'',
  ],
  [bundle, { spec: {} }, 'spec.service: Required value'],
  [
    bundle,
    { spec: { service: 'a', options: { 'A B': '1' } } },
    "spec.options[A B]: Invalid value: \"A B\": must be at most 128 lower case letters, digits, '_', ':', '.' and '-'",
  ],
  [
    bundle,
    { spec: { service: 'a', security: { extraCapabilities: ['CAP_SYS_ADMIN'] } } },
    'spec.security.extraCapabilities[0]: Invalid value: "CAP_SYS_ADMIN": needs allowPrivileged',
  ],
  [device, { spec: { hash: 'ab' } }, 'metadata.name: Invalid value: "sample": must be device-ab'],
  [
    ipAddress,
    { spec: { parentRef: { resource: 'services', name: 'a' } } },
    'metadata.name: Invalid value: "sample": must be a valid IP address',
  ],
]

for (const [resource, body, problem] of bad) {
  test(`${resource.kind} is refused: ${problem}`, () => assert.deepEqual(judge(resource, body).problems, [problem]))
}

const fixed: readonly (readonly [Resource, JsonObject, JsonObject, string])[] = [
  [
    clusterRoleBinding,
    bind('a'),
    bind('b'),
    'roleRef: Invalid value: {"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"b"}: cannot change roleRef',
  ],
  [
    storageClass,
    { provisioner: 'a', parameters: { b: '1' } },
    { provisioner: 'a', parameters: { b: '2' } },
    'parameters: Forbidden: updates to parameters are forbidden.',
  ],
  [
    ingressClass,
    { spec: { controller: 'a.b/c' } },
    { spec: { controller: 'a.b/d' } },
    'spec.controller: Invalid value: "a.b/d": field is immutable',
  ],
  [priorityClass, { value: 1 }, { value: 2 }, 'value: Invalid value: 2: field is immutable'],
  [
    certificateSigningRequest,
    signing(),
    signing({ usages: ['server auth'] }),
    'spec: Invalid value: "": field is immutable',
  ],
  [pool, { spec: {} }, { spec: { encrypted: true } }, 'spec.encrypted: Invalid value: true: field is immutable'],
]

for (const [resource, from, to, problem] of fixed) {
  test(`${resource.kind} does not change: ${problem}`, () => {
    assert.deepEqual(judgeChange(resource, from, to), [problem])
  })
}

test('what people leave out is filled in', () => {
  const filled: readonly (readonly [Resource, JsonObject, readonly string[], unknown])[] = [
    [networkPolicy, { spec: { podSelector: {}, egress: [{}] } }, ['spec', 'policyTypes'], ['Ingress', 'Egress']],
    [storageClass, { provisioner: 'a' }, ['volumeBindingMode'], 'Immediate'],
    [pool, { metadata: { name: 'default' }, spec: {} }, ['spec', 'chunkBytes'], 1_048_576],
    [filesystem, { spec: {} }, ['spec', 'pool'], 'default'],
    [bundle, { spec: { service: 'a' } }, ['spec', 'namespace'], 'default'],
    [device, { metadata: { name: 'device-ab' }, spec: { hash: 'ab' } }, ['spec', 'certificateSubject'], 'device:ab'],
    [priorityClass, { value: 1 }, ['preemptionPolicy'], 'PreemptLowerPriority'],
  ]
  for (const [resource, body, path, value] of filled) {
    const { object, problems } = judge(resource, body)
    assert.deepEqual(problems, [], resource.kind)
    assert.deepEqual(jsonAt(object, ...path), value, resource.kind)
  }
})
