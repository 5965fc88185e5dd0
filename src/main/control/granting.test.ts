import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { machineWorld } from '#host'
import { bootstrapSecret, machineGroup, newBootstrapToken } from '#identity'
import type { Json } from '#schema'
import { type AccessApi, ADMINISTRATOR, openAccessApi, person } from '../testing/access.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const SECRETS = '/api/v1/namespaces/kube-system/secrets'
const REQUESTS = '/apis/certificates.k8s.io/v1/certificatesigningrequests'
const SIGNER = 'kubernetes.io/kube-apiserver-client'
const ann = person('ann')
let api: AccessApi

before(async () => {
  api = await openAccessApi()
  // Ann may write Secrets and all of the requests for certificates, and act in the place of bob.
  const csr = { apiGroups: ['certificates.k8s.io'], verbs: ['*'] }
  await grant('ann', [
    { apiGroups: [''], resources: ['secrets'], verbs: ['*'] },
    { apiGroups: [''], resources: ['users'], resourceNames: ['bob'], verbs: ['impersonate'] },
    { ...csr, resources: ['certificatesigningrequests', 'certificatesigningrequests/*', '*/approval', '*/status'] },
  ])
})
after(() => api[Symbol.asyncDispose]())

async function status(method: string, path: string, body?: Json, who = ann): Promise<number> {
  const response = await api.send(who, method, path, body)
  await response.body?.cancel()
  return response.status
}

async function grant(name: string, rules: Json): Promise<void> {
  assert.equal(await status('POST', `${RBAC}/clusterroles`, { metadata: { name }, rules }, ADMINISTRATOR), 201)
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name }
  const binding = { metadata: { name }, roleRef, subjects: [{ kind: 'User', name: 'ann' }] }
  assert.equal(await status('POST', `${RBAC}/clusterrolebindings`, binding, ADMINISTRATOR), 201)
}

async function until(wanted: number, run: () => Promise<number>): Promise<void> {
  let got = 0
  for (let tries = 0; tries < 1000 && got !== wanted; tries += 1) got = await run()
  assert.equal(got, wanted)
}

test('who may write Secrets makes tokens only for users in whose place he may act, and none for machines', async () => {
  const secretOf = (user: string | undefined, groups: readonly string[] = []): Json => {
    const grantOf = { expiresMs: undefined, groups, user, isSingleUse: true, description: '' }
    return bootstrapSecret(newBootstrapToken(machineWorld.entropy, ''), grantOf)
  }
  await until(201, () => status('POST', SECRETS, secretOf('bob')))
  assert.equal(await status('POST', SECRETS, secretOf(undefined)), 201)
  assert.equal(await status('POST', SECRETS, secretOf('eve')), 403)
  assert.equal(await status('POST', SECRETS, secretOf(undefined, [machineGroup('node')])), 403)
  assert.equal(await status('POST', SECRETS, secretOf(undefined, [machineGroup('controller')]), ADMINISTRATOR), 201)
  const theirs = secretOf('eve') as { readonly metadata: { readonly name: string } }
  assert.equal(await status('POST', SECRETS, theirs, ADMINISTRATOR), 201)
  const secret = Buffer.from('0123456789abcdef').toString('base64')
  const path = `${SECRETS}/${theirs.metadata.name}`
  const patch = await api.patch(ann, path, { data: { 'token-secret': secret } }, 'application/merge-patch+json')
  assert.equal(patch.status, 403, 'nor does he put a secret of his own into one')
})

test('a request for a certificate is approved, and signed, only by who may for its signer', async () => {
  const request = Buffer.from('-----BEGIN CERTIFICATE REQUEST-----\n').toString('base64')
  const spec = { request, signerName: SIGNER, usages: ['client auth'] }
  await until(201, () => status('POST', REQUESTS, { metadata: { name: 'r' }, spec }))
  const approved = { status: { conditions: [{ type: 'Approved', status: 'True', reason: 'x' }] } }
  const patch = async (part: string, body: Json): Promise<number> =>
    (await api.patch(ann, `${REQUESTS}/r/${part}`, body, 'application/merge-patch+json')).status
  assert.equal(await patch('approval', approved), 403)
  assert.equal(await patch('status', approved), 403, 'by another path')
  assert.equal(await patch('status', { status: { certificate: 'eA==' } }), 403)
  const rule = { apiGroups: ['certificates.k8s.io'], resources: ['signers'], resourceNames: ['kubernetes.io/*'] }
  await grant('approver', [{ ...rule, verbs: ['approve'] }])
  await until(200, () => patch('approval', approved))
  assert.equal(await patch('status', { status: { certificate: 'eA==' } }), 403)
})

test('nobody defines what is built in, in whatever version', async () => {
  const definitionOf = (group: string, plural: string, kind: string): Json => {
    const annotations = { 'api-approved.kubernetes.io': 'unapproved' }
    const schema = { openAPIV3Schema: { type: 'object' } }
    const names = { plural, kind, singular: kind.toLowerCase(), listKind: `${kind}List` }
    const versions = [{ name: 'v9', served: true, storage: true, schema }]
    return { metadata: { name: `${plural}.${group}`, annotations }, spec: { group, scope: 'Cluster', names, versions } }
  }
  const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
  for (const [group, plural, kind, wanted] of [
    ['rbac.authorization.k8s.io', 'clusterroles', 'ClusterRole', 422],
    ['cairn.dev', 'pools', 'Pool', 422],
    ['example.dev', 'pools', 'Pool', 201],
  ] as const) {
    assert.equal(await status('POST', path, definitionOf(group, plural, kind), ADMINISTRATOR), wanted, group)
  }
})
