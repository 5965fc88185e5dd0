import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { bytesOf, isFault } from '#base'
import { revisionOf } from './change.ts'
import type { Keyspace } from './keyspace.ts'
import { memoryIndex } from './memory-index.ts'
import { conformance } from './test/conformance.ts'
import { del, never, openIn, put, show, temporaryFolder, txn } from './test/support.ts'

conformance('embedded', async () => openTemporary({}))
conformance('embedded with its index in memory', async () => openTemporary({ index: memoryIndex }))

async function openTemporary(options: Parameters<typeof openIn>[1]): Promise<Keyspace> {
  const folder = temporaryFolder()
  const keyspace = await openIn(folder.path, options)
  const dispose = keyspace[Symbol.asyncDispose].bind(keyspace)
  return Object.assign(keyspace, {
    [Symbol.asyncDispose]: async () => {
      using _ = folder
      await dispose()
    },
  })
}

const noHistory = { history: { ms: 0, revisions: 0 } }

test('everything is there again after a close, with history and leases', async () => {
  using folder = temporaryFolder()
  let before: string[] = []
  {
    await using keyspace = await openIn(folder.path)
    const lease = await keyspace.grant(60_000, never)
    for (let i = 0; i < 50; i++) keyspace.commit({ then: [put('a', `${i}`), put(`k${i}`, 'x')] })
    keyspace.commit({ then: [{ kind: 'put', key: 'leased', value: bytesOf(''), lease }] })
    keyspace.commit({ then: [del('k7')] })
    before = keyspace.rangeNow({ keys: { kind: 'prefix', prefix: '' } }).entries.map(show)
  }
  await using keyspace = await openIn(folder.path)
  assert.equal(keyspace.revision, 53)
  assert.deepEqual(keyspace.rangeNow({ keys: { kind: 'prefix', prefix: '' } }).entries.map(show), before)
  assert.equal(
    keyspace.rangeNow({ keys: { kind: 'prefix', prefix: 'k' }, revision: revisionOf(11) }).entries.length,
    10,
  )
  assert.equal(await keyspace.keepAlive(revisionOf(1) as never, never), 60_000)
  await keyspace.revoke(revisionOf(1) as never, never)
  assert.equal(keyspace.get('leased'), undefined)
  assert.equal((await keyspace.status(never)).keys, 50)
})

test('without history only current values are kept', async () => {
  using folder = temporaryFolder()
  {
    await using keyspace = await openIn(folder.path, noHistory)
    for (let i = 0; i < 50; i++) keyspace.commit({ then: [put('a', `${i}`), put(`k${i}`, 'x')] })
    const old = { keys: { kind: 'key', key: 'a' }, revision: revisionOf(10) } as const
    assert.throws(
      () => keyspace.rangeNow(old),
      (error: unknown) => isFault(error, 'Compacted'),
    )
  }
  await using keyspace = await openIn(folder.path, noHistory)
  assert.equal(show(keyspace.get('a')!), 'a=49@1/50/50')
  assert.equal((await keyspace.status(never)).keys, 51)
})

test('a second process is refused by name', async () => {
  using folder = temporaryFolder()
  await using _ = await openIn(folder.path)
  await assert.rejects(openIn(folder.path), (error: unknown) => isFault(error, 'InUse'))
})

test('one sync of the log serves all who wait, after what it depends on', async () => {
  using folder = temporaryFolder()
  let syncs = 0
  const beforeSync = async (): Promise<void> => void (syncs += 1)
  await using keyspace = await openIn(folder.path, { beforeSync, syncEveryMs: 60_000 })
  syncs = 0 // the opening had made its own durable
  for (let i = 0; i < 20; i++) keyspace.commit({ then: [put('a', `${i}`)] })
  await Promise.all(Array.from({ length: 20 }, (_, i) => keyspace.sync(revisionOf(i + 1), never)))
  assert.equal(syncs, 1)
  assert.equal((await keyspace.status(never)).durableRevision, 20)
})

test('records larger than a segment and many segments are read again', async () => {
  using folder = temporaryFolder()
  const value = Buffer.alloc(1_500_000, 'v')
  const then = Array.from({ length: 12 }, (_, i) => ({ kind: 'put', key: `big${i}`, value }) as const)
  {
    await using keyspace = await openIn(folder.path, noHistory)
    for (let i = 0; i < 3; i++) keyspace.commit({ then: [...then, put('n', `${i}`)] })
  }
  assert.ok(fs.readdirSync(`${folder.path}/log`).length >= 3)
  fs.rmSync(`${folder.path}/index`, { recursive: true })
  await using keyspace = await openIn(folder.path, noHistory)
  assert.equal(show(keyspace.get('n')!), 'n=2@1/3/3')
  assert.equal(keyspace.get('big11')?.value.byteLength, value.byteLength)
})

test('an index that is gone is rebuilt from the log', async () => {
  using folder = temporaryFolder()
  {
    await using keyspace = await openIn(folder.path)
    for (let i = 0; i < 100; i++) keyspace.commit({ then: [put(`k${i % 10}`, `${i}`)] })
  }
  fs.rmSync(`${folder.path}/index`, { recursive: true })
  await using keyspace = await openIn(folder.path)
  assert.equal(show(keyspace.get('k9')!), 'k9=99@10/100/10')
  const past = keyspace.rangeNow({ keys: { kind: 'prefix', prefix: 'k' }, revision: revisionOf(5) })
  assert.equal(past.entries.length, 5)
})

test('whatever bytes the index holds, a range reads them as they were written', async () => {
  using folder = temporaryFolder()
  const texts = ['plain', '', 'größer 日本 😀', `a ${'\u{fffd}'} that was meant`].map(text => Buffer.from(text))
  const others = [Buffer.from('a\0b'), Buffer.from([0]), Buffer.from([0xff, 0xfe]), Buffer.from('é', 'latin1')]
  const all = { kind: 'range', start: '', end: '\xff\xff\xff' } as const
  for (const values of [texts, [...texts, ...others]]) {
    // Opened anew, so that all is in the index.
    {
      await using keyspace = await openIn(folder.path)
      for (const value of values) await txn(keyspace, { kind: 'put', key: `k${value.toString('latin1')}`, value })
    }
    await using keyspace = await openIn(folder.path)
    for (const order of ['ascending', 'descending'] as const) {
      const { entries } = await keyspace.range({ keys: all, order }, never)
      assert.equal(entries.length, values.length)
      for (const { key, value } of entries) assert.equal(key, `k${Buffer.from(value).toString('latin1')}`)
    }
  }
})
