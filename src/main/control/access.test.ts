import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { type Attempt, type Caller, isAllowed, isNodeAllowed, NodeIndex, nodeOf, PolicyIndex } from '#identity'
import { isKubeObject, type Json, listAt, type Resource, RESOURCES, textAt } from '#schema'
import { type AccessApi, ADMINISTRATOR, openAccessApi, person } from '../testing/access.ts'

const RBAC = '/apis/rbac.authorization.k8s.io/v1'
let api: AccessApi
const policy = new PolicyIndex()
// What machines may because of what they are; there are no pods here.
const machines = new NodeIndex()

const EVERYBODY: Readonly<Record<string, Caller | undefined>> = {
  nobody: undefined,
  stranger: person('stranger'),
  reader: person('reader'), // has view in namespace a
  editor: person('editor'), // has edit in namespace a
  owner: person('owner'), // has admin in namespace a
  'reader of all': person('all', 'readers'), // has view everywhere
  node: person('system:node:one', 'system:nodes'),
  device: person('device:one', 'system:devices'),
  newcomer: person('system:bootstrap:abcdef', 'system:bootstrappers'),
  account: person('system:serviceaccount:a:robot', 'system:serviceaccounts', 'system:serviceaccounts:a'),
  administrator: ADMINISTRATOR,
}

before(async () => {
  api = await openAccessApi()
  const make = async (path: string, body: Json) => {
    const response = await api.send(ADMINISTRATOR, 'POST', path, body)
    assert.equal(response.status, 201, await response.text())
  }
  await make('/api/v1/namespaces', { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } })
  for (const [user, role] of [
    ['reader', 'view'],
    ['editor', 'edit'],
    ['owner', 'admin'],
  ] as const) {
    await make(`${RBAC}/namespaces/a/rolebindings`, binding('RoleBinding', user, role, 'User'))
  }
  await make(`${RBAC}/clusterrolebindings`, binding('ClusterRoleBinding', 'readers', 'view', 'Group'))
  await untilAggregated()
  for (const [kind, path] of [
    ['ClusterRole', 'clusterroles'],
    ['ClusterRoleBinding', 'clusterrolebindings'],
    ['RoleBinding', 'namespaces/a/rolebindings'],
  ] as const) {
    const list: Json = (await (await api.send(ADMINISTRATOR, 'GET', `${RBAC}/${path}`)).json()) as Json
    for (const item of listAt(list, 'items')) if (isKubeObject(item)) policy.put(kind, item)
  }
})
after(() => api[Symbol.asyncDispose]())

function binding(kind: string, who: string, role: string, subject: 'User' | 'Group'): Json {
  const apiGroup = 'rbac.authorization.k8s.io'
  return {
    apiVersion: `${apiGroup}/v1`,
    kind,
    metadata: { name: `${who}-${role}` },
    roleRef: { apiGroup, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup, kind: subject, name: who }],
  }
}

