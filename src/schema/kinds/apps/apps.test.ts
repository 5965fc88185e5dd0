import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, jsonAt } from '../../json.ts'
import type { Resource } from '../../resource.ts'
import { judge, judgeChange } from '../testing.ts'
import { controllerRevision } from './controller-revision.ts'
import { daemonSet } from './daemon-set.ts'
import { deployment } from './deployment.ts'
import { replicaSet } from './replica-set.ts'
import { statefulSet } from './stateful-set.ts'

const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'a:1' }] } }
const workload = (spec: JsonObject = {}): JsonObject => ({
  spec: { selector: { matchLabels: { app: 'a' } }, template, ...spec },
})

const filled: readonly (readonly [Resource, JsonObject])[] = [
  [
    deployment,
    {
      replicas: 1,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } },
      revisionHistoryLimit: 10,
      progressDeadlineSeconds: 600,
    },
  ],
  [replicaSet, { replicas: 1 }],
  [
    statefulSet,
    {
      replicas: 1,
      podManagementPolicy: 'OrderedReady',
      revisionHistoryLimit: 10,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
      persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
      serviceName: '',
    },
  ],
  [
    daemonSet,
    {
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
      revisionHistoryLimit: 10,
    },
  ],
]

for (const [resource, added] of filled) {
  test(`${resource.kind} gets what people leave out`, () => {
    const { object, problems } = judge(resource, workload())
    assert.deepEqual(problems, [])
    for (const [name, value] of Object.entries(added)) assert.deepEqual(jsonAt(object, 'spec', name), value, name)
    assert.equal(jsonAt(object, 'spec', 'template', 'spec', 'restartPolicy'), 'Always')
  })

  test(`${resource.kind} is refused when it is wrong`, () => {
    const kind = resource.kind.toLowerCase()
    const bad: readonly (readonly [JsonObject, string])[] = [
      [{ selector: {} }, `spec.selector: Invalid value: {}: empty selector is invalid for ${kind}`],
      [
        { selector: { matchLabels: { app: 'b' } } },
        'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
      ],
      [
        { template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } } },
        'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
      ],
      [{ minReadySeconds: -1 }, 'spec.minReadySeconds: Invalid value: -1: must be greater than or equal to 0'],
      [
        { selector: { matchExpressions: [{ key: 'app', operator: 'In' }] } },
        "spec.selector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
      ],
    ]
    for (const [spec, problem] of bad) assert.ok(judge(resource, workload(spec)).problems.includes(problem), problem)
    const limited = workload({ template: { ...template, spec: { ...template.spec, activeDeadlineSeconds: 5 } } })
    assert.match(judge(resource, limited).problems.join(), /activeDeadlineSeconds in [A-Z]\w+ is not Supported/)
  })
}

test('the selector of a workload is fixed', () => {
  const labels = { app: 'a', tier: 'b' }
  const other = workload({ selector: { matchLabels: { tier: 'b' } }, template: { ...template, metadata: { labels } } })
  const message = 'spec.selector: Invalid value: {"matchLabels":{"tier":"b"}}: field is immutable'
  for (const resource of [deployment, replicaSet, daemonSet]) {
    assert.deepEqual(judgeChange(resource, workload(), other), [message])
  }
})

test('of a StatefulSet only some fields may change', () => {
  assert.deepEqual(judgeChange(statefulSet, workload(), workload({ replicas: 3, minReadySeconds: 2 })), [])
  assert.deepEqual(judgeChange(statefulSet, workload(), workload({ serviceName: 'b' })), [
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ])
})

test('a rollout that could never move is refused', () => {
  const stuck = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: 0 } }
  assert.deepEqual(judge(deployment, workload({ strategy: stuck })).problems, [
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
  ])
  assert.deepEqual(judge(deployment, workload({ progressDeadlineSeconds: 5, minReadySeconds: 9 })).problems, [
    'spec.progressDeadlineSeconds: Invalid value: 5: must be greater than minReadySeconds',
  ])
  const all = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '101%', maxSurge: 0 } }
  assert.deepEqual(judge(deployment, workload({ strategy: all })).problems, [
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
  ])
  const onDelete = workload({ updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } })
  assert.match(judge(statefulSet, onDelete).problems.join(), /only allowed for updateStrategy 'RollingUpdate'$/)
  const recreate = { type: 'Recreate', rollingUpdate: {} }
  assert.match(
    judge(deployment, workload({ strategy: recreate })).problems.join(),
    /may not be specified when strategy/,
  )
})

test('a revision keeps what it holds', () => {
  assert.deepEqual(judgeChange(controllerRevision, { revision: 1, data: { a: 1 } }, { revision: 2, data: { a: 2 } }), [
    'data: Invalid value: {"a":2}: field is immutable',
  ])
})
