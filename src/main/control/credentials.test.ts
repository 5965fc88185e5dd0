// Before the library: it looks for what this adds to the language as it is loaded.
import 'reflect-metadata'
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { after, before, test } from 'node:test'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import * as x509 from '@peculiar/x509'
import { machineWorld } from '#host'
import { bootstrapSecret, type BootstrapToken, bootstrapTokenText, newBootstrapToken } from '#identity'
import { type Json, jsonAt, listAt, textAt } from '#schema'
import { type AccessApi, ADMINISTRATOR, openAccessApi, person } from '../testing/access.ts'

const CERTIFICATES = '/apis/nanocloud.io/v1/certificates'
const DEVICES = '/apis/nanocloud.io/v1/namespaces/default/devices'
const SECRETS = '/api/v1/namespaces/kube-system/secrets'
const ACCOUNTS = '/api/v1/namespaces/default/serviceaccounts'
let api: AccessApi

before(async () => {
  api = await openAccessApi()
  await as(ADMINISTRATOR, 'POST', ACCOUNTS, { metadata: { name: 'robot' } })
})
after(() => api[Symbol.asyncDispose]())

async function as(...asked: Parameters<AccessApi['send']>): Promise<{ readonly status: number; readonly body: Json }> {
  const response = await api.send(...asked)
  return { status: response.status, body: (await response.json()) as Json }
}

async function requestFor(commonName: string): Promise<Json> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const params = { name: `CN=${commonName}`, keys, signingAlgorithm: algorithm }
  const csr = (await x509.Pkcs10CertificateRequestGenerator.create(params)).toString('pem')
  return { apiVersion: 'nanocloud.io/v1', kind: 'Certificate', spec: { csr } }
}

async function newToken(user: string | undefined, isSingleUse = true): Promise<BootstrapToken> {
  const token = newBootstrapToken(machineWorld.entropy, 'F'.repeat(43))
  const grant = { expiresMs: Date.now() + 300_000, groups: [], user, isSingleUse, description: '' }
  const made = await as(ADMINISTRATOR, 'POST', SECRETS, bootstrapSecret(token, grant))
  assert.equal(made.status, 201, JSON.stringify(made.body))
  return token
}

function certificateIn(body: Json): X509Certificate {
  const certificate = new X509Certificate(textAt(body, 'status', 'certificate') ?? '')
  assert.ok(certificate.verify(new X509Certificate(textAt(body, 'status', 'caBundle') ?? '').publicKey))
  return certificate
}

test('a token becomes a signed token, that a certificate, and then neither is good for anything', async () => {
  const text = bootstrapTokenText(await newToken('ada'))
  const exchanged = await as(undefined, 'POST', '/v1/serviceaccounts/token', { singleUseToken: text })
  assert.equal(exchanged.status, 200, JSON.stringify(exchanged.body))
  const token = textAt(exchanged.body, 'token') ?? ''
  for (const path of ['/api', '/apis', '/openapi/v2', '/apis/certificates.k8s.io/v1/certificatesigningrequests']) {
    assert.equal((await as(token, 'GET', path)).status, 403, `${path}: it is for asking for certificates only`)
  }
  assert.equal((await as(token, 'POST', CERTIFICATES, await requestFor('eve'))).status, 422)
  const answer = await as(token, 'POST', CERTIFICATES, await requestFor('ada'))
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  const { subject, validTo } = certificateIn(answer.body)
  assert.equal(subject, 'CN=ada')
  assert.ok(Math.abs(Date.parse(validTo) - Date.now() - 7 * 86_400_000) < 60_000)
  assert.equal((await as(token, 'POST', CERTIFICATES, await requestFor('ada'))).status, 401)
  assert.equal((await as(text, 'POST', CERTIFICATES, await requestFor('ada'))).status, 401)
  const again = await as(undefined, 'POST', '/v1/serviceaccounts/token', { singleUseToken: text })
  assert.equal(again.status, 401)
})

test('of many who use a token at once, one gets a certificate', async () => {
  const text = bootstrapTokenText(await newToken('ada'))
  const asked = await Promise.all(Array.from({ length: 8 }, () => requestFor('ada')))
  const answers = await Promise.all(asked.map(body => as(text, 'POST', CERTIFICATES, body)))
  const count = (wanted: number) => answers.filter(({ status }) => status === wanted).length
  assert.deepEqual([count(201), count(401)], [1, 7])
})

