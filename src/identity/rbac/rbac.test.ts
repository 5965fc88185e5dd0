import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Json, KubeObject } from '#schema'
import type { Caller } from '../caller.ts'
import { aggregatedRules } from './aggregate.ts'
import { type Attempt, isAllowed, rulesOf } from './authorize.ts'
import { DEFAULT_CLUSTER_ROLE_BINDINGS, DEFAULT_CLUSTER_ROLES } from './defaults/roles.ts'
import { notCovered } from './escalation.ts'
import { PolicyIndex } from './policy-index.ts'

type Bare = { readonly [key: string]: Json | undefined }

function object(body: Bare): KubeObject {
  const metadata = { uid: 'u', creationTimestamp: '', name: '', ...(body['metadata'] as object) }
  return { apiVersion: 'rbac.authorization.k8s.io/v1', kind: '', ...body, metadata }
}

function role(name: string, rules: readonly Json[], namespace?: string): KubeObject {
  return object({ metadata: namespace === undefined ? { name } : { name, namespace }, rules })
}

function binding(kind: 'Role' | 'ClusterRole', to: string, subject: Bare, namespace?: string): KubeObject {
  const metadata = { name: to, ...(namespace === undefined ? {} : { namespace }) }
  return object({ metadata, roleRef: { kind, name: to }, subjects: [subject] })
}

const person = (name: string, ...groups: readonly string[]): Caller => ({ name, uid: undefined, groups, extra: {} })

function to(verb: string, what: string, namespace?: string, name?: string): Attempt {
  const [path = '', ...groups] = what.split('.')
  const group = groups.join('.')
  const [plural = '', subresource] = path.split('/')
  return { kind: 'resource', verb, group, plural, subresource, namespace, name }
}

const pods = (...verbs: readonly string[]) => ({ apiGroups: [''], resources: ['pods'], verbs })

suite('RBAC', () => {
  test('gives what a bound role allows, where it is bound, and nothing else', () => {
    const policy = new PolicyIndex()
    policy.put('ClusterRole', role('reader', [pods('get')]))
    policy.put('Role', role('reader', [pods('list')], 'a'))
    policy.put('ClusterRoleBinding', binding('ClusterRole', 'reader', { kind: 'Group', name: 'all' }))
    policy.put('RoleBinding', binding('Role', 'reader', { kind: 'User', name: 'jane' }, 'a'))
    policy.put('RoleBinding', binding('ClusterRole', 'reader', { kind: 'User', name: 'bob' }, 'b'))
    const allowed = (caller: Caller, attempt: Attempt) => isAllowed(policy, caller, attempt)
    assert.ok(allowed(person('x', 'all'), to('get', 'pods', 'a')))
    assert.ok(allowed(person('x', 'all'), to('get', 'pods')))
    assert.ok(allowed(person('jane'), to('list', 'pods', 'a')))
    assert.ok(!allowed(person('jane'), to('get', 'pods', 'a')), 'the cluster role of the same name')
    assert.ok(!allowed(person('jane'), to('list', 'pods', 'b')))
    assert.ok(!allowed(person('jane'), to('list', 'pods')))
    assert.ok(allowed(person('bob'), to('get', 'pods', 'b')))
    assert.ok(!allowed(person('bob'), to('get', 'pods', 'a')))
    assert.ok(!allowed(person('bob'), to('get', 'pods/log', 'b')))
    assert.ok(!allowed(person('bob'), to('get', 'pods.apps', 'b')))
    assert.ok(!allowed(person('jane ', 'All'), to('list', 'pods', 'a')))
  })

  test('reads rules as Kubernetes does', () => {
    const cases: readonly [Json, Attempt, boolean][] = [
      [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }, to('patch', 'x.y', 'n'), true],
      [{ verbs: ['get'], apiGroups: [''], resources: ['*/status'] }, to('get', 'pods/status'), true],
      [{ verbs: ['get'], apiGroups: [''], resources: ['*/status'] }, to('get', 'pods'), false],
      [
        { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] },
        to('get', 'pods', 'n', 'a'),
        true,
      ],
      [
        { verbs: ['get'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] },
        to('get', 'pods', 'n', 'b'),
        false,
      ],
      [{ verbs: ['list'], apiGroups: [''], resources: ['pods'], resourceNames: ['a'] }, to('list', 'pods'), false],
      [{ verbs: ['get'], nonResourceURLs: ['/api/*'] }, { kind: 'path', verb: 'get', path: '/api/v1' }, true],
      [{ verbs: ['get'], nonResourceURLs: ['/api'] }, { kind: 'path', verb: 'get', path: '/api/v1' }, false],
      [{ verbs: ['get'], nonResourceURLs: ['*'] }, to('get', 'pods'), false],
      [{ verbs: [], apiGroups: ['*'], resources: ['*'] }, to('get', 'pods'), false],
    ]
    for (const [rule, attempt, expected] of cases) {
      const policy = new PolicyIndex()
      policy.put('ClusterRole', role('r', [rule]))
      policy.put('ClusterRoleBinding', binding('ClusterRole', 'r', { kind: 'User', name: 'jane' }))
      assert.equal(isAllowed(policy, person('jane'), attempt), expected, JSON.stringify([rule, attempt]))
    }
  })

  test('knows service accounts by their place, and forgets what is removed', () => {
    const policy = new PolicyIndex()
    const given = binding('ClusterRole', 'r', { kind: 'ServiceAccount', namespace: 'a', name: 'robot' })
    policy.put('ClusterRole', role('r', [pods('get')]))
    policy.put('ClusterRoleBinding', given)
    const robot = person('system:serviceaccount:a:robot')
    assert.ok(isAllowed(policy, robot, to('get', 'pods')))
    assert.ok(!isAllowed(policy, person('system:serviceaccount:b:robot'), to('get', 'pods')))
    policy.remove('ClusterRoleBinding', given)
    assert.ok(!isAllowed(policy, robot, to('get', 'pods')))
    policy.put('ClusterRoleBinding', binding('ClusterRole', 'gone', { kind: 'User', name: 'jane' }))
    assert.deepEqual([...rulesOf(policy, person('jane'), 'a')], [])
  })
})

