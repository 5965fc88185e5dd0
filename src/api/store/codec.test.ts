import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { Keyring, MasterKey } from '#identity'
import { openMemoryKeyspace } from '#keyspace'
import { RESOURCES } from '#schema'
import { partialOf } from '../answers/table.ts'
import { ObjectCodec } from './codec.ts'
import { ObjectStore } from './object-store.ts'
import type { TextPart } from './object-text.ts'

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
  const key = '/objects/a' as never
  const entryOf = (value: Uint8Array) => ({ key, value, modRevision: 7, createRevision: 7, version: 1 }) as never
  const told = (entry: never, part: TextPart) => codec.textOf(entry, { revision: 7 as never, part })?.toString()
  fc.assert(
    fc.property(fc.jsonValue(), fc.dictionary(fc.string(), fc.jsonValue()), (data, more) => {
      const { resourceVersion: _, ...given } = more
      const object = { ...secret('é"}}'), data, nested: { metadata: { name: 'x' } } }
      const entry = entryOf(codec.bytesOf(key, { ...object, metadata: { ...given, ...object.metadata } } as never))
      const whole = codec.objectOf(entry)
      assert.deepEqual(JSON.parse(told(entry, 'object') ?? ''), whole)
      assert.deepEqual(JSON.parse(told(entry, 'partial') ?? ''), partialOf(whole))
    }),
  )
  // As it was stored before: the metadata last.
  const { metadata, ...rest } = secret('a')
  for (const text of [JSON.stringify({ ...rest, metadata }), '{"apiVersion":"v1","kind":"x","metadata":{}}']) {
    for (const part of ['object', 'partial'] as const) assert.equal(told(entryOf(Buffer.from(text)), part), undefined)
  }
})
