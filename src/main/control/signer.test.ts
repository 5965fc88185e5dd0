// Before the library: it looks for what this adds to the language as it is loaded.
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { type webcrypto, X509Certificate } from 'node:crypto'
import { suite, test } from 'node:test'
import * as x509 from '@peculiar/x509'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { Authority } from '#identity'
import { type Keyspace, openMemoryKeyspace } from '#keyspace'
import { type Json, textAt } from '#schema'
import { ADMINISTRATOR, openAccessApi, person } from '../testing/access.ts'
import { Issuing } from './issuing.ts'
import { authoritySigner } from './signer.ts'

const { signal } = new AbortController()
const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
const KUBELET = 'kubernetes.io/kube-apiserver-client-kubelet'
const CLIENT = 'kubernetes.io/kube-apiserver-client'
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

async function requestFor(subject: string): Promise<string> {
  const keys = (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as webcrypto.CryptoKeyPair
  const wanted = { name: subject, keys, signingAlgorithm: algorithm }
  return (await x509.Pkcs10CertificateRequestGenerator.create(wanted)).toString('pem')
}

const who = { username: 'ann', groups: ['system:authenticated'], usages: ['client auth'], expirationSeconds: undefined }
const node = { ...who, username: 'system:node:one', groups: ['system:nodes', 'system:authenticated'] }

suite('a signer', () => {
  test('signs for a node what is its own, and for nobody what cannot be listed', async () => {
    await using keyspace = openMemoryKeyspace({ world })
    const authority = await Authority.open(await Authority.make('cairn', world.entropy.bytes(16), new Date()))
    const issuing = new Issuing({ keyspace, authority, world })
    const signer = authoritySigner({ authority, issuing, world })
    const many = Array.from({ length: 101 }, (_, at) => `O=g${at}`).join(', ')
    for (const [sender, signerName, subject, problem] of [
      [node, KUBELET, 'O=system:nodes, CN=system:node:one', undefined],
      [node, KUBELET, 'O=system:nodes, CN=system:node:two', /must be sent by the node it is for/],
      [node, CLIENT, 'CN=jane', /must be sent by the node it is for/],
      [who, KUBELET, 'O=system:nodes, CN=system:node:two', undefined],
      [who, CLIENT, `${many}, CN=jane`, /more than 100 groups/],
      [who, CLIENT, `CN=${'j'.repeat(254)}`, /more than 253 characters/],
    ] as const) {
      const order = { ...sender, signerName, requestPem: await requestFor(subject), name: 'r', uid: 'u' }
      const signed = signer.sign(order, signal)
      if (problem === undefined) assert.match(await signed, /BEGIN CERTIFICATE/)
      else await assert.rejects(signed, error => isFault(error, 'SigningRefused') && problem.test(error.message))
    }
    const names = (await issuing.list(signal)).map(({ user, from }) => [user, from])
    assert.deepEqual(names, [
      ['system:node:one', 'CertificateSigningRequest r'],
      ['system:node:two', 'CertificateSigningRequest r'],
    ])
  })

  test('hands out no certificate that could not be remembered', async () => {
    const authority = await Authority.open(await Authority.make('cairn', world.entropy.bytes(16), new Date()))
    const keyspace = { txn: () => Promise.reject(new Error('broken')) } as unknown as Keyspace
    const signer = authoritySigner({ authority, issuing: new Issuing({ keyspace, authority, world }), world })
    const order = { ...who, signerName: CLIENT, requestPem: await requestFor('CN=jane'), name: 'r', uid: 'u' }
    await assert.rejects(signer.sign(order, signal), /broken/)
  })
})

test('who renews his certificate keeps the groups that it has, and not those of his record', async () => {
  await using api = await openAccessApi()
  const ada = { ...person('ada', 'own', 'family'), recordGroups: ['family'] }
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'system:certificate-requesters' }
  const binding = { metadata: { name: 'ada' }, roleRef, subjects: [{ kind: 'User', name: 'ada' }] }
  const bindings = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings'
  assert.equal((await api.send(ADMINISTRATOR, 'POST', bindings, binding)).status, 201)
  const ask = async () => {
    const body = { spec: { csr: await requestFor('CN=ada') } }
    return api.send(ada, 'POST', '/apis/nanocloud.io/v1/certificates', body)
  }
  let answer = await ask()
  for (let tries = 0; tries < 1000 && answer.status === 403; tries += 1) answer = await ask()
  const certificate = textAt((await answer.json()) as Json, 'status', 'certificate') ?? ''
  assert.equal(new X509Certificate(certificate).subject, 'O=own\nCN=ada')
})
