import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, jsonAt, listAt } from '../../json.ts'
import type { Resource } from '../../resource.ts'
import { judge, judgeChange } from '../testing.ts'
import { limitRange } from './limit-range.ts'
import { resourceQuota } from './resource-quota.ts'

const hard = (amounts: JsonObject, spec: JsonObject = {}): JsonObject => ({ spec: { hard: amounts, ...spec } })
const limit = (item: JsonObject): JsonObject => ({ spec: { limits: [{ type: 'Container', ...item }] } })
const selector = (rule: JsonObject): JsonObject => ({ scopeSelector: { matchExpressions: [rule] } })

const bad: readonly (readonly [Resource, JsonObject, readonly string[]])[] = [
  [resourceQuota, hard({ foo: '2' }), ['spec.hard[foo]: Invalid value: "foo": must be a standard resource for quota']],
  [resourceQuota, hard({ pods: '-1' }), ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0']],
  [resourceQuota, hard({ pods: '1500m' }), ['spec.hard[pods]: Invalid value: "1500m": must be an integer']],
  [
    resourceQuota,
    hard({ pods: '1' }, { scopes: ['Some'] }),
    ['spec.scopes: Invalid value: ["Some"]: unsupported scope'],
  ],
  [
    resourceQuota,
    hard({ cpu: '1' }, { scopes: ['BestEffort'] }),
    ['spec.scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource'],
  ],
  [
    resourceQuota,
    hard({ pods: '1' }, { scopes: ['Terminating', 'NotTerminating'] }),
    ['spec.scopes: Invalid value: ["Terminating","NotTerminating"]: conflicting scopes'],
  ],
  [
    resourceQuota,
    hard({ pods: '1' }, selector({ scopeName: 'PriorityClass', operator: 'In' })),
    [
      "spec.scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
    ],
  ],
  [
    limitRange,
    limit({ type: 'Machine' }),
    ['spec.limits[0].type: Invalid value: "Machine": must be a standard limit type or fully qualified'],
  ],
  [
    limitRange,
    limit({ max: { pods: '2' } }),
    [
      'spec.limits[0].max[pods]: Invalid value: "pods": must be a standard resource for containers',
      'spec.limits[0].default[pods]: Invalid value: "pods": must be a standard resource for containers',
      'spec.limits[0].defaultRequest[pods]: Invalid value: "pods": must be a standard resource for containers',
    ],
  ],
  [
    limitRange,
    limit({ type: 'Pod', default: { cpu: '1' } }),
    ["spec.limits[0].default: Forbidden: may not be specified when `type` is 'Pod'"],
  ],
  [
    limitRange,
    limit({ type: 'PersistentVolumeClaim' }),
    [
      'spec.limits[0].limits: Required value: either minimum or maximum storage value is required, but neither was provided',
    ],
  ],
  [
    limitRange,
    limit({ type: 'Pod', min: { cpu: '2' }, max: { cpu: '1' } }),
    ['spec.limits[0].min[cpu]: Invalid value: "2": min value 2 is greater than max value 1'],
  ],
  [
    limitRange,
    limit({ type: 'Pod', maxLimitRequestRatio: { cpu: '500m' } }),
    ['spec.limits[0].maxLimitRequestRatio[cpu]: Invalid value: "500m": ratio 500m is less than 1'],
  ],
]

for (const [resource, body, problems] of bad) {
  test(`${resource.kind} is refused: ${problems[0]}`, () => assert.deepEqual(judge(resource, body).problems, problems))
}

test('quotas name what Kubernetes counts, what others define, and objects of any kind', () => {
  const amounts = { 'count/deployments.apps': '2', 'requests.example.com/gpu': '1', 'requests.hugepages-2Mi': '2Mi' }
  assert.deepEqual(judge(resourceQuota, hard({ ...amounts, 'services.nodeports': '3', cpu: '500m' })).problems, [])
})

test('the scopes of a quota stay, in whatever order', () => {
  const of = (...scopes: string[]) => hard({ pods: '1' }, { scopes })
  assert.deepEqual(
    judgeChange(resourceQuota, of('Terminating', 'NotBestEffort'), of('NotBestEffort', 'Terminating')),
    [],
  )
  assert.deepEqual(judgeChange(resourceQuota, of('Terminating'), of()), [
    'spec.scopes: Invalid value: []: field is immutable',
  ])
})

test('containers get by a limit what they may have at most, or at least', () => {
  const { object, problems } = judge(limitRange, limit({ max: { cpu: '2' }, min: { memory: '1Gi' } }))
  assert.deepEqual(problems, [])
  const [item] = listAt(object, 'spec', 'limits')
  assert.deepEqual(jsonAt(item, 'default'), { cpu: '2' })
  assert.deepEqual(jsonAt(item, 'defaultRequest'), { cpu: '2', memory: '1Gi' })
})