suite('what somebody may give', () => {
  const cases: readonly [string, readonly Json[], readonly Json[], number][] = [
    ['what he has', [pods('get', 'list')], [pods('get')], 0],
    ['not what he has not', [pods('get')], [pods('get', 'list', 'watch')], 2],
    ['what two rules cover together', [pods('get'), pods('list')], [pods('get', 'list')], 0],
    [
      'not everything when he has much',
      [{ verbs: ['*'], apiGroups: [''], resources: ['*'] }],
      [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
      1,
    ],
    ['one object of those he has', [pods('get')], [{ ...pods('get'), resourceNames: ['a'] }], 0],
    ['not all objects when he has one', [{ ...pods('get'), resourceNames: ['a'] }], [pods('get')], 1],
    [
      'paths below his',
      [{ verbs: ['get'], nonResourceURLs: ['/a/*'] }],
      [{ verbs: ['get'], nonResourceURLs: ['/a/b', '/a/*'] }],
      0,
    ],
    [
      'no path beside his',
      [{ verbs: ['get'], nonResourceURLs: ['/a/*'] }],
      [{ verbs: ['get'], nonResourceURLs: ['/b', '*'] }],
      2,
    ],
    [
      'a subresource by its star',
      [{ verbs: ['get'], apiGroups: [''], resources: ['*/status'] }],
      [{ verbs: ['get'], apiGroups: [''], resources: ['pods/status'] }],
      0,
    ],
  ]
  for (const [name, held, wanted, lacking] of cases) {
    test(`is ${name}`, () => assert.equal(notCovered(held, wanted).length, lacking))
  }
})

suite('the default roles', () => {
  const policy = new PolicyIndex()
  for (const each of DEFAULT_CLUSTER_ROLES) policy.put('ClusterRole', object(each))
  for (const each of DEFAULT_CLUSTER_ROLE_BINDINGS) policy.put('ClusterRoleBinding', object(each))
  // As the control process does it, from the lowest up.
  for (const name of ['view', 'edit', 'admin']) {
    const found = policy.clusterRole(name)!
    policy.put('ClusterRole', { ...found, rules: aggregatedRules(found, policy.clusterRoles)! })
    policy.put('RoleBinding', binding('ClusterRole', name, { kind: 'User', name }, 'a'))
  }
  const may = (who: string, attempt: Attempt) => isAllowed(policy, person(who, 'system:authenticated'), attempt)

  test('give each more than the one below', () => {
    for (const who of ['view', 'edit', 'admin']) assert.ok(may(who, to('get', 'pods', 'a')), who)
    assert.deepEqual(
      ['view', 'edit', 'admin'].map(who => may(who, to('get', 'secrets', 'a'))),
      [false, true, true],
    )
    assert.deepEqual(
      ['view', 'edit', 'admin'].map(who => may(who, to('create', 'pods', 'a'))),
      [false, true, true],
    )
    const bind = to('create', 'rolebindings.rbac.authorization.k8s.io', 'a')
    assert.deepEqual(
      ['view', 'edit', 'admin'].map(who => may(who, bind)),
      [false, false, true],
    )
    for (const who of ['view', 'edit', 'admin']) assert.ok(!may(who, to('get', 'pods', 'b')), who)
  })

  test('let nobody name himself or find out what others may', () => {
    assert.ok(!may('admin', to('impersonate', 'users', 'a', 'root')))
    assert.ok(!may('view', to('create', 'subjectaccessreviews.authorization.k8s.io')))
    assert.ok(may('view', to('create', 'selfsubjectaccessreviews.authorization.k8s.io')))
  })

  test('select by labels and by expressions', () => {
    const selector = {
      matchExpressions: [
        { key: 'tier', operator: 'In', values: ['one'] },
        { key: 'off', operator: 'DoesNotExist' },
      ],
    }
    const sum = object({ metadata: { name: 'sum' }, rules: [], aggregationRule: { clusterRoleSelectors: [selector] } })
    const part = (name: string, labels: Json) => object({ metadata: { name, labels }, rules: [pods(name)] })
    const all = [sum, part('a', { tier: 'one' }), part('b', { tier: 'two' }), part('c', { tier: 'one', off: '' })]
    assert.deepEqual(aggregatedRules(sum, all), [pods('a')])
    assert.equal(aggregatedRules(role('plain', []), all), undefined)
  })
})
