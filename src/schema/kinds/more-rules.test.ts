import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../json.ts'
import type { Resource } from '../resource.ts'
import { configMap } from './core/config-map.ts'
import { secret } from './core/secret.ts'
import { endpointSlice } from './discovery/endpoint-slice.ts'
import { ingress } from './networking/ingress.ts'
import { podDisruptionBudget } from './policy/pod-disruption-budget.ts'
import { clusterRole } from './rbac/roles.ts'
import { priorityClass } from './scheduling/priority-class.ts'
import { judge } from './testing.ts'

const backend = { service: { name: 'a', port: { number: 80 } } }
const slice = (addresses: readonly string[]): JsonObject => ({
  addressType: 'IPv4',
  endpoints: [{ addresses }],
  ports: [],
})

const bad: readonly (readonly [Resource, JsonObject, string])[] = [
  [
    configMap,
    { data: { a: '1' }, binaryData: { a: 'AAAA' } },
    'data[a]: Invalid value: "a": duplicate of key present in binaryData',
  ],
  [secret, { type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } }, 'data[ssh-privatekey]: Required value'],
  [
    ingress,
    { spec: { rules: [{ host: '10.0.0.1', http: { paths: [{ path: '/', pathType: 'Prefix', backend }] } }] } },
    'spec.rules[0].host: Invalid value: "10.0.0.1": must be a DNS name, not an IP address',
  ],
  [
    podDisruptionBudget,
    { spec: { minAvailable: '101%' } },
    'spec.minAvailable: Invalid value: "101%": must not be greater than 100%',
  ],
  [
    priorityClass,
    { metadata: { name: 'system-mine' }, value: 5 },
    "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved for system use only",
  ],
  [
    clusterRole,
    { rules: [{ verbs: ['get'], nonResourceURLs: ['/a'], apiGroups: [''], resources: ['pods'] }] },
    'rules[0].nonResourceURLs: Invalid value: ["/a"]: rules cannot apply to both regular resources and non-resource URLs',
  ],
  [
    endpointSlice,
    slice(Array.from({ length: 101 }, (_, index) => `10.0.0.${index}`)),
    'endpoints[0].addresses: Too many: 101: must have at most 100 items',
  ],
  [
    endpointSlice,
    slice(['127.0.0.1']),
    'endpoints[0].addresses[0]: Invalid value: "127.0.0.1": may not be in the loopback range (127.0.0.0/8, ::1/128)',
  ],
]

for (const [resource, body, problem] of bad) {
  test(`${resource.kind} is refused: ${problem.slice(0, 100)}`, () => {
    assert.deepEqual(judge(resource, body).problems, [problem])
  })
}
