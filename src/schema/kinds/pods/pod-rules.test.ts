import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { JsonObject } from '../../json.ts'
import { pod } from '../core/pod.ts'
import { judge, judgeChange } from '../testing.ts'

const one = (container: JsonObject = {}, spec: JsonObject = {}): JsonObject => ({
  spec: { containers: [{ name: 'c', image: 'a:1', ...container }], ...spec },
})
const twice = (container: JsonObject): JsonObject => ({
  spec: { containers: ['c', 'd'].map(name => ({ name, image: 'a:1', ...container })) },
})
const env = (valueFrom: JsonObject): JsonObject => one({ env: [{ name: 'A', valueFrom }] })
const volume = (source: JsonObject): JsonObject => one({}, { volumes: [{ name: 'v', ...source }] })
const near = (term: JsonObject): JsonObject => ({ requiredDuringSchedulingIgnoredDuringExecution: [term] })
const spread = (more: JsonObject): JsonObject => ({
  maxSkew: 1,
  topologyKey: 'a',
  whenUnsatisfiable: 'DoNotSchedule',
  ...more,
})

const at = 'spec.containers[0]'

// Facts of k8s.io/kubernetes/pkg/apis/core/validation: a pod, and the fields that are told.
const bad: readonly (readonly [JsonObject, readonly string[]])[] = [
  [one({ restartPolicy: 'Always' }), [`${at}.restartPolicy: Forbidden: may not be set for non-init containers`]],
  [
    twice({ ports: [{ containerPort: 80, hostPort: 80 }] }),
    ['spec.containers[1].ports[0].hostPort: Duplicate value: "TCP//80"'],
  ],
  [
    one({ ports: [{ containerPort: 80, hostPort: 81 }] }, { hostNetwork: true }),
    [`${at}.ports[0].hostPort: Invalid value: 81: must match \`containerPort\` when \`hostNetwork\` is true`],
  ],
  [one({ ports: [{}] }), [`${at}.ports[0].containerPort: Required value`]],
  [one({ image: ' a' }), [`${at}.image: Invalid value: " a": must not have leading or trailing whitespace`]],
  [
    env({ fieldRef: { fieldPath: 'spec.hostname' } }),
    [
      `${at}.env[0].valueFrom.fieldRef.fieldPath: Unsupported value: "spec.hostname": supported values: "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"`,
    ],
  ],
  [
    env({ resourceFieldRef: { resource: 'limits.disk' } }),
    [
      `${at}.env[0].valueFrom.resourceFieldRef.resource: Unsupported value: "limits.disk": supported values: "limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", "requests.ephemeral-storage", "requests.memory"`,
    ],
  ],
  [env({ secretKeyRef: { name: 'a' } }), [`${at}.env[0].valueFrom.secretKeyRef.key: Required value`]],
  [
    env({}),
    [
      `${at}.env[0].valueFrom: Invalid value: "": must specify one of: \`fieldRef\`, \`resourceFieldRef\`, \`configMapKeyRef\` or \`secretKeyRef\``,
    ],
  ],
  [
    one({ resources: { limits: { disk: '1' } } }),
    [
      `${at}.resources.limits[disk]: Invalid value: "disk": must be a standard resource for containers`,
      `${at}.resources.requests[disk]: Invalid value: "disk": must be a standard resource for containers`,
    ],
  ],
  [
    one({ resources: { requests: { 'example.com/gpu': '1' } } }),
    [`${at}.resources.limits: Required value: Limit must be set for non overcommitable resources`],
  ],
  [
    one({ resources: { limits: { 'hugepages-2Mi': '2Mi' } } }),
    [`${at}.resources: Forbidden: HugePages require cpu or memory`],
  ],
  [
    one({ readinessProbe: { exec: { command: ['a'] }, terminationGracePeriodSeconds: 5 } }),
    [`${at}.readinessProbe.terminationGracePeriodSeconds: Invalid value: 5: must not be set for readinessProbes`],
  ],
  [
    one({ livenessProbe: { httpGet: { port: 80, httpHeaders: [{ name: 'a b', value: '' }] } } }),
    [
      `${at}.livenessProbe.httpGet.httpHeaders: Invalid value: "a b": a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')`,
    ],
  ],
  [
    one({ lifecycle: { preStop: { sleep: { seconds: 31 } } } }),
    [
      `${at}.lifecycle.preStop.sleep: Invalid value: 31: must be non-negative and less than terminationGracePeriodSeconds (30)`,
    ],
  ],
  [
    one({ securityContext: { runAsUser: -1 } }),
    [`${at}.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive`],
  ],
  [
    one({ securityContext: { privileged: true, allowPrivilegeEscalation: false } }),
    [
      `${at}.securityContext.allowPrivilegeEscalation: Invalid value: false: cannot set \`allowPrivilegeEscalation\` to false and \`privileged\` to true`,
    ],
  ],
  [
    one({ securityContext: { seccompProfile: { type: 'Localhost' } } }),
    [
      `${at}.securityContext.seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost`,
    ],
  ],
  [
    one({}, { hostUsers: false, hostNetwork: true }),
    ['spec.hostNetwork: Forbidden: when `pod.Spec.HostUsers` is false'],
  ],
  [
    one(
      {},
      {
        securityContext: {
          sysctls: [
            { name: 'a', value: '1' },
            { name: 'a', value: '2' },
          ],
        },
      },
    ),
    ['spec.securityContext.sysctls[1].name: Duplicate value: "a"'],
  ],
  [
    one(
      { volumeMounts: [{ name: 'v', mountPath: '/a', mountPropagation: 'Bidirectional' }] },
      { volumes: [{ name: 'v' }] },
    ),
    [
      `${at}.volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers`,
    ],
  ],
  [
    one({ volumeDevices: [{ name: 'v', devicePath: '/dev/a' }] }, { volumes: [{ name: 'v' }] }),
    [
      `${at}.volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode`,
    ],
  ],
  [
    volume({ emptyDir: { sizeLimit: '-1' } }),
    ['spec.volumes[0].emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity'],
  ],
  [
    volume({ configMap: { name: 'a', defaultMode: 4096 } }),
    [
      'spec.volumes[0].configMap.defaultMode: Invalid value: 4096: must be a number between 0 and 0777 (octal), both inclusive',
    ],
  ],
  [
    volume({ secret: { secretName: 'a', items: [{ key: 'a', path: '/b' }] } }),
    ['spec.volumes[0].secret.items[0].path: Invalid value: "/b": must be a relative path'],
  ],
  [
    volume({ projected: { sources: [{ serviceAccountToken: { path: 'a', expirationSeconds: 60 } }] } }),
    [
      'spec.volumes[0].projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    ],
  ],
  [
    volume({ nfs: { server: 'a', path: 'b' } }),
    ['spec.volumes[0].nfs.path: Invalid value: "b": must be an absolute path'],
  ],
  [
    one({}, { affinity: { podAffinity: near({ labelSelector: {}, topologyKey: '' }) } }),
    [
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Required value: can not be empty',
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].topologyKey: Invalid value: "": name part must be non-empty',
    ],
  ],
  [
    one(
      {},
      { affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [] } } } },
    ),
    [
      'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms: Required value: must have at least one node selector term',
    ],
  ],
  [
    one({}, { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoSchedule', tolerationSeconds: 5 }] }),
    [
      `spec.tolerations[0].effect: Invalid value: "NoSchedule": effect must be 'NoExecute' when \`tolerationSeconds\` is set`,
    ],
  ],
  [
    one({}, { topologySpreadConstraints: [spread({ maxSkew: 0 })] }),
    ['spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero'],
  ],
  [
    one({}, { topologySpreadConstraints: [spread({}), spread({})] }),
    ['spec.topologySpreadConstraints[1].{topologyKey, whenUnsatisfiable}: Duplicate value: "{a, DoNotSchedule}"'],
  ],
  [
    one({}, { dnsPolicy: 'None' }),
    ['spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
  ],
  [
    one({}, { hostAliases: [{ ip: 'a' }] }),
    ['spec.hostAliases[0].ip: Invalid value: "a": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)'],
  ],
  [
    one({}, { activeDeadlineSeconds: 0 }),
    ['spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive'],
  ],
  [
    one({}, { schedulingGates: [{ name: 'a' }], nodeName: 'n' }),
    ['spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared'],
  ],
  [
    one({}, { os: { name: 'plan9' } }),
    ['spec.os.name: Unsupported value: "plan9": supported values: "linux", "windows"'],
  ],
  [
    { ...one(), metadata: { annotations: { 'controller.kubernetes.io/pod-deletion-cost': 'much' } } },
    [
      'metadata.annotations[controller.kubernetes.io/pod-deletion-cost]: Invalid value: "much": must be a 32bit integer',
    ],
  ],
]

for (const [body, problems] of bad) {
  test(`a pod is refused: ${problems[0]?.slice(0, 110)}`, () => assert.deepEqual(judge(pod, body).problems, problems))
}

const bearing = (tolerationSeconds: number): JsonObject =>
  one({}, { tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds }] })

