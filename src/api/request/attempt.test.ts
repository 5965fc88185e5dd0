import assert from 'node:assert/strict'
import { test } from 'node:test'
import { attemptOf } from './attempt.ts'
import { targetOf } from './path.ts'

function attempt(verb: string, path: string, query = '') {
  const found = attemptOf(targetOf(path)!, verb, new URLSearchParams(query))
  return found.kind === 'path' ? found.path : [found.plural, found.namespace, found.name]
}

test('an attempt names what its path names', () => {
  assert.deepEqual(attempt('get', '/api/v1/namespaces/a/pods/x'), ['pods', 'a', 'x'])
  assert.deepEqual(attempt('list', '/api/v1/pods'), ['pods', undefined, undefined])
  assert.deepEqual(attempt('get', '/api/v1/namespaces/a'), ['namespaces', 'a', 'a'])
  assert.equal(attempt('get', '/metrics'), '/metrics')
  assert.equal(attempt('list', '/apis/apps/v1'), '/apis/apps/v1')
})

test('a list of one object by its name is an attempt on that object, and nothing else is', () => {
  const pods = '/api/v1/namespaces/a/pods'
  const named = (verb: string, selector: string) =>
    attempt(verb, pods, new URLSearchParams({ fieldSelector: selector }).toString())[2]
  for (const verb of ['list', 'watch', 'deletecollection']) assert.equal(named(verb, 'metadata.name=x'), 'x')
  assert.equal(named('list', 'spec.nodeName=n,metadata.name==x'), 'x')
  assert.equal(named('create', 'metadata.name=x'), undefined)
  for (const selector of ['metadata.name!=x', 'spec.x=a\\,metadata.name=x', 'xmetadata.name=x', 'metadata.name=']) {
    assert.equal(named('list', selector), undefined, selector)
  }
  const twice = 'fieldSelector=metadata.name%3Dx&fieldSelector=spec.nodeName%3Dn'
  assert.equal(attempt('list', pods, twice)[2], undefined)
  assert.deepEqual(attempt('list', '/api/v1/namespaces', 'fieldSelector=metadata.name%3Da'), [
    'namespaces',
    undefined,
    'a',
  ])
})