test('a token of no user, one for a user of the system, and a body that is no request are refused', async () => {
  const bad: readonly (readonly [string | undefined, Json, number])[] = [
    [undefined, await requestFor('ada'), 403],
    ['system:admin', await requestFor('system:admin'), 422],
    ['device:1', await requestFor('device:1'), 422],
    ['ada', { spec: { csr: 'nothing' } }, 400],
    ['ada', { apiVersion: 'v1', kind: 'Pod', spec: {} }, 400],
  ]
  for (const [user, body, status] of bad) {
    const token = await newToken(user)
    const answer = await as(bootstrapTokenText(token), 'POST', CERTIFICATES, body)
    assert.equal(answer.status, status, `${user ?? ''}: ${JSON.stringify(answer.body)}`)
    assert.equal((await as(ADMINISTRATOR, 'GET', `${SECRETS}/bootstrap-token-${token.id}`)).status, 200, 'not used up')
  }
})

test('a bootstrap token is good for nothing but certificates', async () => {
  const text = bootstrapTokenText(await newToken('ada'))
  for (const path of ['/api/v1/namespaces', SECRETS, '/api/v1/nodes']) {
    assert.equal((await as(text, 'GET', path)).status, 403, path)
  }
})

test('who acts in the place of another gets no certificate of his', async () => {
  const request = await requestFor('admin')
  assert.equal((await as({ ...ADMINISTRATOR, impersonator: 'eve' }, 'POST', CERTIFICATES, request)).status, 403)
  assert.equal((await as(ADMINISTRATOR, 'POST', CERTIFICATES, request)).status, 201)
})

test('a device gets certificates while it has a record, renews them itself, and reads only its own record', async () => {
  const text = bootstrapTokenText(await newToken(undefined, false))
  const path = `${DEVICES}/certificates`
  assert.equal((await as(text, 'POST', path, await requestFor('device:abc'))).status, 404)
  for (const hash of ['abc', 'def']) {
    const body = { metadata: { name: `device-${hash}` }, spec: { hash } }
    assert.equal((await as(ADMINISTRATOR, 'POST', DEVICES, body)).status, 201)
  }
  const answer = await as(text, 'POST', path, await requestFor('device:abc'))
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  assert.equal(certificateIn(answer.body).subject, 'O=system:devices\nCN=device:abc')
  const device = person('device:abc', 'system:devices')
  const own = await as(device, 'GET', `${DEVICES}/device-abc`)
  assert.equal(own.status, 200)
  assert.match(textAt(own.body, 'status', 'certificateExpiresAt') ?? '', /^\d{4}-/)
  assert.equal((await as(device, 'GET', `${DEVICES}/device-def`)).status, 403)
  assert.equal((await as(device, 'GET', DEVICES)).status, 403)
  assert.equal((await as(device, 'POST', path, await requestFor('device:def'))).status, 422)
  assert.equal((await as(device, 'POST', path, await requestFor('device:abc'))).status, 201)
  assert.equal((await as(person('ada'), 'POST', path, await requestFor('device:abc'))).status, 403)
})

test('a service account has tokens, which are who they say until the account is gone', async () => {
  const order = (spec: Json) => as(ADMINISTRATOR, 'POST', `${ACCOUNTS}/robot/token`, { spec })
  const answer = await order({ audiences: [], expirationSeconds: 700 })
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  const token = textAt(answer.body, 'status', 'token') ?? ''
  assert.match(textAt(answer.body, 'status', 'expirationTimestamp') ?? '', /Z$/)
  const whoami = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  const me = await as(token, 'POST', whoami, {})
  assert.equal(textAt(me.body, 'status', 'userInfo', 'username'), 'system:serviceaccount:default:robot')
  const found = await as(token, 'GET', '/.well-known/openid-configuration')
  const jwks = await as(token, 'GET', new URL(textAt(found.body, 'jwks_uri') ?? '').pathname)
  const { payload } = await jwtVerify(token, createLocalJWKSet(jwks.body as unknown as JSONWebKeySet), {
    issuer: textAt(found.body, 'issuer') ?? '',
  })
  assert.equal(payload.sub, 'system:serviceaccount:default:robot', 'as others check it')
  assert.equal((await as(person('ada'), 'GET', '/openid/v1/jwks')).status, 403)
  const review = await as(ADMINISTRATOR, 'POST', '/apis/authentication.k8s.io/v1/tokenreviews', { spec: { token } })
  assert.equal(jsonAt(review.body, 'status', 'authenticated'), true)
  assert.ok(listAt(review.body, 'status', 'user', 'groups').includes('system:serviceaccounts:default'))
  assert.equal(textAt(review.body, 'spec', 'token'), undefined, 'never said again')
  const other = await order({ audiences: ['somebody-else'] })
  assert.equal((await as(textAt(other.body, 'status', 'token') ?? '', 'POST', whoami, {})).status, 401)
  assert.equal((await order({ expirationSeconds: 60 })).status, 422)
  assert.equal((await order({ boundObjectRef: { kind: 'Pod', name: 'none' } })).status, 404)
  assert.equal((await order({ boundObjectRef: { kind: 'Service', name: 'none' } })).status, 422)
  assert.equal((await as(ADMINISTRATOR, 'POST', `${ACCOUNTS}/nobody/token`, { spec: {} })).status, 404)
  assert.equal((await as(person('ada'), 'POST', `${ACCOUNTS}/robot/token`, { spec: {} })).status, 403)
  assert.equal((await as(ADMINISTRATOR, 'DELETE', `${ACCOUNTS}/robot`)).status, 200)
  assert.equal((await as(token, 'POST', whoami, {})).status, 401)
})