// What a pod was, what it is to become, and what is told.
const changes: readonly (readonly [JsonObject, JsonObject, RegExp | undefined])[] = [
  [one(), one({ image: 'b:1' }), undefined],
  [one(), twice({}), /^spec\.containers: Forbidden: pod updates may not add or remove containers$/],
  [one(), one({}, { nodeName: 'n' }), /^spec: Forbidden: pod updates may not change fields other than/],
  [one(), one({}, { activeDeadlineSeconds: 60 }), undefined],
  [
    one({}, { activeDeadlineSeconds: 60 }),
    one({}, { activeDeadlineSeconds: 61 }),
    /^spec\.activeDeadlineSeconds: Invalid value: 61: must be less than or equal to previous value$/,
  ],
  [
    one({}, { activeDeadlineSeconds: 60 }),
    one(),
    /^spec\.activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value$/,
  ],
  [bearing(5), bearing(9), undefined],
  [
    bearing(5),
    one(),
    /^spec\.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds$/,
  ],
  [
    one({}, { schedulingGates: [{ name: 'a' }] }),
    one({}, { schedulingGates: [{ name: 'b' }] }),
    /^spec\.schedulingGates\[0\]\.name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'$/,
  ],
  [one({}, { schedulingGates: [{ name: 'a' }] }), one({}, { nodeSelector: { a: 'b' } }), undefined],
  [one({}, { terminationGracePeriodSeconds: -1 }), one({}, { terminationGracePeriodSeconds: 1 }), undefined],
]

for (const [index, [from, to, problem]] of changes.entries()) {
  test(`a pod ${problem === undefined ? 'may' : 'may not'} change so (${index})`, () => {
    const problems = judgeChange(pod, from, to)
    if (problem === undefined) assert.deepEqual(problems, [])
    else assert.match(problems.join('\n'), problem)
  })
}
