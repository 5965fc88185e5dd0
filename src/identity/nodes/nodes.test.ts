import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Json, KubeObject } from '#schema'
import { NodeIndex, type NodeKind } from './node-index.ts'
import { nodeOf } from './node-name.ts'
import { dependsOnObjects, isNodeAllowed } from './node-rights.ts'
import { hasReferences } from './references.ts'

function object(name: string, more: { readonly [key: string]: Json }, namespace?: string): KubeObject {
  const { annotations, ...rest } = more
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }), ...(annotations ? { annotations } : {}) }
  return { apiVersion: 'v1', kind: 'x', metadata, ...rest } as unknown as KubeObject
}

function pod(name: string, spec: { readonly [key: string]: Json }, more = {}): KubeObject {
  return object(name, { spec, ...more }, 'a')
}

const EVERYTHING = {
  serviceAccountName: 'robot',
  imagePullSecrets: [{ name: 'pull' }],
  initContainers: [{ env: [{ valueFrom: { secretKeyRef: { name: 'init' } } }] }],
  containers: [
    { env: [{ valueFrom: { configMapKeyRef: { name: 'key' } } }, { name: 'plain', value: 'x' }] },
    { envFrom: [{ secretRef: { name: 'all' } }, { configMapRef: { name: 'all' } }] },
  ],
  ephemeralContainers: [{ envFrom: [{ secretRef: { name: 'debug' } }] }],
  volumes: [
    { name: 'v', secret: { secretName: 'volume' } },
    { name: 'v2', projected: { sources: [{ secret: { name: 'part' } }, { configMap: { name: 'part' } }] } },
    { name: 'v3', configMap: { name: 'volume' } },
    { name: 'v4', persistentVolumeClaim: { claimName: 'claim' } },
    { name: 'scratch', ephemeral: {} },
    { name: 'v5', csi: { nodePublishSecretRef: { name: 'csi' } } },
    { name: 'v6', rbd: { secretRef: { name: 'rbd' } } },
  ],
}

const index = new NodeIndex()
const put = (kind: NodeKind, ...objects: readonly KubeObject[]) => {
  for (const each of objects) index.put(kind, each)
}
put(
  'Pod',
  pod('whole', { ...EVERYTHING, nodeName: 'one' }),
  pod('plain', { nodeName: 'one', containers: [{}] }),
  pod('elsewhere', { nodeName: 'two', containers: [{ envFrom: [{ secretRef: { name: 'theirs' } }] }] }),
  pod('waiting', { containers: [{ envFrom: [{ secretRef: { name: 'waiting' } }] }] }),
  pod('over', { nodeName: 'one', imagePullSecrets: [{ name: 'over' }] }, { status: { phase: 'Succeeded' } }),
  pod(
    'mirror',
    { nodeName: 'one', imagePullSecrets: [{ name: 'mirrored' }] },
    { annotations: { 'kubernetes.io/config.mirror': 'x' } },
  ),
)
put(
  'PersistentVolume',
  object('disk', {
    spec: {
      claimRef: { namespace: 'a', name: 'claim' },
      csi: {
        nodeStageSecretRef: { namespace: 'vault', name: 'stage' },
        controllerPublishSecretRef: { namespace: 'vault', name: 'controller' },
      },
    },
  }),
  object('other-disk', { spec: { claimRef: { namespace: 'b', name: 'claim' } } }),
  object('free-disk', { spec: {} }),
)
put('VolumeAttachment', object('own', { spec: { nodeName: 'one' } }), object('theirs', { spec: { nodeName: 'two' } }))
put('Disk', object('own', { spec: { nodeName: 'one' } }), object('theirs', { spec: { nodeName: 'two' } }))
put(
  'CertificateSigningRequest',
  object('own', { spec: { username: 'system:node:one' } }),
  object('theirs', { spec: { username: 'jane' } }),
)

/** `VERBS GROUP/PLURAL[/SUBRESOURCE] NAMESPACE NAME [NODE]`; a dash is nothing. */
function may(row: string, node = 'one'): readonly string[] {
  const [verbs = '', resource = '', namespace, name, nodeName] = row.split(' ')
  const [group = '', plural = '', subresource] = resource.split('/')
  const given = (text: string | undefined) => (text === '-' ? undefined : text)
  return verbs.split(',').filter(verb => {
    const place = { namespace: given(namespace), name: given(name), nodeName }
    return isNodeAllowed(index, node, { kind: 'resource', verb, group, plural, subresource, ...place })
  })
}

