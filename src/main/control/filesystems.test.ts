import assert from 'node:assert/strict'
import { isFault } from '#base'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import type { ApiResource } from '#client'
import { fileMake, filesystemCreate } from '#rpc'
import { RESOURCES, textAt } from '#schema'
import { storageOver } from './storage-door.ts'
import { openTestApi } from '../testing/api.ts'
import { openTestDoor } from '../testing/door.ts'

const { signal } = new AbortController()
const of = (plural: string): ApiResource =>
  RESOURCES.find(each => each.plural === plural && each.group === 'cairn.dev')!
const FILESYSTEMS = of('filesystems')

test('filesystems and their objects are one: either way of making one, and none goes that has files', async () => {
  await using door = await openTestDoor()
  const { client: rpc } = door
  const storage = storageOver((_, run) => run(rpc))
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
  assert.equal(textAt(await find('home'), 'status', 'home'), storage.nodeName)

  const make = (name: string, spec = {}) =>
    client.create(FILESYSTEMS, { apiVersion: 'cairn.dev/v1', kind: 'Filesystem', metadata: { name }, spec }, signal)
  await make('photos', { bytesMax: '1Gi' })
  await until('photos is made', async () => (await phase('photos')) === 'Ready')
  const row = async (name: string) => (await storage.status(signal)).filesystems.find(each => each.name === name)
  assert.equal((await row('photos'))?.bytesMax, 2 ** 30)
  const names = async () => (await storage.status(signal)).filesystems.map(({ name }) => name)
  assert.deepEqual(await names(), ['home', 'older', 'photos'])

  await rpc.call(fileMake, { place: { filesystem: 'photos', path: '/x' }, kind: 'directory', mode: 0o755 }, signal)
  const remove = (name: string) => client.delete(FILESYSTEMS, { name }, {}, signal)
  const refused = (name: string, why: RegExp) =>
    assert.rejects(remove(name), fault => isFault(fault, 'Forbidden') && why.test(fault.message))
  await refused('photos', /"photos" is forbidden: it holds 1 file, 0\. To delete them .*delete-files=photos/)
  await refused('home', /every Cairn has it/)
  const POOL = { apiVersion: 'cairn.dev/v1', kind: 'Pool', metadata: { name: 'default' }, spec: {} }
  await client.create(of('pools'), POOL, signal)
  const pool = client.delete(of('pools'), { name: 'default' }, {}, signal)
  await assert.rejects(pool, fault => isFault(fault, 'Forbidden') && /Change its spec instead/.test(fault.message))
  const annotated = (name: string) => ({ metadata: { annotations: { 'cairn.dev/delete-files': name } } })
  await client.patch(FILESYSTEMS, { name: 'photos' }, { type: 'merge', body: annotated('true') }, signal)
  await refused('photos', /holds 1 file/)
  await client.patch(FILESYSTEMS, { name: 'photos' }, { type: 'merge', body: annotated('photos') }, signal)
  await remove('photos')
  await until('it goes', async () => (await find('photos')) === undefined)
  await client.delete(FILESYSTEMS, { name: 'older' }, {}, signal)
  await until('an empty one goes', async () => (await find('older')) === undefined)
  assert.deepEqual(await names(), ['home'])

  await make('lost')
  await until('lost is made', async () => (await phase('lost')) === 'Ready')
  await storage.remove('lost', { isForced: true }, signal)
  await sleep(250) // what storage said before is believed so long
  const label = { metadata: { labels: { looked: 'at' } } }
  await client.patch(FILESYSTEMS, { name: 'lost' }, { type: 'merge', body: label }, signal)
  await until('the loss is told, and no empty one hides it', async () => (await phase('lost')) === 'Failed')
  assert.deepEqual(await names(), ['home'])

  await until('all is quiet', async () => {
    const { revision } = api.keyspace
    await sleep(300)
    return revision === api.keyspace.revision
  })
})