test('tokens that are exchanged, and those that are refused, stand in the audit log, without their secrets', async () => {
  const { id, secret } = await newToken('ada')
  const other = `${id}.${'a'.repeat(16)}`
  const old = newBootstrapToken(machineWorld.entropy, 'F'.repeat(43))
  const grant = { expiresMs: Date.now() - 1, groups: [], user: 'ada', isSingleUse: true, description: '' }
  await as(ADMINISTRATOR, 'POST', SECRETS, bootstrapSecret(old, grant))
  const used = await newToken('ada')
  await as(ADMINISTRATOR, 'DELETE', `${SECRETS}/bootstrap-token-${used.id}`)
  const before = api.noted.length
  const exchange = (singleUseToken: string) =>
    api.fetch('/v1/serviceaccounts/token', { method: 'POST', body: JSON.stringify({ singleUseToken }) }, '10.1.2.3')
  const texts = [`${id}.${secret}`, other, `${old.id}.${old.secret}`, `${used.id}.${used.secret}`]
  for (const text of texts) await exchange(text)
  await api.fetch('/api', { headers: { authorization: `Bearer ${other}` } }, '10.1.2.3')
  // What controllers do meanwhile is noted, too.
  const noted = api.noted.slice(before).filter(({ address }) => address !== undefined)
  assert.deepEqual(
    noted.map(({ user, code, address, tokenId }) => [user, code, address, tokenId]),
    [
      [`system:bootstrap:${id}`, 200, '10.1.2.3', id],
      ['system:anonymous', 401, '10.1.2.3', id],
      ['system:anonymous', 401, '10.1.2.3', old.id],
      ['system:anonymous', 401, '10.1.2.3', used.id],
      ['system:anonymous', 401, '10.1.2.3', id],
    ],
  )
  for (const text of texts) assert.ok(!JSON.stringify(noted).includes(text.slice(7)))
})

test('a token bound to a pod is for the account of that very pod, and ends with it', async () => {
  const pods = '/api/v1/namespaces/default/pods'
  const make = async (name: string, serviceAccountName: string) => {
    const spec = { serviceAccountName, containers: [{ name: 'c', image: 'i' }] }
    const { status, body } = await as(ADMINISTRATOR, 'POST', pods, { metadata: { name }, spec })
    assert.equal(status, 201, JSON.stringify(body))
    return textAt(body, 'metadata', 'uid') ?? ''
  }
  await as(ADMINISTRATOR, 'POST', ACCOUNTS, { metadata: { name: 'runner' } })
  const uid = await make('web', 'runner')
  await make('other', 'default')
  const order = (ref: Json) =>
    as(ADMINISTRATOR, 'POST', `${ACCOUNTS}/runner/token`, {
      spec: { boundObjectRef: { kind: 'Pod', ...(ref as object) } },
    })
  for (const [ref, status] of [
    [{ name: 'none' }, 404],
    [{ name: 'other' }, 400],
    [{ name: 'web', uid: 'another' }, 409],
    [{ name: 'web', apiVersion: 'apps/v1' }, 422],
  ] as const) {
    assert.equal((await order(ref)).status, status, ref.name)
  }
  const answer = await order({ name: 'web', uid, apiVersion: 'v1' })
  assert.equal(answer.status, 201, JSON.stringify(answer.body))
  const token = textAt(answer.body, 'status', 'token') ?? ''
  const whoami = '/apis/authentication.k8s.io/v1/selfsubjectreviews'
  assert.equal((await as(token, 'POST', whoami, {})).status, 201)
  await as(ADMINISTRATOR, 'DELETE', `${pods}/web`, { gracePeriodSeconds: 0 })
  assert.equal((await as(ADMINISTRATOR, 'GET', `${pods}/web`)).status, 404)
  assert.equal((await as(token, 'POST', whoami, {})).status, 401)
  await make('web', 'runner')
  assert.equal((await as(token, 'POST', whoami, {})).status, 401, 'it is another pod')
})
