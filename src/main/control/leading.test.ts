import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { Controllers } from '#controllers'
import { machineWorld } from '#host'
import { RESOURCES, textAt } from '#schema'
import { openTestApi } from '../testing/api.ts'
import { openControllers } from './controllers.ts'

const { signal } = new AbortController()
const LEASES = RESOURCES.find(each => each.plural === 'leases')!
const NAMESPACES = RESOURCES.find(each => each.plural === 'namespaces')!

test('of two servers on one keyspace one works, and the other at once when that ends', async () => {
  await using api = await openTestApi()
  const { client, authority, issuing } = api
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'kube-system' } }, signal)
  const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
  const fetch = api.app.fetch.bind(api.app)
  const open = (identity: string): Controllers =>
    openControllers({ fetch, world, authority, issuing, storage: undefined, identity })
  const leads = async (controllers: Controllers): Promise<void> => {
    for (let turns = 0; turns < 500 && !controllers.isLeading; turns += 1) await sleep(10)
    assert.ok(controllers.isLeading)
  }
  const first = open('first')
  await leads(first)
  await using second = open('second')
  await sleep(100)
  assert.equal(second.isLeading, false)
  const place = { namespace: 'kube-system', name: 'cairn-controllers' }
  assert.equal(textAt(await client.get(LEASES, place, signal), 'spec', 'holderIdentity'), 'first')
  await first[Symbol.asyncDispose]()
  assert.equal(first.isLeading, false)
  await leads(second)
  assert.equal(textAt(await client.get(LEASES, place, signal), 'spec', 'holderIdentity'), 'second')
})