const ALL = 'get,list,watch,create,update,patch,delete,deletecollection'

suite('a node may', () => {
  const rows: readonly (readonly string[])[] = [
    [`${ALL} /secrets a pull`, 'get', 'list', 'watch'],
    ...['init', 'all', 'debug', 'volume', 'part', 'csi', 'rbd'].map(name => [`get /secrets a ${name}`, 'get']),
    ...['key', 'all', 'volume', 'part'].map(name => [`get /configmaps a ${name}`, 'get']),
    [`${ALL} /configmaps a key`, 'get', 'list', 'watch'],
    // Not those of others, of nobody, of another namespace, of what is over or only shown; never all.
    ...['theirs', 'waiting', 'none', 'over', 'mirrored', '-'].map(name => [`${ALL} /secrets a ${name}`]),
    [`${ALL} /secrets b pull`],
    [`${ALL} /secrets - pull`],
    [`${ALL} /secrets - -`],
    [`${ALL} /configmaps - -`],
    [`get,update /secrets/status a pull`],
    [`${ALL} /persistentvolumeclaims a claim`, 'get'],
    [`${ALL} /persistentvolumeclaims a whole-scratch`, 'get'],
    [`${ALL} /persistentvolumeclaims a other`],
    [`get,update,patch /persistentvolumeclaims/status a claim`, 'update', 'patch'],
    [`${ALL} /persistentvolumes - disk`, 'get'],
    [`${ALL} /persistentvolumes - other-disk`],
    [`${ALL} /persistentvolumes - free-disk`],
    [`get /secrets vault stage`, 'get'],
    [`get /secrets vault controller`],
    [`${ALL} /serviceaccounts a robot`, 'get'],
    [`${ALL} /serviceaccounts/token a robot`, 'create'],
    [`${ALL} /serviceaccounts/token a default`, 'create'],
    [`${ALL} /serviceaccounts/token a other`],
    [`${ALL} /serviceaccounts/token a -`],
    [`${ALL} /pods a whole`, 'get', 'create', 'delete'],
    [`${ALL} /pods a over`, 'get', 'create', 'delete'],
    [`${ALL} /pods a elsewhere`, 'create'],
    [`${ALL} /pods a waiting`, 'create'],
    [`${ALL} /pods - - one`, 'list', 'watch', 'create'],
    [`${ALL} /pods - - two`, 'create'],
    [`${ALL} /pods - -`, 'create'],
    [`${ALL} /pods/status a mirror`, 'update', 'patch'],
    [`${ALL} /pods/status a elsewhere`],
    [`create /pods/eviction a whole`, 'create'],
    [`create /pods/eviction a elsewhere`],
    [`create,get /pods/exec a whole`],
    [`create /pods/binding a waiting`],
    [`${ALL} /nodes - one`, 'get', 'list', 'watch', 'create', 'update', 'patch'],
    [`${ALL} /nodes - two`, 'create'],
    [`${ALL} /nodes - -`, 'create'],
    [`${ALL} /nodes/status - one`, 'update', 'patch'],
    [`${ALL} /nodes/status - two`],
    [`${ALL} coordination.k8s.io/leases kube-node-lease one`, 'get', 'create', 'update', 'patch', 'delete'],
    [`${ALL} coordination.k8s.io/leases kube-node-lease two`, 'create'],
    [`${ALL} coordination.k8s.io/leases kube-system one`],
    [`${ALL} storage.k8s.io/csinodes - one`, 'get', 'create', 'update', 'patch', 'delete'],
    [`${ALL} storage.k8s.io/csinodes - two`, 'create'],
    [`${ALL} storage.k8s.io/volumeattachments - own`, 'get'],
    [`${ALL} storage.k8s.io/volumeattachments - theirs`],
    [`${ALL} certificates.k8s.io/certificatesigningrequests - own`, 'get', 'list', 'watch', 'create'],
    [`${ALL} certificates.k8s.io/certificatesigningrequests - theirs`, 'create'],
    [`${ALL} certificates.k8s.io/certificatesigningrequests/approval - own`],
    [`${ALL} cairn.dev/disks - own`, 'create', 'update', 'patch'],
    [`${ALL} cairn.dev/disks - theirs`, 'create'],
    [`${ALL} cairn.dev/disks/status - own`, 'update', 'patch'],
    [`${ALL} cairn.dev/disks/status - theirs`],
    [`${ALL} cairn.dev/users - one`],
    [`constructor,toString /nodes - one`],
    [`${ALL} rbac.authorization.k8s.io/clusterroles - node`],
  ]
  for (const [row = '', ...allowed] of rows) {
    test(`${row}: ${allowed.join(', ') || 'nothing'}`, () => assert.deepEqual(may(row), allowed))
  }

  test('not what another machine may', () => {
    assert.deepEqual(may('get /secrets a theirs', 'two'), ['get'])
    assert.deepEqual(may('get /secrets a pull', 'two'), [])
    assert.deepEqual(may('get /pods a whole', 'three'), [])
  })
})

