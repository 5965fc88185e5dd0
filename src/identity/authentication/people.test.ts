import assert from 'node:assert/strict'
import { test } from 'node:test'
import { knownPeople } from './people.ts'

test('a record disables a user and adds groups, and a device without one is nobody', async () => {
  const seen: string[] = []
  const records = new Map([
    ['ann', { isDisabled: false, groups: ['family', 'system:masters'] }],
    ['bob', { isDisabled: true, groups: [] }],
  ])
  const people = {
    user: (name: string) => records.get(name),
    hasDevice: (hash: string) => hash === 'abc',
    deviceSeen: (hash: string) => void seen.push(hash),
  }
  const as = async (name: string) => {
    const knows = knownPeople(async () => ({ name, uid: undefined, groups: ['own'], extra: {} }), people)
    return knows({ certificate: undefined, bearer: undefined }, new AbortController().signal)
  }
  assert.deepEqual((await as('ann'))?.groups, ['own', 'family'])
  assert.deepEqual((await as('ann'))?.recordGroups, ['family'])
  assert.deepEqual((await as('eve'))?.groups, ['own'])
  assert.equal(await as('bob'), undefined)
  assert.deepEqual((await as('device:abc'))?.groups, ['own'])
  assert.equal(await as('device:def'), undefined)
  assert.deepEqual(seen, ['abc'])
})

test('a record does not disable who may do everything', async () => {
  const people = {
    user: () => ({ isDisabled: true, groups: ['family'] }),
    hasDevice: () => false,
    deviceSeen: () => undefined,
  }
  const as = (...groups: readonly string[]) =>
    knownPeople(async () => ({ name: 'admin', uid: undefined, groups, extra: {} }), people)(
      { certificate: undefined, bearer: undefined },
      new AbortController().signal,
    )
  assert.deepEqual((await as('system:masters'))?.groups, ['system:masters', 'family'])
  assert.equal(await as('system:nodes'), undefined)
})
