// Before the library: it looks for what this adds to the language as it is loaded.
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { type webcrypto, X509Certificate } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, suite, test } from 'node:test'
import * as x509 from '@peculiar/x509'
import { isFault } from '#base'
import type { ApiResource } from '#client'
import { jsonAt, type KubeObject, listAt, RESOURCES, textAt } from '#schema'
import { openTestApi, type TestApi } from '../testing/api.ts'

const { signal } = new AbortController()
let api: TestApi

const of = (plural: string, group = ''): ApiResource =>
  RESOURCES.find(each => each.plural === plural && each.group === group)!
const MAPS = of('configmaps')
const NAMESPACES = of('namespaces')
const EVENTS = of('events')
const REQUESTS = of('certificatesigningrequests', 'certificates.k8s.io')

/** Waits until something is true: what controllers do takes a moment. */
async function until(what: string, isTrue: () => Promise<unknown>): Promise<void> {
  const endMs = performance.now() + 10_000
  while (performance.now() < endMs) {
    if (await isTrue()) return
    await sleep(10)
  }
  assert.fail(`${what}: not within 10 s\n${api.warnings.join('\n')}`)
}

const gone = (resource: ApiResource, namespace: string, name: string) => async () =>
  (await api.client.find(resource, { namespace, name }, signal)) === undefined

async function make(
  resource: ApiResource,
  metadata: { name: string; namespace?: string; [key: string]: unknown },
  more = {},
) {
  const { group, version, kind } = resource
  const apiVersion = group === '' ? version : `${group}/${version}`
  return api.client.create(resource, { apiVersion, kind, metadata: metadata as never, ...more }, signal)
}

function ownedBy(owner: KubeObject, blockOwnerDeletion = true) {
  const { apiVersion, kind, metadata } = owner
  return { ownerReferences: [{ apiVersion, kind, name: metadata.name, uid: metadata.uid, blockOwnerDeletion }] }
}

async function family(namespace: string): Promise<readonly KubeObject[]> {
  const parent = await make(MAPS, { namespace, name: 'parent' })
  const child = await make(MAPS, { namespace, name: 'child', ...ownedBy(parent) })
  return [parent, child, await make(MAPS, { namespace, name: 'grandchild', ...ownedBy(child) })]
}

