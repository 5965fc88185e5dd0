import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Json } from '#schema'
import { type AccessApi, ADMINISTRATOR, openAccessApi, person } from '../testing/access.ts'

const GROUP = 'rbac.authorization.k8s.io'
const RBAC = `/apis/${GROUP}/v1`
const INSIDE = `${RBAC}/namespaces/default`
const ann = person('ann')
let api: AccessApi

const role = (name: string, rules: Json, kind = 'Role'): Json => ({
  apiVersion: `${GROUP}/v1`,
  kind,
  metadata: { name },
  rules,
})
const bound = (kind: string, name: string, to: string, user: string): Json => ({
  apiVersion: `${GROUP}/v1`,
  kind,
  metadata: { name },
  roleRef: { apiGroup: GROUP, kind: 'ClusterRole', name: to },
  subjects: [{ apiGroup: GROUP, kind: 'User', name: user }],
})
const pods = (...verbs: readonly string[]) => ({ apiGroups: [''], resources: ['pods'], verbs })

async function status(method: string, path: string, body?: Json, who = ann): Promise<number> {
  const response = await api.send(who, method, path, body)
  await response.body?.cancel()
  return response.status
}

async function untilIn(path: string): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    if ((await status('GET', path)) === 200) return
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.fail(`${path} stays closed`)
}

before(async () => {
  api = await openAccessApi()
  // Ann may read pods, and write roles and bindings; `*` would be `bind` and `escalate` as well.
  const verbs = ['get', 'list', 'create', 'update', 'patch', 'delete']
  const writer = [pods('get', 'list'), { apiGroups: [GROUP], resources: ['roles', 'rolebindings'], verbs }]
  for (const [name, rules] of [
    ['writer', writer],
    ['narrow', [{ ...pods('*'), resourceNames: ['x'] }]],
  ] as const) {
    const body = role(name, rules, 'ClusterRole')
    assert.equal(await status('POST', `${RBAC}/clusterroles`, body, ADMINISTRATOR), 201)
  }
  const binding = bound('RoleBinding', 'ann', 'writer', 'ann')
  assert.equal(await status('POST', `${INSIDE}/rolebindings`, binding, ADMINISTRATOR), 201)
  await untilIn(`${INSIDE}/roles`)
})
after(() => api[Symbol.asyncDispose]())

suite('a user who may write roles', () => {
  test('gives what he has, and changes of it, in whatever way it is written', async () => {
    assert.equal(await status('POST', `${INSIDE}/roles`, role('r', [pods('get')])), 201)
    assert.equal(await status('PUT', `${INSIDE}/roles/r`, role('r', [pods('get', 'list')])), 200)
    assert.equal(await status('PUT', `${INSIDE}/roles/r`, role('r', [pods('get', 'delete')])), 403)
    const patch = async (type: string, body: Json, query = '') => {
      const response = await api.patch(ann, `${INSIDE}/roles/r${query}`, body, type)
      await response.body?.cancel()
      return response.status
    }
    const more = { rules: [pods('*')] }
    assert.equal(await patch('application/merge-patch+json', more), 403)
    assert.equal(await patch('application/strategic-merge-patch+json', more), 403)
    assert.equal(await patch('application/json-patch+json', [{ op: 'add', path: '/rules/0/verbs/-', value: '*' }]), 403)
    const applied = role('r', [pods('*')])
    assert.equal(await patch('application/apply-patch+yaml', applied, '?fieldManager=x&force=true'), 403)
    assert.equal(await patch('application/merge-patch+json', { metadata: { labels: { a: 'b' } } }), 200)
    assert.equal(await status('POST', `${INSIDE}/roles?dryRun=All`, role('d', [pods('*')])), 403)
  })

  test('binds no role that is more than his', async () => {
    const bind = (name: string, to: string) =>
      status('POST', `${INSIDE}/rolebindings`, bound('RoleBinding', name, to, 'bob'))
    assert.equal(await bind('a', 'writer'), 201)
    assert.equal(await bind('b', 'narrow'), 403)
    assert.equal(await bind('c', 'cluster-admin'), 403)
    // Whoever makes that role one day does not know of the binding.
    assert.equal(await bind('d', 'none-of-this-name'), 404)
  })

  test('makes no role that is more than his part of an aggregated one by a label', async () => {
    assert.equal(await status('POST', `${INSIDE}/roles`, role('more', [pods('delete')]), ADMINISTRATOR), 201)
    const label = async (labels: Json) => {
      const path = `${INSIDE}/roles/more`
      const response = await api.patch(ann, path, { metadata: { labels } }, 'application/merge-patch+json')
      await response.body?.cancel()
      return response.status
    }
    assert.equal(await label({ 'rbac.authorization.k8s.io/aggregate-to-view': 'true' }), 403)
    assert.equal(await label(null), 200, 'what changes nothing gives nothing')
  })

  test('with the verbs for it, gives whatever he is allowed to', async () => {
    const verbs = { apiGroups: [GROUP], resources: ['clusterroles'], resourceNames: ['narrow'], verbs: ['bind'] }
    const body = role('binder', [verbs, { apiGroups: [GROUP], resources: ['roles'], verbs: ['escalate'] }])
    assert.equal(await status('POST', `${INSIDE}/roles`, body, ADMINISTRATOR), 201)
    const binding = { ...(bound('RoleBinding', 'ann-binder', 'binder', 'ann') as object) }
    const roleRef = { apiGroup: GROUP, kind: 'Role', name: 'binder' }
    assert.equal(await status('POST', `${INSIDE}/rolebindings`, { ...binding, roleRef }, ADMINISTRATOR), 201)
    const narrow = () => status('POST', `${INSIDE}/rolebindings`, bound('RoleBinding', 'e', 'narrow', 'bob'))
    let got = 403
    for (let tries = 0; tries < 1000 && got === 403; tries += 1) got = await narrow()
    assert.equal(got, 201)
    assert.equal(await status('POST', `${INSIDE}/rolebindings`, bound('RoleBinding', 'f', 'cluster-admin', 'bob')), 403)
    assert.equal(await status('POST', `${INSIDE}/roles`, role('all', [pods('*')])), 201)
  })
})
