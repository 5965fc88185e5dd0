import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Json } from '#schema'
import { type AccessApi, ADMINISTRATOR, openAccessApi, person } from '../testing/access.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
const USERS = '/apis/cairn.dev/v1/users'
const ann = person('ann')
let api: AccessApi

before(async () => {
  api = await openAccessApi()
  // Ann may write users and read pods everywhere, act in the place of friends, and bind guests.
  await grant('ann', 'User', [
    { apiGroups: ['cairn.dev'], resources: ['users'], verbs: ['*'] },
    { apiGroups: [''], resources: ['pods'], verbs: ['get'] },
    { apiGroups: [''], resources: ['groups'], resourceNames: ['friends'], verbs: ['impersonate'] },
    { apiGroups: [''], resources: ['groups'], resourceNames: ['guests'], verbs: ['bind'] },
  ])
  await grant('podders', 'Group', [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }])
  for (const group of ['lords', 'friends', 'guests']) {
    await grant(group, 'Group', [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }])
  }
  await make(`${RBAC}/namespaces/default/rolebindings`, bindingOf('locals', 'Group', 'lords'))
  await until(201, () => put('POST', 'zero', []))
})
after(() => api[Symbol.asyncDispose]())

async function status(who: typeof ann, method: string, path: string, body: Json): Promise<number> {
  const response = await api.send(who, method, path, body)
  await response.body?.cancel()
  return response.status
}

async function make(path: string, body: Json): Promise<void> {
  assert.equal(await status(ADMINISTRATOR, 'POST', path, body), 201)
}

function bindingOf(name: string, kind: string, role: string): Json {
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: role }
  return { metadata: { name }, roleRef, subjects: [{ kind, name }] }
}

async function grant(name: string, kind: string, rules: Json): Promise<void> {
  await make(`${RBAC}/clusterroles`, { metadata: { name }, rules })
  await make(`${RBAC}/clusterrolebindings`, bindingOf(name, kind, name))
}

function put(method: 'POST' | 'PUT', name: string, groups: readonly string[], who = ann): Promise<number> {
  const path = method === 'POST' ? USERS : `${USERS}/${name}`
  return status(who, method, path, { metadata: { name }, spec: { groups: [...groups] } })
}

async function until(wanted: number, run: () => Promise<number>): Promise<void> {
  let got = 0
  for (let tries = 0; tries < 1000 && got !== wanted; tries += 1) got = await run()
  assert.equal(got, wanted)
}

test('who may write users puts nobody into a group that may more than he', async () => {
  for (const [group, wanted] of [
    ['nobody-in-particular', 201],
    ['podders', 201],
    ['lords', 403],
    ['locals', 403],
    ['friends', 201],
    ['guests', 201],
  ] as const) {
    assert.equal(await put('POST', `in-${group}`, [group]), wanted, group)
  }
  assert.equal(await put('POST', 'ann', ['podders', 'lords']), 403, 'nor himself')
})

test('nor by a change, by whatever way; what somebody else gave stays', async () => {
  await until(201, () => put('POST', 'bob', ['podders']))
  assert.equal(await put('PUT', 'bob', ['podders', 'lords']), 403)
  for (const type of ['application/merge-patch+json', 'application/apply-patch+yaml']) {
    const body = { apiVersion: 'cairn.dev/v1', kind: 'User', metadata: { name: 'bob' }, spec: { groups: ['lords'] } }
    const query = type.includes('apply') ? '?fieldManager=x&force=true' : ''
    const response = await api.patch(ann, `${USERS}/bob${query}`, body, type)
    assert.equal(response.status, 403, await response.text())
  }
  assert.equal(await put('PUT', 'bob', ['lords'], ADMINISTRATOR), 200)
  assert.equal(await put('PUT', 'bob', ['lords', 'podders']), 200)
})
