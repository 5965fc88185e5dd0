import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bytesOf, isFault } from '#base'
import type { Compare, KeyEvent, Keyspace, RangeRequest, Revision, Txn } from '../keyspace.ts'
import { revisionOf } from '../change.ts'
import { TXN_OPERATIONS_MAX } from '../limits.ts'
import { del, never, put, show, take, txn } from './support.ts'

/** What every keyspace does, through the interface alone; each test opens an empty one. */
export function conformance(name: string, open: () => Promise<Keyspace>): void {
  suite(`${name}: conformance`, () => {
    const it = (behaviour: string, run: (keyspace: Keyspace) => Promise<void>): void => {
      test(behaviour, async () => {
        await using keyspace = await open()
        await run(keyspace)
      })
    }
    entries(it)
    ranges(it)
    transactions(it)
    history(it)
    watches(it)
    leases(it)
  })
}

type It = (behaviour: string, run: (keyspace: Keyspace) => Promise<void>) => void

const all: RangeRequest = { keys: { kind: 'prefix', prefix: '' } }

async function shown(keyspace: Keyspace, request: RangeRequest): Promise<string[]> {
  return (await keyspace.range(request, never)).entries.map(show)
}

function fault(code: string): (error: unknown) => boolean {
  return error => isFault(error, code)
}

function entries(it: It): void {
  it('counts revisions, versions and creations', async keyspace => {
    const first = await txn(keyspace, put('a', '1'))
    const second = await txn(keyspace, put('a', '2'), put('b', 'x'))
    assert.equal(second.revision, first.revision + 1)
    assert.deepEqual(await shown(keyspace, all), [
      `a=2@${first.revision}/${second.revision}/2`,
      `b=x@${second.revision}/${second.revision}/1`,
    ])
  })
  it('begins a key anew after a delete', async keyspace => {
    await txn(keyspace, put('a', '1'))
    await txn(keyspace, del('a'))
    const { revision } = await txn(keyspace, put('a', '2'))
    assert.deepEqual(await shown(keyspace, all), [`a=2@${revision}/${revision}/1`])
  })
  it('does not count a transaction that changes nothing', async keyspace => {
    const { revision } = await txn(keyspace, put('a', '1'))
    const nothing = await txn(keyspace, del('b'))
    assert.equal(nothing.revision, revision)
    assert.deepEqual(nothing.results, [{ kind: 'delete', deleted: 0 }])
  })
  it('keeps any bytes in keys and values', async keyspace => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i)).toString('latin1')
    await txn(keyspace, put(bytes, bytes), put('\xff\xff', ''))
    const { entries: found } = await keyspace.range({ keys: { kind: 'key', key: bytes } }, never)
    assert.equal(Buffer.from(found[0]?.value ?? []).toString('latin1'), bytes)
    assert.equal((await keyspace.range({ keys: { kind: 'prefix', prefix: '\xff' } }, never)).entries.length, 1)
  })
  it('does not notice what the caller does to a value afterwards', async keyspace => {
    const value = Buffer.from('before')
    await txn(keyspace, { kind: 'put', key: 'a', value })
    value.fill(0)
    assert.match((await shown(keyspace, all))[0] ?? '', /^a=before@/)
  })
}

function ranges(it: It): void {
  const keysOf = async (keyspace: Keyspace, request: RangeRequest): Promise<string> =>
    (await keyspace.range(request, never)).entries.map(entry => entry.key).join(' ')
  it('ranges by key, by bounds and by prefix, both ways', async keyspace => {
    await txn(keyspace, ...['b', 'a', 'ab', 'c', 'abc'].map(key => put(key, key)))
    assert.equal(await keysOf(keyspace, all), 'a ab abc b c')
    assert.equal(await keysOf(keyspace, { ...all, order: 'descending' }), 'c b abc ab a')
    assert.equal(await keysOf(keyspace, { keys: { kind: 'prefix', prefix: 'ab' } }), 'ab abc')
    assert.equal(await keysOf(keyspace, { keys: { kind: 'key', key: 'ab' } }), 'ab')
    assert.equal(await keysOf(keyspace, { keys: { kind: 'range', start: 'ab', end: 'b' } }), 'ab abc')
    assert.equal(await keysOf(keyspace, { keys: { kind: 'range', start: 'b', end: undefined } }), 'b c')
  })
  it('limits, counts and leaves values out', async keyspace => {
    await txn(keyspace, ...['a', 'b', 'c'].map(key => put(key, key)))
    const two = await keyspace.range({ ...all, limit: 2 }, never)
    assert.deepEqual([two.entries.length, two.more], [2, true])
    const three = await keyspace.range({ ...all, limit: 3 }, never)
    assert.deepEqual([three.entries.length, three.more, three.count], [3, false, 3])
    const count = await keyspace.range({ ...all, want: 'count' }, never)
    assert.deepEqual([count.entries.length, count.count], [0, 3])
    const keys = await keyspace.range({ ...all, want: 'keys' }, never)
    assert.deepEqual(
      keys.entries.map(entry => [entry.key, entry.value.byteLength]),
      [
        ['a', 0],
        ['b', 0],
        ['c', 0],
      ],
    )
  })
}

