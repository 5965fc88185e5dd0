import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import type { Attempt } from '#identity'
import { person } from '../testing/access.ts'
import { impersonated } from './impersonation.ts'

const root = { ...person('root'), expiresMs: 5 }

function act(headers: Readonly<Record<string, string>>, mayHe: (attempt: Attempt) => boolean = () => true) {
  return impersonated(new Request('https://x/', { headers }), root, {
    mayHe: (_, attempt) => mayHe(attempt),
    whyRefused: name => (name === 'ann' ? 'is disabled' : undefined),
  })
}

suite('impersonation', () => {
  test('leaves who asks for none as he is', () => assert.equal(act({}), root))

  test('makes a request in the place of a user with his groups', () => {
    const headers = { 'Impersonate-User': 'jane', 'Impersonate-Group': 'a, b', 'Impersonate-Uid': '7' }
    assert.deepEqual(act({ ...headers, 'Impersonate-Extra-Scopes%2fx': 'one, two' }), {
      name: 'jane',
      uid: '7',
      groups: ['a', 'b', 'system:authenticated'],
      extra: { 'scopes/x': ['one', 'two'] },
      expiresMs: 5,
      impersonator: 'root',
    })
  })

  test('of who is disabled is refused by name, but told only to who may', () => {
    const refused = (message: RegExp) => (error: unknown) => isFault(error, 'Forbidden') && message.test(error.message)
    assert.throws(() => act({ 'Impersonate-User': 'ann' }), refused(/"ann" is disabled/))
    assert.throws(() => act({ 'Impersonate-User': 'ann' }, () => false), refused(/cannot impersonate/))
  })

  test('gives a service account the groups it always has', () => {
    const { groups } = act({ 'Impersonate-User': 'system:serviceaccount:n:robot' })
    assert.deepEqual(groups, ['system:serviceaccounts', 'system:serviceaccounts:n', 'system:authenticated'])
  })

  test('leaves the anonymous unknown', () => {
    assert.deepEqual(act({ 'Impersonate-User': 'system:anonymous' }).groups, ['system:unauthenticated'])
  })

  test('asks RBAC for each part, and is refused for any', () => {
    const headers = {
      'Impersonate-User': 'jane',
      'Impersonate-Group': 'system:masters',
      'Impersonate-Uid': '7',
      'Impersonate-Extra-scope': 'all',
    }
    const asked: Attempt[] = []
    act(headers, attempt => asked.push(attempt) > 0)
    const rows = asked.map(
      each => each.kind === 'resource' && [each.verb, each.group, each.plural, each.subresource, each.name],
    )
    assert.deepEqual(rows, [
      ['impersonate', '', 'users', undefined, 'jane'],
      ['impersonate', '', 'groups', undefined, 'system:masters'],
      ['impersonate', 'authentication.k8s.io', 'uids', undefined, '7'],
      ['impersonate', 'authentication.k8s.io', 'userextras', 'scope', 'all'],
    ])
    for (let refused = 0; refused < 4; refused += 1) {
      let count = 0
      assert.throws(
        () => act(headers, () => count++ !== refused),
        error => isFault(error, 'Forbidden'),
      )
    }
  })

  test('asks for a service account by its namespace', () => {
    const asked: Attempt[] = []
    act({ 'Impersonate-User': 'system:serviceaccount:n:robot' }, attempt => asked.push(attempt) > 0)
    const [attempt] = asked
    assert.ok(attempt?.kind === 'resource')
    assert.deepEqual([attempt.plural, attempt.namespace, attempt.name], ['serviceaccounts', 'n', 'robot'])
  })

  test('of groups without a user, or badly written, is a mistake', () => {
    for (const headers of [{ 'Impersonate-Group': 'a' }, { 'Impersonate-User': '', 'Impersonate-Uid': '1' }]) {
      assert.throws(
        () => act(headers),
        error => isFault(error, 'BadRequest'),
      )
    }
    const bad = { 'Impersonate-User': 'x', 'Impersonate-Extra-%zz': 'a' }
    assert.throws(
      () => act(bad),
      error => isFault(error, 'BadRequest'),
    )
  })
})
