import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { ApiResource } from '#client'
import type { Storage } from '#controllers'
import { fileMake, filesystemCreate, filesystemRemove, nodeStatus } from '#rpc'
import { jsonAt, RESOURCES, textAt } from '#schema'
import { openTestApi } from '../testing/api.ts'
import { openTestDoor } from '../testing/door.ts'

const { signal } = new AbortController()
const of = (plural: string): ApiResource =>
  RESOURCES.find(each => each.plural === plural && each.group === 'cairn.dev')!
const FILESYSTEMS = of('filesystems')

test('filesystems and their objects are one: either way of making one, and none goes that has files', async () => {
  await using door = await openTestDoor()
  const { client: rpc } = door
  const storage: Storage = {
    nodeName: 'here',
    status: until => rpc.call(nodeStatus, {}, until),
    async create(filesystem, until) {
      await rpc.call(filesystemCreate, { filesystem }, until)
    },
    async remove(filesystem, { isForced }, until) {
      await rpc.call(filesystemRemove, { filesystem, isForced }, until)
    },
  }
  await rpc.call(filesystemCreate, { filesystem: 'older' }, signal)
  await using api = await openTestApi(storage)
  const { client } = api
  const find = (name: string) => client.find(FILESYSTEMS, { name }, signal)
  const until = async (what: string, isTrue: () => Promise<unknown>): Promise<void> => {
    for (let turns = 0; turns < 1000; turns += 1) {
      if (await isTrue()) return
      await sleep(10)
    }
    assert.fail(`${what}: not within 10 s\n${api.warnings.join('\n')}`)
  }
  const phase = async (name: string) => textAt(await find(name), 'status', 'phase')
  for (const name of ['home', 'older'])
    await until(`${name} has an object`, async () => (await phase(name)) === 'Ready')
  assert.equal(textAt(await find('home'), 'status', 'home'), 'here')

  const make = (name: string, spec = {}) =>
    client.create(FILESYSTEMS, { apiVersion: 'cairn.dev/v1', kind: 'Filesystem', metadata: { name }, spec }, signal)
  await make('photos', { bytesMax: '1Gi' })
  await until('photos is made', async () => (await phase('photos')) === 'Ready')
  assert.equal(textAt(await find('photos'), 'status', 'message'), 'nothing acts on spec.bytesMax yet')
  const names = async () => (await storage.status(signal)).filesystems.map(({ name }) => name)
  assert.deepEqual(await names(), ['home', 'older', 'photos'])

  await rpc.call(fileMake, { place: { filesystem: 'photos', path: '/x' }, kind: 'directory', mode: 0o755 }, signal)
  await client.delete(FILESYSTEMS, { name: 'photos' }, {}, signal)
  await until('it says why it stays', async () => (await phase('photos')) === 'Deleting')
  assert.match(textAt(await find('photos'), 'status', 'message') ?? '', /photos has files.*delete-files=true/)
  const forced = { metadata: { annotations: { 'cairn.dev/delete-files': 'true' } } }
  await client.patch(FILESYSTEMS, { name: 'photos' }, { type: 'merge', body: forced }, signal)
  await until('it goes', async () => (await find('photos')) === undefined)
  await client.delete(FILESYSTEMS, { name: 'older' }, {}, signal)
  await until('an empty one goes', async () => (await find('older')) === undefined)
  assert.deepEqual(await names(), ['home'])

  const before = await client.get(FILESYSTEMS, { name: 'home' }, signal)
  await client.delete(FILESYSTEMS, { name: 'home' }, {}, signal)
  const isAnew = async () =>
    (await find('home'))?.metadata.uid !== before.metadata.uid && (await phase('home')) === 'Ready'
  await until('home stays, with an object made anew', isAnew)

  await make('lost')
  await until('lost is made', async () => (await phase('lost')) === 'Ready')
  await storage.remove('lost', { isForced: true }, signal)
  const label = { metadata: { labels: { looked: 'at' } } }
  await client.patch(FILESYSTEMS, { name: 'lost' }, { type: 'merge', body: label }, signal)
  await until('the loss is told, and no empty one hides it', async () => (await phase('lost')) === 'Failed')
  assert.deepEqual(await names(), ['home'])

  const pool = await client.get(of('pools'), { name: 'default' }, signal)
  assert.equal(textAt(pool, 'status', 'phase'), 'Ready')
  assert.equal(typeof jsonAt(pool, 'status', 'chunks'), 'number')
  await until('all is quiet', async () => {
    const { revision } = api.keyspace
    await sleep(300)
    return revision === api.keyspace.revision
  })
})