function transactions(it: It): void {
  it('takes the branch that its compares choose', async keyspace => {
    const { revision } = await txn(keyspace, put('a', '5'))
    const cases: [Compare, boolean][] = [
      [{ key: 'a', field: 'value', is: 'equal', to: bytesOf('5') }, true],
      [{ key: 'a', field: 'value', is: 'less', to: bytesOf('6') }, true],
      [{ key: 'a', field: 'value', is: 'greater', to: bytesOf('6') }, false],
      [{ key: 'a', field: 'modRevision', is: 'equal', to: revision }, true],
      [{ key: 'a', field: 'createRevision', is: 'notEqual', to: revision }, false],
      [{ key: 'a', field: 'version', is: 'greater', to: 0 }, true],
      [{ key: 'a', field: 'lease', is: 'equal', to: 0 }, true],
      [{ key: 'none', field: 'version', is: 'equal', to: 0 }, true],
      [{ key: 'none', field: 'createRevision', is: 'equal', to: 0 }, true],
      [{ key: 'none', field: 'value', is: 'notEqual', to: bytesOf('5') }, false],
    ]
    for (const [compare, held] of cases) {
      const result = await keyspace.txn({ compare: [compare], then: [], otherwise: [] }, never)
      assert.equal(result.succeeded, held, JSON.stringify(compare))
    }
    await keyspace.txn(
      { compare: [cases[0]![0], cases[2]![0]], then: [put('b', 'then')], otherwise: [put('b', 'else')] },
      never,
    )
    assert.match((await shown(keyspace, { keys: { kind: 'key', key: 'b' } }))[0] ?? '', /^b=else/)
  })
  it('lets a range see what the same transaction did before it', async keyspace => {
    await txn(keyspace, put('a', '1'), put('b', '1'))
    const { results } = await txn(keyspace, put('c', '2'), del('a'), { kind: 'range', range: all })
    const range = results[2]
    assert.deepEqual(range?.kind === 'range' && range.range.entries.map(entry => entry.key), ['b', 'c'])
  })
  it('refuses to change a key twice, and too many operations, and changes nothing', async keyspace => {
    const before = (await txn(keyspace, put('a', '1'))).revision
    const bad: Txn[] = [
      { then: [put('a', '2'), put('a', '3')] },
      { then: [put('a', '2'), del('a')] },
      { then: [put('a', '2'), { kind: 'delete', keys: { kind: 'prefix', prefix: '' } }] },
      { then: [put('', 'no key')] },
      { then: Array.from({ length: TXN_OPERATIONS_MAX + 1 }, (_, i) => put(`k${i}`, '')) },
    ]
    for (const request of bad) await assert.rejects(keyspace.txn(request, never), fault('InvalidTxn'))
    assert.equal((await keyspace.status(never)).revision, before)
  })
  it('deletes a range in one revision', async keyspace => {
    await txn(keyspace, put('a1', ''), put('a2', ''), put('b', ''))
    const { results } = await txn(keyspace, { kind: 'delete', keys: { kind: 'prefix', prefix: 'a' } })
    assert.deepEqual(results, [{ kind: 'delete', deleted: 2 }])
    assert.equal((await keyspace.status(never)).keys, 1)
  })
}

function history(it: It): void {
  it('ranges as of a past revision', async keyspace => {
    const one = (await txn(keyspace, put('a', '1'), put('b', '1'))).revision
    const two = (await txn(keyspace, put('a', '2'), del('b'))).revision
    await txn(keyspace, del('a'), put('c', '3'))
    assert.deepEqual(await shown(keyspace, { ...all, revision: one }), [`a=1@${one}/${one}/1`, `b=1@${one}/${one}/1`])
    assert.deepEqual(await shown(keyspace, { ...all, revision: two }), [`a=2@${one}/${two}/2`])
    assert.equal((await keyspace.range({ ...all, revision: one, want: 'count' }, never)).count, 2)
  })
  it('refuses a revision that is still to come', async keyspace => {
    const { revision } = await txn(keyspace, put('a', '1'))
    const future = revisionOf(revision + 1)
    await assert.rejects(keyspace.range({ ...all, revision: future }, never), fault('FutureRevision'))
    await assert.rejects(keyspace.compact(future, never), fault('FutureRevision'))
  })
  it('forgets what was compacted and nothing else', async keyspace => {
    const revisions: Revision[] = []
    for (let i = 0; i < 5; i++) revisions.push((await txn(keyspace, put('a', `${i}`), put(`k${i}`, ''))).revision)
    await keyspace.compact(revisions[2]!, never)
    await assert.rejects(keyspace.range({ ...all, revision: revisions[1] }, never), fault('Compacted'))
    await assert.rejects(keyspace.compact(revisions[1]!, never), fault('Compacted'))
    await assert.rejects(take(keyspace.watch({ keys: all.keys, from: revisions[1] }, never), 1), fault('Compacted'))
    assert.equal((await keyspace.range({ ...all, revision: revisions[2] }, never)).entries.length, 4)
    assert.equal((await keyspace.range({ ...all, revision: revisions[3] }, never)).entries.length, 5)
  })
}