test('what a pod needed goes with it, and when it moves; what two need goes with the second', () => {
  const moving = new NodeIndex()
  const needs = (name: string, secret: string, nodeName?: string) =>
    pod(name, { ...(nodeName === undefined ? {} : { nodeName }), imagePullSecrets: [{ name: secret }] })
  const has = (node: string, secret: string) => moving.has(node, `secrets/a/${secret}`)
  moving.put('Pod', needs('p', 'x', 'one'))
  moving.put('Pod', needs('q', 'x', 'one'))
  moving.put('Pod', needs('p', 'y', 'one'))
  assert.deepEqual([has('one', 'x'), has('one', 'y')], [true, true])
  moving.remove('Pod', needs('q', 'x', 'one'))
  assert.deepEqual([has('one', 'x'), has('one', 'y')], [false, true])
  moving.put('Pod', needs('p', 'y', 'two'))
  assert.deepEqual([has('one', 'y'), has('two', 'y')], [false, true])
  moving.put('PersistentVolume', object('v', { spec: { claimRef: { namespace: 'a', name: 'c' } } }))
  moving.put('Pod', pod('r', { nodeName: 'two', volumes: [{ persistentVolumeClaim: { claimName: 'c' } }] }))
  assert.equal(moving.has('two', 'persistentvolumes//v'), true)
  moving.reset('PersistentVolume', [])
  assert.equal(moving.has('two', 'persistentvolumes//v'), false)
  moving.reset('Pod', [needs('s', 'z', 'one')])
  assert.deepEqual([has('two', 'y'), has('one', 'z')], [false, true])
})

test('a machine is who is in the group of all, and has the name of one', () => {
  const who = (name: string, ...groups: readonly string[]) => nodeOf({ name, groups })
  assert.equal(who('system:node:one', 'system:nodes'), 'one')
  assert.equal(who('system:node:', 'system:nodes'), undefined)
  assert.equal(who('one', 'system:nodes'), undefined)
  assert.equal(who('system:node:one', 'people'), undefined)
})

test('objects are looked at only where the answer depends on them', () => {
  const attempt = { kind: 'resource', verb: 'get', group: '', subresource: undefined, namespace: 'a' } as const
  assert.equal(dependsOnObjects({ ...attempt, plural: 'secrets', name: 'x' }), true)
  assert.equal(dependsOnObjects({ ...attempt, plural: 'secrets', name: undefined }), false)
  assert.equal(dependsOnObjects({ ...attempt, plural: 'nodes', name: 'x' }), false)
  assert.equal(dependsOnObjects({ kind: 'path', verb: 'get', path: '/metrics' }), false)
})

test('a pod that refers to nothing but its default account has no references', () => {
  assert.equal(hasReferences(pod('p', { containers: [{ image: 'x' }], serviceAccountName: 'default' })), false)
  assert.equal(hasReferences(pod('p', { serviceAccountName: 'robot' })), true)
  assert.equal(hasReferences(pod('p', { volumes: [{ configMap: { name: 'x' } }] })), true)
})
