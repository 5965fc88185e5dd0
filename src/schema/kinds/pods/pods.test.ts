import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type JsonObject, textAt } from '../../json.ts'
import { pod } from '../core/pod.ts'
import { judge, judgeChange } from '../testing.ts'
import { podSummary } from './pod-status.ts'

const one = (container: JsonObject = {}, spec: JsonObject = {}): JsonObject => ({
  spec: { containers: [{ name: 'c', image: 'a:1', ...container }], ...spec },
})

test('a pod gets what people leave out', () => {
  const probe = { httpGet: { port: 80 } }
  const resources = { limits: { cpu: 1, memory: '1024Mi' }, requests: { cpu: '0.5' } }
  const { object, problems } = judge(
    pod,
    one({ image: 'a', ports: [{ containerPort: 80 }], readinessProbe: probe, resources }),
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(object['spec'], {
    restartPolicy: 'Always',
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    enableServiceLinks: true,
    containers: [
      {
        name: 'c',
        image: 'a',
        imagePullPolicy: 'Always',
        terminationMessagePath: '/dev/termination-log',
        terminationMessagePolicy: 'File',
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } },
        readinessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      },
    ],
  })
  assert.deepEqual(object['status'], { phase: 'Pending', qosClass: 'Burstable' })
})

const at = 'spec.containers[0]'
const bad: readonly (readonly [string, JsonObject, readonly string[]])[] = [
  ['without containers', { spec: { containers: [] } }, ['spec.containers: Required value']],
  ['without a spec', {}, ['spec: Required value']],
  ['without an image', one({ image: '' }), [`${at}.image: Required value`]],
  [
    'with a name twice',
    one({}, { initContainers: [{ name: 'c', image: 'b' }] }),
    ['spec.initContainers[0].name: Duplicate value: "c"'],
  ],
  [
    'with a port out of range',
    one({ ports: [{ containerPort: 70_000 }] }),
    [`${at}.ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive`],
  ],
  [
    'with a volume that is not there',
    one({ volumeMounts: [{ name: 'v', mountPath: '/a' }] }),
    [`${at}.volumeMounts[0].name: Not found: "v"`],
  ],
  [
    'with two sources of a volume',
    one({}, { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/a' } }] }),
    ['spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type'],
  ],
  [
    'that requests more than its limit',
    one({ resources: { limits: { cpu: '1' }, requests: { cpu: '2' } } }),
    [`${at}.resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1`],
  ],
  [
    'that asks for less than nothing',
    one({ resources: { requests: { cpu: '-1' } } }),
    [`${at}.resources.requests[cpu]: Invalid value: "-1": must be greater than or equal to 0`],
  ],
  [
    'with a probe of nothing',
    one({ livenessProbe: {} }),
    [`${at}.livenessProbe: Required value: must specify a handler type`],
  ],
  [
    'with an unknown policy',
    one({}, { restartPolicy: 'Sometimes' }),
    ['spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"'],
  ],
  [
    'with a variable of two sources',
    one({ env: [{ name: 'A', value: 'x', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }] }),
    [`${at}.env[0].valueFrom: Invalid value: "": may not be specified when \`value\` is not empty`],
  ],
  [
    'with a path out of its volume',
    one({ volumeMounts: [{ name: 'v', mountPath: '/a', subPath: '../b' }] }, { volumes: [{ name: 'v' }] }),
    [`${at}.volumeMounts[0].subPath: Invalid value: "../b": must not contain '..'`],
  ],
]

for (const [what, body, problems] of bad) {
  test(`a pod ${what} is refused`, () => assert.deepEqual(judge(pod, body).problems, problems))
}

test('a pod is told how surely it has what it asks for', () => {
  const limits = { cpu: '1', memory: '1Gi' }
  const quality = (container: JsonObject) => textAt(judge(pod, one(container)).object, 'status', 'qosClass')
  assert.equal(quality({}), 'BestEffort')
  assert.equal(quality({ resources: { limits } }), 'Guaranteed')
  assert.equal(quality({ resources: { limits, requests: { cpu: '500m' } } }), 'Burstable')
})

test('of a pod that is there only little may change', () => {
  assert.deepEqual(judgeChange(pod, one(), one({ image: 'b:1' }, { tolerations: [{ operator: 'Exists' }] })), [])
  assert.match(
    judgeChange(pod, one(), one({ command: ['x'] })).join(),
    /^spec: Forbidden: pod updates may not change fields/,
  )
})

test('what a pod does is told in one word', () => {
  const word = (status: JsonObject, metadata: JsonObject = {}, spec: JsonObject = {}) => {
    const { object } = judge(pod, { ...one({}, spec), metadata })
    const { ready, status: told, restarts } = podSummary({ ...object, status }, Date.parse('2026-01-01T01:00:00Z'))
    return `${ready} ${told} ${restarts}`
  }
  const running = { name: 'c', ready: true, restartCount: 0, state: { running: {} } }
  const lost = { terminated: { finishedAt: '2026-01-01T00:55:00Z' } }
  const waiting = { name: 'c', restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: lost }
  const done = { name: 'c', restartCount: 0, state: { terminated: { exitCode: 2 } } }
  const init = { initContainers: [{ name: 'i', image: 'i:1' }] }
  const fetching = { name: 'i', restartCount: 1, state: { waiting: { reason: 'ErrImagePull' } } }
  assert.equal(word({ phase: 'Running', containerStatuses: [running] }), '1/1 Running 0')
  assert.equal(word({ phase: 'Running', containerStatuses: [waiting] }), '0/1 CrashLoopBackOff 3 (5m ago)')
  assert.equal(word({ phase: 'Failed', containerStatuses: [done] }), '0/1 ExitCode:2 0')
  assert.equal(word({ phase: 'Pending', initContainerStatuses: [fetching] }, {}, init), '0/1 Init:ErrImagePull 1')
  assert.equal(
    word({ phase: 'Pending', initContainerStatuses: [{ name: 'i', state: { running: {} } }] }, {}, init),
    '0/1 Init:0/1 0',
  )
  assert.equal(
    word({ phase: 'Running', containerStatuses: [running] }, { deletionTimestamp: '2026-01-01T00:00:00Z' }),
    '1/1 Terminating 0',
  )
  assert.equal(word({ phase: 'Failed', reason: 'Evicted' }), '0/1 Evicted 0')
})
