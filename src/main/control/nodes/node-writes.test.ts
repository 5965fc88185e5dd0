import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { type Json, type KubeObject, RESOURCES, type Resource } from '#schema'
import { person } from '../../testing/access.ts'
import { isLabelOfMachine } from './node-labels.ts'
import { refuseOtherNodes } from './node-writes.ts'

const one = person('system:node:one', 'system:nodes')

function object(name: string, more: { readonly [key: string]: Json } = {}, metadata = {}): KubeObject {
  return { apiVersion: 'v1', kind: 'x', metadata: { name, ...metadata }, ...more } as unknown as KubeObject
}

/** Why a write is refused; empty when it is not. */
function why(kind: string, next: KubeObject, old?: KubeObject, who = one): string {
  const resource = RESOURCES.find(each => each.kind === kind) as Resource
  try {
    refuseOtherNodes(who, resource, next, old)
    return ''
  } catch (error) {
    if (!isFault(error, 'Forbidden')) throw error
    return error.message
  }
}

const owner = (kind: string, name: string) => ({ ownerReferences: [{ apiVersion: 'v1', kind, name, uid: 'u' }] })
const taint = { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }
const mirror = { annotations: { 'kubernetes.io/config.mirror': 'x' } }
const onNode = (nodeName: string): { readonly [key: string]: Json } => ({ spec: { nodeName } })
const asks = (signerName: string) => object('r', { spec: { signerName } })

suite('a node', () => {
  const rows: readonly (readonly [string, KubeObject, KubeObject | undefined, RegExp])[] = [
    ['Node', object('one', taint), undefined, /^$/],
    ['Node', object('two'), undefined, /may not write the node "two"/],
    ['Node', object('one', {}, { labels: { own: 'x' } }), object('one'), /^$/],
    ['Node', object('one', {}, { labels: { 'node-role.kubernetes.io/master': '' } }), object('one'), /the label/],
    ['Node', object('one'), object('one', {}, { labels: { 'node-restriction.kubernetes.io/x': '' } }), /the label/],
    ['Node', object('one'), object('one', taint), /taints/],
    ['Node', object('one', taint), object('one', taint), /^$/],
    ['Node', object('one', {}, owner('ConfigMap', 'c')), object('one'), /owners/],
    ['Node', object('one', {}, owner('ConfigMap', 'c')), undefined, /owners/],
    ['Pod', object('p', onNode('one'), mirror), undefined, /^$/],
    ['Pod', object('p', onNode('one')), undefined, /only make mirror pods/],
    ['Pod', object('p', onNode('two'), mirror), undefined, /pod of node "two"/],
    ['Pod', object('p', {}, mirror), undefined, /pod of node ""/],
    ['Pod', object('p', onNode('one'), { ...mirror, ...owner('Node', 'one') }), undefined, /^$/],
    ['Pod', object('p', onNode('one'), { ...mirror, ...owner('Node', 'two') }), undefined, /that others own/],
    ['Pod', object('p', onNode('one'), { ...mirror, ...owner('ConfigMap', 'c') }), undefined, /that others own/],
    ['Pod', object('p', onNode('one')), object('p', onNode('one')), /^$/],
    ['Pod', object('p', onNode('one')), object('p', onNode('two')), /pod of node "two"/],
    ['Lease', object('two'), undefined, /lease of node "two"/],
    ['CSINode', object('two'), undefined, /csinode "two"/],
    ['Disk', object('d', onNode('one')), undefined, /^$/],
    ['Disk', object('d', onNode('two')), undefined, /disk of node "two"/],
    ['CertificateSigningRequest', asks('kubernetes.io/kubelet-serving'), undefined, /^$/],
    ['CertificateSigningRequest', asks('kubernetes.io/kube-apiserver-client'), undefined, /may not ask the signer/],
    ['Event', object('e'), undefined, /^$/],
  ]
  for (const [at, [kind, next, old, expected]] of rows.entries()) {
    test(`writes only what is its own: ${at + 1}, ${kind}: ${expected.source}`, () => {
      assert.match(why(kind, next, old), expected)
    })
  }

  test('is refused what nobody else is', () => {
    assert.equal(why('Node', object('two'), undefined, person('ann')), '')
    assert.equal(why('Node', object('two'), undefined, person('system:node:one')), '')
  })

  test('says of itself what a machine knows, and what people have not reserved', () => {
    const labels = [
      'zone',
      'example.dev/x',
      'kubernetes.io/hostname',
      'node.kubernetes.io/x',
      'a.kubelet.kubernetes.io/x',
    ]
    for (const label of labels) assert.equal(isLabelOfMachine(label), true, label)
    const reserved = ['kubernetes.io/x', 'x.k8s.io/y', 'a.node-restriction.kubernetes.io/b', 'k8s.io/z']
    for (const label of reserved) assert.equal(isLabelOfMachine(label), false, label)
  })
})
