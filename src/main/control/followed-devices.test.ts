import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ObjectStore } from '#api'
import type { World } from '#base'
import { machineWorld } from '#host'
import { openMemoryKeyspace } from '#keyspace'
import { type KubeObject, textAt } from '#schema'
import { DEVICES, FollowedDevices } from './followed-devices.ts'

const { signal } = new AbortController()

function device(hash: string, namespace: string): KubeObject {
  const metadata = { name: `device-${hash}`, namespace, uid: namespace, creationTimestamp: '2026-01-01T00:00:00Z' }
  return { apiVersion: 'nanocloud.io/v1', kind: 'Device', metadata, spec: { hash } } as KubeObject
}

test('a device is known while any record of it is there, and noted at most once a minute', async () => {
  let seconds = 0
  const wallNs = () => BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n + BigInt(seconds) * 1_000_000_000n
  const log = { info: () => undefined, warn: () => undefined }
  const world: World = { ...machineWorld, log, clock: { ...machineWorld.clock, wallNs } }
  await using keyspace = openMemoryKeyspace({ world })
  const store = new ObjectStore(keyspace)
  const one = await store.create(DEVICES, device('abc', 'a'), signal)
  await using devices = await FollowedDevices.open(store, world)
  const gone: string[] = []
  devices.onGone(user => gone.push(user))
  const until = async (holds: () => boolean | Promise<boolean>) => {
    for (let turns = 0; !(await holds()); turns += 1) {
      assert.ok(turns < 1000)
      await new Promise(resolve => setImmediate(resolve))
    }
  }
  const now = () => store.get(DEVICES, { namespace: 'a', name: 'device-abc' }, signal)
  const seenAt = async () => textAt(await now(), 'status', 'lastSeen')
  assert.deepEqual([devices.has('abc'), devices.has('def')], [true, false])
  devices.seen('abc')
  await until(async () => (await seenAt()) === '2026-01-01T00:00:00Z')
  const { revision } = keyspace
  seconds = 59
  for (let times = 0; times < 10; times += 1) devices.seen('abc')
  devices.seen('nobody')
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(keyspace.revision, revision)
  seconds = 61
  devices.seen('abc')
  await until(async () => (await seenAt()) === '2026-01-01T00:01:01Z')

  const two = await store.create(DEVICES, device('abc', 'b'), signal)
  const before = await now()
  await store.remove(DEVICES, before, one, signal)
  await store.create(DEVICES, device('last', 'a'), signal)
  await until(() => devices.has('last'))
  assert.deepEqual([devices.has('abc'), gone], [true, []])
  await store.remove(DEVICES, two, two, signal)
  await until(() => !devices.has('abc'))
  assert.deepEqual(gone, ['device:abc'])
})
