import type { JsonObject } from '#schema'

const TEMPLATE = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'web:1', ports: [{ containerPort: 80 }] }] },
}
const SELECTOR = { matchLabels: { app: 'web' } }
const WORKLOAD = { spec: { selector: SELECTOR, template: TEMPLATE } }
const JOB = { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'job', image: 'job:1' }] } } }
const REQUEST = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n').toString(
  'base64',
)
const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } }
const RULES = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
const RBAC = 'rbac.authorization.k8s.io'

/** A small object of every kind that objects are kept of, and how `kubectl get -o wide` shows it, without name and age. */
export interface Sample {
  /** `PLURAL.GROUP/VERSION`, or `PLURAL/VERSION`. */
  readonly resource: string
  readonly name?: string
  readonly body: JsonObject
  /** The cells, but name and age. */
  readonly shown: readonly string[]
}

export const SAMPLES: readonly Sample[] = [
  { resource: 'configmaps/v1', body: { data: { a: '1', b: '2' } }, shown: ['2'] },
  { resource: 'secrets/v1', body: { stringData: { a: 'x' } }, shown: ['Opaque', '1'] },
  {
    resource: 'services/v1',
    body: {
      spec: {
        type: 'NodePort',
        clusterIP: '10.46.0.9',
        selector: { app: 'web' },
        ports: [{ port: 80, nodePort: 30080 }],
      },
    },
    shown: ['NodePort', '10.46.0.9', '<none>', '80:30080/TCP', 'app=web'],
  },
  {
    resource: 'endpoints/v1',
    body: { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80, protocol: 'TCP' }] }] },
    shown: ['10.0.0.1:80'],
  },
  {
    resource: 'events/v1',
    body: {
      involvedObject: { kind: 'Pod', name: 'web', namespace: 'default' },
      type: 'Normal',
      reason: 'Started',
      message: 'it runs',
      source: { component: 'kubelet', host: 'm1' },
    },
    shown: ['Normal', 'Started', 'pod/web', 'kubelet, m1', 'it runs', '1'],
  },
  {
    resource: 'nodes/v1',
    body: { metadata: { labels: { 'node-role.kubernetes.io/worker': '' } } },
    shown: ['Unknown', 'worker', '<none>', '<none>', '<unknown>', '<unknown>', '<unknown>'],
  },
  {
    resource: 'persistentvolumes/v1',
    body: { spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, hostPath: { path: '/a' } } },
    shown: ['1Gi', 'RWO', 'Retain', 'Pending', '<unset>', 'Filesystem'],
  },
  { resource: 'persistentvolumeclaims/v1', body: { spec: CLAIM }, shown: ['Pending', '<unset>', 'Filesystem'] },
  { resource: 'pods/v1', body: TEMPLATE, shown: ['0/1', 'Pending', '0', '<none>', '<none>', '<none>', '<none>'] },
  { resource: 'podtemplates/v1', body: { template: TEMPLATE }, shown: ['web', 'web:1', 'app=web'] },
  {
    resource: 'replicationcontrollers/v1',
    body: { spec: { template: TEMPLATE } },
    shown: ['1', '0', '0', 'web', 'web:1', 'app=web'],
  },
  { resource: 'resourcequotas/v1', body: { spec: { hard: { pods: '4' } } }, shown: [] },
  { resource: 'limitranges/v1', body: { spec: { limits: [{ type: 'Pod', max: { cpu: '2' } }] } }, shown: [] },
  { resource: 'serviceaccounts/v1', body: {}, shown: ['0'] },
  { resource: 'deployments.apps/v1', body: WORKLOAD, shown: ['0/1', '0', '0', 'web', 'web:1', 'app=web'] },
  { resource: 'replicasets.apps/v1', body: WORKLOAD, shown: ['1', '0', '0', 'web', 'web:1', 'app=web'] },
  { resource: 'statefulsets.apps/v1', body: WORKLOAD, shown: ['0/1', 'web', 'web:1'] },
  {
    resource: 'daemonsets.apps/v1',
    body: WORKLOAD,
    shown: ['0', '0', '0', '0', '0', '<none>', 'web', 'web:1', 'app=web'],
  },
  { resource: 'controllerrevisions.apps/v1', body: { revision: 3, data: {} }, shown: ['<none>', '3'] },
  {
    resource: 'jobs.batch/v1',
    body: { spec: JOB },
    shown: ['Running', '0/1', 'job', 'job:1', 'batch.kubernetes.io/controller-uid=UID'],
  },
  {
    resource: 'cronjobs.batch/v1',
    body: { spec: { schedule: '0 3 * * *', jobTemplate: { spec: JOB } } },
    shown: ['0 3 * * *', '<none>', 'False', '0', '<none>', 'job', 'job:1', '<none>'],
  },
  {
    resource: 'ingresses.networking.k8s.io/v1',
    body: { spec: { defaultBackend: { service: { name: 'web', port: { number: 80 } } } } },
    shown: ['<none>', '*', '80'],
  },
  {
    resource: 'ingressclasses.networking.k8s.io/v1',
    body: { spec: { controller: 'a.b/c' } },
    shown: ['a.b/c', '<none>'],
  },
  { resource: 'networkpolicies.networking.k8s.io/v1', body: { spec: { podSelector: SELECTOR } }, shown: ['app=web'] },
  {
    resource: 'ipaddresses.networking.k8s.io/v1',
    name: '10.0.0.1',
    body: { spec: { parentRef: { resource: 'services', namespace: 'default', name: 'web' } } },
    shown: ['services/default/web'],
  },
  { resource: 'servicecidrs.networking.k8s.io/v1', body: { spec: { cidrs: ['10.0.0.0/8'] } }, shown: ['10.0.0.0/8'] },
  { resource: `roles.${RBAC}/v1`, body: { rules: RULES }, shown: [] },
  { resource: `clusterroles.${RBAC}/v1`, body: { rules: RULES }, shown: [] },
  {
    resource: `rolebindings.${RBAC}/v1`,
    body: {
      roleRef: { apiGroup: RBAC, kind: 'Role', name: 'a' },
      subjects: [{ apiGroup: RBAC, kind: 'User', name: 'ann' }],
    },
    shown: ['Role/a', 'ann'],
  },
  {
    resource: `clusterrolebindings.${RBAC}/v1`,
    body: {
      roleRef: { apiGroup: RBAC, kind: 'ClusterRole', name: 'a' },
      subjects: [{ apiGroup: RBAC, kind: 'Group', name: 'us' }],
    },
    shown: ['ClusterRole/a', 'us'],
  },
  { resource: 'leases.coordination.k8s.io/v1', body: { spec: { holderIdentity: 'm1' } }, shown: ['m1'] },
  {
    resource: 'endpointslices.discovery.k8s.io/v1',
    body: {
      addressType: 'IPv4',
      endpoints: [{ addresses: ['10.0.0.1'] }],
      ports: [{ name: '', port: 80, protocol: 'TCP' }],
    },
    shown: ['IPv4', '80', '10.0.0.1'],
  },
  {
    resource: 'storageclasses.storage.k8s.io/v1',
    body: { provisioner: 'a.b/c' },
    shown: ['a.b/c', 'Delete', 'Immediate', 'false'],
  },
  {
    resource: 'volumeattachments.storage.k8s.io/v1',
    body: { spec: { attacher: 'a', nodeName: 'm1', source: { persistentVolumeName: 'v' } } },
    shown: ['a', 'v', 'm1', 'false'],
  },
  {
    resource: 'csidrivers.storage.k8s.io/v1',
    body: { spec: {} },
    shown: ['true', 'false', 'false', '<unset>', 'false', 'Persistent'],
  },
  { resource: 'csinodes.storage.k8s.io/v1', body: { spec: { drivers: [] } }, shown: ['0'] },
  {
    resource: 'csistoragecapacities.storage.k8s.io/v1',
    body: { storageClassName: 'fast', capacity: '1Gi' },
    shown: ['fast', '1Gi'],
  },
  {
    resource: 'poddisruptionbudgets.policy/v1',
    body: { spec: { minAvailable: '50%', selector: SELECTOR } },
    shown: ['50%', 'N/A', '0'],
  },
  {
    resource: 'certificatesigningrequests.certificates.k8s.io/v1',
    body: { spec: { request: REQUEST, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] } },
    shown: ['kubernetes.io/kube-apiserver-client', 'admin', '<none>', 'Pending'],
  },
  {
    resource: 'horizontalpodautoscalers.autoscaling/v2',
    body: { spec: { maxReplicas: 3, scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' } } },
    shown: ['Deployment/web', 'cpu: <unknown>/80%', '1', '3', '0'],
  },
  {
    resource: 'priorityclasses.scheduling.k8s.io/v1',
    body: { value: 7 },
    shown: ['7', 'false', 'PreemptLowerPriority'],
  },
  { resource: 'runtimeclasses.node.k8s.io/v1', body: { handler: 'runc' }, shown: ['runc'] },
  {
    resource: 'volumesnapshots.snapshot.storage.k8s.io/v1',
    body: { spec: { source: { persistentVolumeClaimName: 'data' } } },
    shown: ['data'],
  },
  {
    resource: 'volumesnapshotclasses.snapshot.storage.k8s.io/v1',
    body: { driver: 'cairn', deletionPolicy: 'Delete' },
    shown: ['cairn', 'Delete'],
  },
  {
    resource: 'volumesnapshotcontents.snapshot.storage.k8s.io/v1',
    body: {
      spec: {
        driver: 'cairn',
        deletionPolicy: 'Delete',
        source: { volumeHandle: 'v' },
        volumeSnapshotRef: { name: 's' },
      },
    },
    shown: ['Delete', 'cairn', 's'],
  },
  { resource: 'filesystems.cairn.dev/v1', body: { spec: {} }, shown: ['default', '<none>', '<none>'] },
  {
    resource: 'pools.cairn.dev/v1',
    name: 'default',
    body: { spec: { replicas: 2 } },
    shown: ['2', 'weighted', 'false'],
  },
  { resource: 'disks.cairn.dev/v1', body: { spec: { nodeName: 'm1', path: '/d' } }, shown: ['m1', '/d'] },
  { resource: 'users.cairn.dev/v1', body: { spec: { displayName: 'Ann' } }, shown: ['Ann', 'false', '<none>'] },
  {
    resource: 'bundles.nanocloud.io/v1',
    body: { spec: { service: 'gitea' } },
    shown: ['gitea', 'PENDING', 'UNKNOWN', '<none>', 'false'],
  },
  {
    resource: 'devices.nanocloud.io/v1',
    name: 'device-ab12',
    body: { spec: { hash: 'ab12' } },
    shown: ['ab12', '<never>', '<none>'],
  },
]
