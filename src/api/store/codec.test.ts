import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { Keyring, MasterKey } from '#identity'
import { openMemoryKeyspace } from '#keyspace'
import { RESOURCES } from '#schema'
import { ObjectCodec } from './codec.ts'
import { ObjectStore } from './object-store.ts'

const never = new AbortController().signal
const resourceOf = (plural: string) => {
  const found = RESOURCES.find(each => each.group === '' && each.plural === plural)
  assert.ok(found)
  return found
}

function secret(name: string) {
  const metadata = { name, namespace: 'a', uid: name, creationTimestamp: '1970-01-01T00:00:00Z' }
  return { apiVersion: 'v1', kind: 'Secret', metadata, data: { password: Buffer.from('hunter2').toString('base64') } }
}

test('Secrets lie in the keyspace sealed, each for its own key, and are read as they were', async () => {
  const { entropy } = machineWorld
  const master = MasterKey.make(entropy)
  const keyring = Keyring.open([Keyring.newKey(master, entropy)], master, entropy)
  await using keyspace = openMemoryKeyspace({ world: machineWorld })
  const store = new ObjectStore(keyspace, keyring)
  const [secrets, maps] = [resourceOf('secrets'), resourceOf('configmaps')]
  const made = await store.create(secrets, secret('one'), never)
  await store.create(secrets, secret('two'), never)
  await store.create(maps, { ...secret('plain'), kind: 'ConfigMap' }, never)
  const { entries } = await keyspace.range({ keys: { kind: 'prefix', prefix: '/objects/' } }, never)
  const texts = entries.map(({ value }) => Buffer.from(value).toString())
  assert.deepEqual(
    texts.map(text => [text.startsWith('sealed:v1:'), text.includes('password')]),
    [
      [false, true],
      [true, false],
      [true, false],
    ],
  )
  assert.deepEqual(await store.get(secrets, { namespace: 'a', name: 'one' }, never), made)
  assert.equal((await store.page(secrets, { namespace: 'a' }, never)).objects.length, 2)
  for await (const { changes } of store.changes(secrets, { namespace: 'a', after: 0 as never }, never)) {
    assert.equal(changes[0]?.now?.metadata.name, 'one')
    break
  }
  // One sealed value in the place of another is no Secret any more.
  const [, one, two] = entries
  await keyspace.txn({ compare: [], then: [{ kind: 'put', key: one!.key, value: two!.value }] }, never)
  await assert.rejects(store.get(secrets, { namespace: 'a', name: 'one' }, never), error =>
    isFault(error, 'SealBroken'),
  )
})

test('what is stored is told with its revision without being read, and what was stored otherwise is not', () => {
  const codec = new ObjectCodec()
  const object = { ...secret('one'), data: { text: 'é"}}', nested: { metadata: { name: 'x' } } } }
  const entryOf = (value: Uint8Array) => ({ key: '/objects/a', value, modRevision: 7, createRevision: 7, version: 1 })
  const entry = entryOf(codec.bytesOf('/objects/a' as never, object as never)) as never
  assert.deepEqual(JSON.parse(codec.textOf(entry, 7 as never)!.toString()), codec.objectOf(entry))
  // As it was stored before: the metadata last.
  const { metadata, ...rest } = object
  for (const text of [JSON.stringify({ ...rest, metadata }), '{"apiVersion":"v1","kind":"x","metadata":{}}']) {
    assert.equal(codec.textOf(entryOf(Buffer.from(text)) as never, 7 as never), undefined)
  }
})
