import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { bytesOf, isFault } from '#base'
import { checkMarks } from '../backup/marks.ts'
import { migrateKeyspace } from '../backup/migrate.ts'
import { revisionOf } from '../change.ts'
import type { Keyspace, KeyValue } from '../keyspace.ts'
import { conformance } from '../test/conformance.ts'
import { never, put, quietWorld, show, take, txn } from '../test/support.ts'
import { openEtcdKeyspace } from './open.ts'
import { type EtcdServer, startEtcd, whyNoEtcd } from '../../../test/etcd/server.ts'

const all = { kind: 'prefix', prefix: '' } as const

suite('etcd', { skip: whyNoEtcd(), timeout: 120_000 }, () => {
  let server: EtcdServer
  let clouds = 0
  before(async () => {
    server = await startEtcd()
  })
  after(() => server[Symbol.asyncDispose]())

  const open = (historyMs?: number): Promise<Keyspace> => {
    clouds += 1
    const prefix = `/cloud-${clouds}/`
    return openEtcdKeyspace({ world: quietWorld, endpoints: [server.url], prefix, historyMs }, never)
  }

  conformance('etcd', open)

  test('what Cairn writes etcdctl reads, and the other way round', async () => {
    await using keyspace = await open()
    const { revision } = await txn(keyspace, put('/objects/pods/a', 'ours'))
    const name = `/cloud-${clouds}/`
    assert.equal(server.ctl('get', '--print-value-only', `${name}/objects/pods/a`), 'ours\n')
    const watch = take(keyspace.watch({ keys: all, previous: true, from: revisionOf(revision + 1) }, never), 2)
    server.ctl('put', `${name}/objects/pods/a`, 'theirs')
    server.ctl('del', `${name}/objects/pods/a`)
    const [one, two] = [revision + 1, revision + 2]
    assert.deepEqual(await watch, [
      `put /objects/pods/a=theirs@${revision}/${one}/2 was /objects/pods/a=ours@${revision}/${revision}/1`,
      `delete /objects/pods/a@${two} was /objects/pods/a=theirs@${revision}/${one}/2`,
    ])
    const lease = /lease (\w+) granted/.exec(server.ctl('lease', 'grant', '100'))?.[1] ?? ''
    server.ctl('put', `--lease=${lease}`, `${name}leased`, '')
    assert.equal((await keyspace.range({ keys: all }, never)).entries[0]?.lease, Number(`0x${lease}`))
  })

  test('clouds with prefixes of their own see nothing of each other', async () => {
    await using one = await open()
    await using other = await open()
    await txn(one, put('\xff', '1'))
    await txn(other, put('\0', '2'))
    assert.deepEqual(
      (await one.range({ keys: all }, never)).entries.map(entry => entry.key),
      ['\xff'],
    )
    assert.deepEqual(
      (await other.range({ keys: all }, never)).entries.map(entry => entry.key),
      ['\0'],
    )
    await txn(one, { kind: 'delete', keys: all })
    assert.equal((await other.status(never)).keys, 1)
  })

  test('a cloud is moved neither into itself nor around itself', async () => {
    await using outer = await open()
    const prefix = `/cloud-${clouds}/inner/`
    await using inner = await openEtcdKeyspace({ world: quietWorld, endpoints: [server.url], prefix }, never)
    await using same = await openEtcdKeyspace({ world: quietWorld, endpoints: [server.url], prefix }, never)
    await txn(inner, put('a', '1'))
    await txn(outer, put('b', '1'))
    const freeze = () => Promise.resolve()
    for (const [source, target] of [
      [inner, outer],
      [outer, inner],
      [inner, same],
    ] as const) {
      const moving = { source, target, isForced: true, freeze, token: `token ${Math.random()}` }
      const done = migrateKeyspace(moving, () => undefined, never)
      await assert.rejects(done, error => isFault(error, 'SamePlace'))
      await checkMarks(target, never)
    }
    const keys = (await outer.range({ keys: all }, never)).entries.map(({ key }) => key)
    assert.deepEqual(
      keys.filter(key => !key.includes('/keyspace/')),
      ['b', 'inner/a'],
    )
  })

  test('an empty set of keys is empty', async () => {
    await using keyspace = await open()
    await txn(keyspace, put('a', ''), put('b', ''))
    for (const end of ['a', 'b'])
      assert.equal((await keyspace.range({ keys: { kind: 'range', start: 'b', end } }, never)).count, 0)
    const { results } = await txn(keyspace, { kind: 'delete', keys: { kind: 'range', start: 'b', end: 'a' } })
    assert.deepEqual(results, [{ kind: 'delete', deleted: 0 }])
    const none = await keyspace.range({ keys: all, limit: 0 }, never)
    assert.deepEqual([none.entries.length, none.more], [0, true])
  })

  test('a large range is of one revision however many pages it takes', async () => {
    await using keyspace = await open()
    const names = Array.from({ length: 2500 }, (_, i) => `k${String(i).padStart(4, '0')}`)
    for (let at = 0; at < names.length; at += 100) {
      await txn(keyspace, ...names.slice(at, at + 100).map(name => put(name, 'x'.repeat(500))))
    }
    const writing = (async () => {
      for (let i = 0; i < 30; i++) await txn(keyspace, { kind: 'delete', keys: { kind: 'key', key: `k${2470 + i}` } })
    })()
    for (const order of ['ascending', 'descending'] as const) {
      const { entries, revision, count, more } = await keyspace.range({ keys: all, order }, never)
      const again = await keyspace.range({ keys: all, order, revision }, never)
      assert.deepEqual(entries.map(show), again.entries.map(show))
      assert.deepEqual([count, more], [entries.length, false])
    }
    await writing
    const cut = await keyspace.range({ keys: all, limit: 1500 }, never)
    assert.deepEqual([cut.entries.length, cut.more], [1500, true])
    assert.deepEqual((await keyspace.range({ keys: all, limit: 2470 }, never)).more, false)
  })

  test('events that etcd sends in pieces arrive whole', async () => {
    await using keyspace = await open()
    const value = 'v'.repeat(700_000)
    const { revision } = await txn(keyspace, put('a', value), put('b', value))
    await txn(keyspace, put('a', value))
    await txn(keyspace, { kind: 'delete', keys: all })
    const sizes: number[] = []
    for await (const { events } of keyspace.watch({ keys: all, from: revision, previous: true }, never)) {
      sizes.push(...events.map(({ previous }) => (previous as KeyValue | undefined)?.value.byteLength ?? 0))
      if (sizes.length >= 5) break
    }
    assert.deepEqual(sizes, [0, 0, 700_000, 700_000, 700_000])
  })

  test('a value that is too large for etcd is refused by name', async () => {
    await using keyspace = await open()
    const value = bytesOf('v'.repeat(1.5 * 2 ** 20))
    await assert.rejects(txn(keyspace, { kind: 'put', key: 'a', value }), error => isFault(error, 'TooLarge'))
  })

  test('history is kept as long as asked for, and forgotten then', async () => {
    await using keyspace = await open(200)
    const { revision } = await txn(keyspace, put('a', '1'))
    assert.equal((await keyspace.range({ keys: all, revision }, never)).entries.length, 1)
    for (let compacted = 0; compacted < revision; ) {
      await txn(keyspace, put('a', '2'))
      compacted = (await keyspace.status(never)).compactRevision
    }
    await assert.rejects(keyspace.range({ keys: all, revision }, never), error => isFault(error, 'Compacted'))
  })
})