suite('the controllers of a server', () => {
  before(async () => {
    api = await openTestApi()
    for (const name of ['default', 'kube-system', 'kube-node-lease', 'one', 'two']) await make(NAMESPACES, { name })
  })
  after(() => api[Symbol.asyncDispose]())

  test('give each namespace an account and the certificate of the authority, and give them again', async () => {
    const names = { maps: 'kube-root-ca.crt', accounts: 'default' }
    const accounts = of('serviceaccounts')
    const isFurnished = async () => {
      const map = await api.client.find(MAPS, { namespace: 'one', name: names.maps }, signal)
      const account = await api.client.find(accounts, { namespace: 'one', name: names.accounts }, signal)
      return account !== undefined && textAt(map, 'data', 'ca.crt') === api.authority.certificatePem
    }
    await until('furnished', isFurnished)
    await api.client.delete(MAPS, { namespace: 'one', name: names.maps }, {}, signal)
    await api.client.delete(accounts, { namespace: 'one', name: names.accounts }, {}, signal)
    await until('furnished again', isFurnished)
    const broken = { type: 'merge', body: { data: { 'ca.crt': 'no' } } } as const
    await api.client.patch(MAPS, { namespace: 'one', name: names.maps }, broken, signal)
    await until('mended', isFurnished)
  })

  test('delete what is owned in the background', async () => {
    await family('one')
    await api.client.delete(MAPS, { namespace: 'one', name: 'parent' }, { propagation: 'Background' }, signal)
    await until('the grandchild goes', gone(MAPS, 'one', 'grandchild'))
    assert.ok(await gone(MAPS, 'one', 'child')())
  })

  test('delete what is owned first, when it is wanted in the foreground', async () => {
    await family('one')
    const held = { type: 'merge', body: { metadata: { finalizers: ['test.dev/hold'] } } } as const
    await api.client.patch(MAPS, { namespace: 'one', name: 'grandchild' }, held, signal)
    await api.client.delete(MAPS, { namespace: 'one', name: 'parent' }, { propagation: 'Foreground' }, signal)
    await until('the grandchild is going', async () => {
      const { metadata } = await api.client.get(MAPS, { namespace: 'one', name: 'grandchild' }, signal)
      return metadata.deletionTimestamp !== undefined
    })
    for (const name of ['parent', 'child']) assert.equal(await gone(MAPS, 'one', name)(), false, `${name} waits`)
    const release = { type: 'merge', body: { metadata: { finalizers: null } } } as const
    await api.client.patch(MAPS, { namespace: 'one', name: 'grandchild' }, release, signal)
    for (const name of ['grandchild', 'child', 'parent']) await until(`${name} goes`, gone(MAPS, 'one', name))
  })

  test('leave what was owned when it is orphaned', async () => {
    await family('one')
    await api.client.delete(MAPS, { namespace: 'one', name: 'parent' }, { propagation: 'Orphan' }, signal)
    await until('the parent goes', gone(MAPS, 'one', 'parent'))
    const child = await api.client.get(MAPS, { namespace: 'one', name: 'child' }, signal)
    assert.equal(child.metadata.ownerReferences, undefined)
    await api.client.delete(MAPS, { namespace: 'one', name: 'child' }, {}, signal)
    await until('the grandchild goes', gone(MAPS, 'one', 'grandchild'))
  })

  test('collect what is owned by nobody from the beginning, and in circles', async () => {
    const nobody = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'nobody', uid: 'no-such-uid', creationTimestamp: '' },
    }
    const parent = await make(MAPS, { namespace: 'one', name: 'alive' })
    const [gonest] = ownedBy(nobody).ownerReferences
    const [there] = ownedBy(parent).ownerReferences
    await make(MAPS, { namespace: 'one', name: 'owned-by-nobody', ownerReferences: [gonest] })
    await make(MAPS, { namespace: 'one', name: 'owned-by-one', ownerReferences: [gonest, there] })
    await until('it goes', gone(MAPS, 'one', 'owned-by-nobody'))
    await until('the owner that is no more is taken off', async () => {
      const { metadata } = await api.client.get(MAPS, { namespace: 'one', name: 'owned-by-one' }, signal)
      return metadata.ownerReferences?.length === 1 && metadata.ownerReferences[0]?.uid === parent.metadata.uid
    })
    // Kinds and versions that are not served tell nothing, whatever else names the same uid.
    for (const [name, owner] of [
      ['old', { apiVersion: 'apps/v1beta1', kind: 'Deployment' }],
      ['unknown', { apiVersion: 'example.org/v1', kind: 'Widget' }],
    ] as const) {
      await make(MAPS, { namespace: 'one', name: `owned-by-${name}`, ownerReferences: [{ ...gonest, ...owner }] })
    }
    await make(MAPS, { namespace: 'one', name: 'owned-by-nobody-too', ownerReferences: [gonest] })
    await until('it goes', gone(MAPS, 'one', 'owned-by-nobody-too'))
    for (const name of ['owned-by-old', 'owned-by-unknown']) {
      assert.ok(await api.client.find(MAPS, { namespace: 'one', name }, signal), name)
    }
    const a = await make(MAPS, { namespace: 'one', name: 'circle-a' })
    const b = await make(MAPS, { namespace: 'one', name: 'circle-b', ...ownedBy(a) })
    const closed = { type: 'merge', body: { metadata: ownedBy(b) } } as const
    await api.client.patch(MAPS, { namespace: 'one', name: 'circle-a' }, closed, signal)
    await api.client.delete(MAPS, { namespace: 'one', name: 'circle-a' }, { propagation: 'Foreground' }, signal)
    for (const name of ['circle-a', 'circle-b']) await until(`${name} goes`, gone(MAPS, 'one', name))
  })

  test('refuse owners of other namespaces with one Event that counts, and delete nothing for them', async () => {
    const owner = await make(MAPS, { namespace: 'two', name: 'far' })
    const metadata = { namespace: 'one', name: 'misled' }
    await make(MAPS, { ...metadata, ...ownedBy(owner) })
    const found = async () => {
      const { objects } = await api.client.listAll(EVENTS, { namespace: 'one' }, signal)
      return objects.filter(each => textAt(each, 'involvedObject', 'name') === 'misled')
    }
    await until('an Event', async () => (await found()).length === 1)
    const [event] = await found()
    assert.equal(textAt(event, 'reason'), 'OwnerRefInvalidNamespace')
    assert.equal(textAt(event, 'type'), 'Warning')
    await sleep(50)
    assert.equal(await gone(MAPS, 'one', 'misled')(), false)
    await make(of('clusterroles', 'rbac.authorization.k8s.io'), { name: 'misled', ...ownedBy(owner) })
    await until('an Event of what is in no namespace', async () => {
      const { objects } = await api.client.listAll(EVENTS, { namespace: 'default' }, signal)
      return objects.some(each => textAt(each, 'involvedObject', 'kind') === 'ClusterRole')
    })
  })

  test('collect objects of kinds that people define, as soon as they are defined', async () => {
    const definitions = of('customresourcedefinitions', 'apiextensions.k8s.io')
    const schema = { openAPIV3Schema: { type: 'object' } }
    const spec = {
      group: 'test.dev',
      scope: 'Namespaced',
      names: { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    }
    await make(definitions, { name: 'widgets.test.dev' }, { spec })
    await until('established', async () => {
      const found = await api.client.get(definitions, { name: 'widgets.test.dev' }, signal)
      const conditions = listAt(found, 'status', 'conditions')
      return conditions.some(each => textAt(each, 'type') === 'Established' && textAt(each, 'status') === 'True')
    })
    const widgets: ApiResource = { ...MAPS, group: 'test.dev', plural: 'widgets', kind: 'Widget' }
    const owner = await make(MAPS, { namespace: 'two', name: 'owner' })
    const made = () => make(widgets, { namespace: 'two', name: 'owned', ...ownedBy(owner) }).catch(() => undefined)
    await until('served', made)
    await api.client.delete(MAPS, { namespace: 'two', name: 'owner' }, {}, signal)
    await until('the widget goes', gone(widgets, 'two', 'owned'))
    await make(widgets, { namespace: 'two', name: 'last' })
    await api.client.delete(NAMESPACES, { name: 'two' }, {}, signal)
    await until('the namespace goes', gone(NAMESPACES, '', 'two'))
    assert.ok(await gone(widgets, 'two', 'last')())
    await api.client.delete(definitions, { name: 'widgets.test.dev' }, {}, signal)
    await until('the definition goes', gone(definitions, '', 'widgets.test.dev'))
  })

  test('empty a namespace that goes, say what keeps it, and let it go', async () => {
    await make(NAMESPACES, { name: 'doomed' })
    for (let index = 0; index < 40; index += 1) await make(MAPS, { namespace: 'doomed', name: `map-${index}` })
    await make(MAPS, { namespace: 'doomed', name: 'held', finalizers: ['test.dev/hold'] })
    await api.client.delete(NAMESPACES, { name: 'doomed' }, {}, signal)
    const condition = async (type: string) => {
      const namespace = await api.client.get(NAMESPACES, { name: 'doomed' }, signal)
      return listAt(namespace, 'status', 'conditions').find(each => textAt(each, 'type') === type)
    }
    // The account that it was given may still be there when it is looked at first.
    const left = 'Some resources are remaining: configmaps. has 1 resource instances'
    await until(
      'it says what is left',
      async () => textAt(await condition('NamespaceContentRemaining'), 'message') === left,
    )
    assert.equal(textAt(await condition('NamespaceContentRemaining'), 'status'), 'True')
    assert.equal(
      textAt(await condition('NamespaceFinalizersRemaining'), 'message'),
      'Some content in the namespace has finalizers remaining: test.dev/hold in 1 resource instances',
    )
    assert.equal(textAt(await condition('NamespaceDeletionContentFailure'), 'status'), 'False')
    await assert.rejects(make(MAPS, { namespace: 'doomed', name: 'late' }), error => isFault(error, 'Forbidden'))
    const { metadata } = await api.client.get(NAMESPACES, { name: 'doomed' }, signal)
    await sleep(600)
    const later = await api.client.get(NAMESPACES, { name: 'doomed' }, signal)
    assert.equal(later.metadata.resourceVersion, metadata.resourceVersion, 'nothing is written that is not new')
    const release = { type: 'merge', body: { metadata: { finalizers: null } } } as const
    await api.client.patch(MAPS, { namespace: 'doomed', name: 'held' }, release, signal)
    await until('it goes', gone(NAMESPACES, '', 'doomed'))
    assert.equal((await api.client.listAll(MAPS, { namespace: 'doomed' }, signal)).objects.length, 0)
  })

  test('sign what was approved and granted, and tell what is not', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    const keys = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
    const ask = async (name: string, subject: string, more = {}) => {
      const wanted = { name: subject, keys, signingAlgorithm: algorithm }
      const pem = (await x509.Pkcs10CertificateRequestGenerator.create(wanted)).toString('pem')
      const spec = {
        request: Buffer.from(pem).toString('base64'),
        signerName: SIGNER,
        usages: ['client auth'],
        ...more,
      }
      const request = await make(REQUESTS, { name }, { spec })
      const approved = { type: 'Approved', status: 'True', reason: 'Test', message: '' }
      const status = { conditions: [approved] }
      await api.client.updatePart(REQUESTS, 'approval', { ...request, status }, signal)
    }
    const SIGNER = 'kubernetes.io/kube-apiserver-client'
    await ask('jane', 'O=people, CN=jane', { expirationSeconds: 3600 })
    const found = (name: string) => api.client.get(REQUESTS, { name }, signal)
    await until('signed', async () => textAt(await found('jane'), 'status', 'certificate') !== undefined)
    const certificate = new X509Certificate(
      Buffer.from(textAt(await found('jane'), 'status', 'certificate') ?? '', 'base64'),
    )
    assert.ok(certificate.verify(new X509Certificate(api.authority.certificatePem).publicKey))
    assert.equal(certificate.subject, 'O=people\nCN=jane')
    assert.deepEqual(certificate.keyUsage, ['1.3.6.1.5.5.7.3.2'])
    assert.ok(Date.parse(certificate.validTo) - Date.now() < 3_660_000, 'as long as was asked for')
    const [known] = await api.issuing.list(signal)
    assert.deepEqual(
      [known?.serial, known?.user, known?.groups, known?.from],
      [certificate.serialNumber.toLowerCase(), 'jane', ['people'], 'CertificateSigningRequest jane'],
    )
    assert.ok(Math.abs((known?.expiresMs ?? 0) - Date.parse(certificate.validTo)) < 1000)
    await ask('root', 'O=system:masters, CN=eve')
    await ask('server', 'CN=eve', { usages: ['server auth'] })
    for (const name of ['root', 'server']) {
      await until('refused', async () =>
        listAt(await found(name), 'status', 'conditions').some(each => textAt(each, 'type') === 'Failed'),
      )
      assert.equal(jsonAt(await found(name), 'status', 'certificate'), undefined)
    }
  })

  test('write nothing while nothing changes', async () => {
    await until('quiet', async () => {
      const { revision } = api.keyspace
      await sleep(300)
      return revision === api.keyspace.revision
    })
    const { revision } = api.keyspace
    await sleep(1_500)
    assert.equal(api.keyspace.revision, revision)
    assert.deepEqual(api.warnings, [])
  })
})