async function untilAggregated(): Promise<void> {
  for (let tries = 0; tries < 1000; tries += 1) {
    const role: Json = (await (await api.send(ADMINISTRATOR, 'GET', `${RBAC}/clusterroles/admin`)).json()) as Json
    if (listAt(role, 'rules').length > 20) return
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.fail('admin was not aggregated')
}

/** What somebody got: `401`, `403`, or `in` for whatever comes behind the door. */
async function outcomeOf(caller: Caller | undefined, method: string, path: string): Promise<string> {
  const isWrite = method === 'POST' || method === 'PUT' || method === 'PATCH'
  const query = method === 'GET' ? '' : `${path.includes('?') ? '&' : '?'}dryRun=All`
  const response = await api.send(caller, method, `${path}${query}`, isWrite ? {} : undefined)
  await response.body?.cancel()
  return response.status === 401 || response.status === 403 ? String(response.status) : 'in'
}

interface Route {
  readonly method: string
  readonly path: string
  readonly attempt: Attempt
}

/** Every route of a resource: each verb, of the collection, of one object, and of what lies below it. */
function routesOf(resource: Resource, namespace: string): readonly Route[] {
  const { group, version, plural, isNamespaced } = resource
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`
  const within = isNamespaced ? namespace : undefined
  const base = within === undefined ? `${root}/${plural}` : `${root}/namespaces/${within}/${plural}`
  const route = (method: string, verb: string, name?: string, subresource?: string): Route => {
    const path = [base, ...(name === undefined ? [] : [name]), ...(subresource === undefined ? [] : [subresource])]
    const inside = plural === 'namespaces' && group === '' ? name : within
    const attempt = { kind: 'resource', verb, group, plural, subresource, namespace: inside, name } as const
    return { method, path: path.join('/'), attempt }
  }
  const watch = route('GET', 'watch')
  return [
    route('GET', 'list'),
    { ...watch, path: `${watch.path}?watch=true&timeoutSeconds=1` },
    route('POST', 'create'),
    route('DELETE', 'deletecollection'),
    route('GET', 'get', 'some'),
    route('PUT', 'update', 'some'),
    route('PATCH', 'patch', 'some'),
    route('DELETE', 'delete', 'some'),
    ...(resource.hasStatus ? [route('GET', 'get', 'some', 'status'), route('PUT', 'update', 'some', 'status')] : []),
    ...(resource.scale === undefined ? [] : [route('PATCH', 'patch', 'some', 'scale')]),
  ]
}

function mayHe(caller: Caller, attempt: Attempt): boolean {
  const node = nodeOf(caller)
  return isAllowed(policy, caller, attempt) || (node !== undefined && isNodeAllowed(machines, node, attempt))
}

suite('every route, for every kind of identity', () => {
  test('lets in whom RBAC lets in, and nobody else', async () => {
    const routes = RESOURCES.flatMap(resource =>
      resource.isNamespaced ? [...routesOf(resource, 'a'), ...routesOf(resource, 'default')] : routesOf(resource, ''),
    )
    assert.ok(routes.length > 80)
    const counts = { in: 0, '403': 0, '401': 0 }
    for (const { method, path, attempt } of routes) {
      for (const [who, caller] of Object.entries(EVERYBODY)) {
        const expected = caller === undefined ? '401' : mayHe(caller, attempt) ? 'in' : '403'
        counts[expected] += 1
        const got = await outcomeOf(caller, method, path)
        // A kind may be closed to a verb, or an object to a change, whoever asks: never the reverse.
        assert.ok(
          got === expected || (expected === 'in' && got === '403' && caller === ADMINISTRATOR),
          `${who}: ${method} ${path}: ${got}, not ${expected}`,
        )
      }
    }
    assert.ok(counts.in > 100 && counts['403'] > 500, JSON.stringify(counts))
  })

  // The same for those that matter most, written by hand: who is let in.
  const TABLE: readonly (readonly [string, string, readonly string[]])[] = [
    ['GET', '/healthz', Object.keys(EVERYBODY)],
    ['GET', '/livez', Object.keys(EVERYBODY)],
    ['GET', '/readyz', Object.keys(EVERYBODY)],
    ['GET', '/version', Object.keys(EVERYBODY)],
    ['GET', '/api', known()],
    ['GET', '/apis', known()],
    ['GET', '/api/v1', known()],
    ['GET', '/openapi/v3', known()],
    ['GET', '/metrics', ['administrator']],
    ['GET', '/nowhere', ['administrator']],
    ['GET', '/', ['administrator']],
    ['GET', '/healthz/../metrics', ['administrator']],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', known()],
    ['POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', known()],
    ['POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', ['node', 'administrator']],
    ['GET', '/api/v1/namespaces/a', ['reader', 'editor', 'owner', 'reader of all', 'administrator']],
    ['GET', '/api/v1/namespaces/default', ['reader of all', 'administrator']],
    ['GET', '/api/v1/namespaces', ['reader of all', 'administrator']],
    ['GET', '/api/v1/namespaces/a/configmaps', ['reader', 'editor', 'owner', 'reader of all', 'administrator']],
    ['GET', '/api/v1/namespaces/default/configmaps', ['reader of all', 'administrator']],
    ['GET', '/api/v1/namespaces/a/secrets', ['editor', 'owner', 'administrator']],
    ['GET', '/api/v1/secrets', ['administrator']],
    ['GET', '/api/v1/pods', ['reader of all', 'administrator']],
    ['GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Done', ['reader of all', 'node', 'administrator']],
    ['GET', '/api/v1/pods?fieldSelector=spec.nodeName%3Dtwo', ['reader of all', 'administrator']],
    ['GET', '/api/v1/nodes/one', ['node', 'administrator']],
    ['GET', '/api/v1/nodes/two', ['administrator']],
    ['POST', '/api/v1/namespaces/a/configmaps', ['editor', 'owner', 'administrator']],
    ['DELETE', '/api/v1/namespaces/a', ['administrator']],
    ['POST', `${RBAC}/namespaces/a/rolebindings`, ['owner', 'administrator']],
    ['POST', `${RBAC}/clusterrolebindings`, ['administrator']],
    ['GET', `${RBAC}/clusterroles`, ['administrator']],
    ['PUT', '/api/v1/namespaces/a/pods/some/status', ['administrator']],
    ['PUT', '/api/v1/nodes/one/status', ['node', 'administrator']],
    ['PUT', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/one', ['node', 'administrator']],
    ['PUT', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/two', ['administrator']],
  ]
  for (const [method, path, letIn] of TABLE) {
    test(`${method} ${path} lets in ${letIn.join(', ')}`, async () => {
      const got: string[] = []
      for (const [who, caller] of Object.entries(EVERYBODY)) {
        if ((await outcomeOf(caller, method, path)) === 'in') got.push(who)
      }
      assert.deepEqual(got, letIn)
    })
  }

  test('answers reviews of somebody as his requests would be', async () => {
    const resourceAttributes = { verb: 'list', resource: 'secrets', namespace: 'a' }
    for (const [who, allowed] of [
      ['reader', false],
      ['editor', true],
    ] as const) {
      const body = { spec: { user: who, groups: ['system:authenticated'], resourceAttributes } }
      const path = '/apis/authorization.k8s.io/v1/subjectaccessreviews'
      const answer: Json = (await (await api.send(ADMINISTRATOR, 'POST', path, body)).json()) as Json
      assert.equal(JSON.stringify(answer).includes(`"allowed":${allowed}`), true, textAt(answer, 'message'))
    }
  })
})

function known(): readonly string[] {
  return Object.keys(EVERYBODY).filter(who => who !== 'nobody')
}

test('who may do everything in one namespace reaches nothing outside by naming it', async () => {
  const everything = binding('RoleBinding', 'lord', 'cluster-admin', 'User')
  assert.equal((await api.send(ADMINISTRATOR, 'POST', `${RBAC}/namespaces/a/rolebindings`, everything)).status, 201)
  const lord = person('lord')
  for (let tries = 0; tries < 1000; tries += 1) {
    if ((await api.send(lord, 'GET', '/api/v1/namespaces/a/secrets')).status === 200) break
    await new Promise(resolve => setImmediate(resolve))
  }
  const review = { spec: { user: 'reader', resourceAttributes: { verb: 'get', resource: 'secrets' } } }
  for (const [method, path, body] of [
    ['GET', '/api/v1/namespaces/a/nodes', undefined],
    ['GET', `${RBAC}/namespaces/a/clusterroles`, undefined],
    ['POST', '/apis/authorization.k8s.io/v1/namespaces/a/subjectaccessreviews', review],
    ['POST', '/apis/authentication.k8s.io/v1/namespaces/a/tokenreviews', { spec: { token: 'x' } }],
    ['POST', '/apis/nanocloud.io/v1/namespaces/a/certificates', { spec: { csr: 'x' } }],
  ] as const) {
    assert.equal((await api.send(lord, method, path, body)).status, 404, path)
  }
})