function watches(it: It): void {
  it('goes from history to live without a gap or a duplicate', async keyspace => {
    const first = (await txn(keyspace, put('a', '0'))).revision
    const events: number[] = []
    const writing = (async () => {
      for (let i = 1; i < 300; i++) await txn(keyspace, put('a', `${i}`), put('other', `${i}`))
    })()
    for await (const batch of keyspace.watch({ keys: { kind: 'key', key: 'a' }, from: first }, never)) {
      for (const event of batch.events)
        if (event.kind === 'put') events.push(Number(Buffer.from(event.entry.value).toString()))
      if (events.length >= 300) break
    }
    await writing
    assert.deepEqual(
      events,
      Array.from({ length: 300 }, (_, i) => i),
    )
  })
  it('never splits a revision', async keyspace => {
    const first = (await txn(keyspace, put('a', '1'), put('b', '1'), put('x', '1'))).revision
    await txn(keyspace, { kind: 'delete', keys: { kind: 'range', start: 'a', end: 'c' } })
    const sizes: number[] = []
    for await (const batch of keyspace.watch({ keys: { kind: 'range', start: 'a', end: 'c' }, from: first }, never)) {
      sizes.push(new Set(batch.events.map(revisionOfEvent)).size, batch.events.length)
      if (batch.revision > first) break
    }
    assert.equal(
      sizes.filter((_, i) => i % 2 === 1).reduce((a, b) => a + b, 0),
      4,
    )
  })
  it('tells what was there before, live and in history', async keyspace => {
    const one = (await txn(keyspace, put('a', '1'))).revision
    const watch = keyspace.watch({ keys: all.keys, previous: true }, never)
    const two = (await txn(keyspace, put('a', '2'))).revision
    const three = (await txn(keyspace, del('a'))).revision
    const wanted = [`put a=2@${one}/${two}/2 was a=1@${one}/${one}/1`, `delete a@${three} was a=2@${one}/${two}/2`]
    assert.deepEqual(await take(watch, 2), wanted)
    assert.deepEqual(await take(keyspace.watch({ keys: all.keys, previous: true, from: two }, never), 2), wanted)
  })
  it('ends when its signal is aborted', async keyspace => {
    const ending = new AbortController()
    const watching = take(keyspace.watch({ keys: all.keys }, ending.signal), 1)
    ending.abort(new Error('enough'))
    await assert.rejects(watching, /enough/)
  })
  it('streams the records of the log, then live ones', async keyspace => {
    const first = (await txn(keyspace, put('a', '1'))).revision
    const seen: number[] = []
    const writing = (async () => {
      for (let i = 0; i < 20; i++) await txn(keyspace, put('a', `${i}`))
    })()
    for await (const record of keyspace.records(first, never)) {
      seen.push(record.revision - first)
      if (seen.length > 20) break
    }
    await writing
    assert.deepEqual(
      seen,
      Array.from({ length: 21 }, (_, i) => i),
    )
  })
}

function revisionOfEvent(event: KeyEvent): number {
  return event.kind === 'put' ? event.entry.modRevision : event.revision
}

function leases(it: It): void {
  it('deletes the keys of a lease when it is revoked, in one revision', async keyspace => {
    const lease = await keyspace.grant(60_000, never)
    await txn(keyspace, { kind: 'put', key: 'a', value: bytesOf('1'), lease }, put('b', '1'))
    await txn(keyspace, { kind: 'put', key: 'c', value: bytesOf('1'), lease })
    const watch = keyspace.watch({ keys: all.keys }, never)
    await keyspace.revoke(lease, never)
    assert.equal((await take(watch, 2)).length, 2)
    assert.equal((await shown(keyspace, all)).length, 1)
    await assert.rejects(keyspace.revoke(lease, never), fault('LeaseNotFound'))
    await assert.rejects(keyspace.keepAlive(lease, never), fault('LeaseNotFound'))
    await assert.rejects(txn(keyspace, { kind: 'put', key: 'd', value: bytesOf(''), lease }), fault('LeaseNotFound'))
  })
  it('keeps a key that was put again without the lease', async keyspace => {
    const lease = await keyspace.grant(60_000, never)
    await txn(keyspace, { kind: 'put', key: 'a', value: bytesOf('1'), lease })
    await txn(keyspace, put('a', '2'))
    await keyspace.revoke(lease, never)
    assert.equal((await shown(keyspace, all)).length, 1)
  })
  it('ends a lease that nobody keeps alive', async keyspace => {
    const kept = await keyspace.grant(60_000, never)
    const lease = await keyspace.grant(1000, never)
    await txn(keyspace, { kind: 'put', key: 'a', value: bytesOf('1'), lease })
    await txn(keyspace, { kind: 'put', key: 'b', value: bytesOf('1'), lease: kept })
    assert.ok((await keyspace.keepAlive(lease, never)) >= 1000)
    const [event] = await take(keyspace.watch({ keys: all.keys }, never), 1)
    assert.match(event ?? '', /^delete a@/)
    assert.equal(await keyspace.keepAlive(kept, never), 60_000)
  })
}
