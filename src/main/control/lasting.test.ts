import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Json, textAt } from '#schema'
import { type AccessApi, ADMINISTRATOR, openAccessApi } from '../testing/access.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const USERS = '/apis/cairn.dev/v1/users'
const PODS = '/api/v1/namespaces/default/pods'
let api: AccessApi
let token = ''

before(async () => {
  api = await openAccessApi()
  await make('/api/v1/namespaces/default/serviceaccounts', { metadata: { name: 'robot' } })
  await make(`${RBAC}/clusterroles`, role('ClusterRole', 'acting', ['users'], 'impersonate'))
  await make(`${RBAC}/namespaces/default/roles`, role('Role', 'looking', ['pods'], 'watch'))
  const answer = await make('/api/v1/namespaces/default/serviceaccounts/robot/token', { spec: {} })
  token = textAt(answer, 'status', 'token') ?? ''
})
after(() => api[Symbol.asyncDispose]())

async function make(path: string, body: Json): Promise<Json> {
  const response = await api.send(ADMINISTRATOR, 'POST', path, body)
  assert.equal(response.status, 201, path)
  return (await response.json()) as Json
}

function role(kind: string, name: string, resources: readonly string[], ...verbs: readonly string[]): Json {
  return { apiVersion: RBAC.slice(6), kind, metadata: { name }, rules: [{ apiGroups: [''], resources, verbs }] }
}

function binding(kind: 'Role' | 'ClusterRole', name: string, subject: Json): Json {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name }
  return { metadata: { name }, roleRef, subjects: [subject] }
}

const robot = { kind: 'ServiceAccount', name: 'robot', namespace: 'default' }
const ann = { kind: 'User', name: 'ann', apiGroup: 'rbac.authorization.k8s.io' }
const asAnn = { 'impersonate-user': 'ann' }

async function watch(headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  return api.fetch(`${PODS}?watch=true`, { headers: { authorization: `Bearer ${token}`, ...headers } })
}

/** A watch that has begun; rights are given within milliseconds. */
async function opened(headers: Readonly<Record<string, string>> = {}): Promise<{ readonly ended: Promise<string> }> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const response = await watch(headers)
    if (response.status === 200) return { ended: response.text() }
    await new Promise(resolve => setImmediate(resolve))
  }
  throw new Error('the watch does not begin')
}

suite('a watch that is open', () => {
  test('ends when a binding of its namespace goes, and the next is refused', async () => {
    await make(`${RBAC}/namespaces/default/rolebindings`, binding('Role', 'looking', robot))
    const { ended } = await opened()
    await api.send(ADMINISTRATOR, 'DELETE', `${RBAC}/namespaces/default/rolebindings/looking`)
    assert.equal(await ended, '')
    assert.equal((await watch()).status, 403)
  })

  test('ends when a rule goes from its role', async () => {
    await make(`${RBAC}/namespaces/default/rolebindings`, binding('Role', 'looking', robot))
    const { ended } = await opened()
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]
    await api.patch(
      ADMINISTRATOR,
      `${RBAC}/namespaces/default/roles/looking`,
      { rules },
      'application/merge-patch+json',
    )
    assert.equal(await ended, '')
    assert.equal((await watch()).status, 403)
    await api.send(ADMINISTRATOR, 'DELETE', `${RBAC}/namespaces/default/rolebindings/looking`)
  })

  test('in the place of another ends when that one is disabled, or the right to act in his place goes', async () => {
    await make(`${RBAC}/clusterrolebindings`, binding('ClusterRole', 'acting', robot))
    await make(`${RBAC}/namespaces/default/rolebindings`, { ...(binding('ClusterRole', 'view', ann) as object) })
    const first = await opened(asAnn)
    await make(USERS, { metadata: { name: 'ann' }, spec: { disabled: true } })
    assert.equal(await first.ended, '')
    const refused = await watch(asAnn)
    assert.equal(refused.status, 403)
    assert.match(await refused.text(), /\\"ann\\" is disabled/)
    await api.send(ADMINISTRATOR, 'DELETE', `${USERS}/ann`)
    const second = await opened(asAnn)
    await api.send(ADMINISTRATOR, 'DELETE', `${RBAC}/clusterrolebindings/acting`)
    assert.equal(await second.ended, '')
    assert.equal((await watch(asAnn)).status, 403)
  })
})
