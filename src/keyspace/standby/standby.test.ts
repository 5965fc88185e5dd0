import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { crc32 } from 'node:zlib'
import { isFault } from '#base'
import { revisionOf } from '../change.ts'
import { openEmbeddedKeyspace } from '../embedded.ts'
import { sqliteIndex } from '../sqlite/sqlite-index.ts'
import { never, put, quietWorld, temporaryFolder } from '../test/support.ts'
import { change, LogMachine, recordsOf, ship, shown, toAsync } from '../test/two-logs.ts'
import { packRecords } from './batch.ts'
import { openCheckpoint } from './checkpoint-file.ts'
import { beginEpoch, commonOf, epochsOf, nextFrom } from './epochs.ts'
import { openStandby } from './standby.ts'

const faulty = (code: string) => (error: unknown) => isFault(error, code)

suite('a standby', () => {
  test('has the same revisions, and its folder opens as a keyspace, also in SQLite', async () => {
    using folder = temporaryFolder()
    const options = { world: quietWorld, index: sqliteIndex, history: { ms: 0, revisions: 0 } }
    let expected = ''
    {
      await using home = await openEmbeddedKeyspace({ ...options, folder: `${folder.path}/home` })
      await using standby = await openStandby({ ...options, folder: `${folder.path}/standby` })
      beginEpoch(home, { epoch: 1, boot: 'a' })
      for (let i = 0; i < 500; i++) change(home, i, 900)
      standby.append(packRecords(1, revisionOf(1), await recordsOf(home, revisionOf(1), 1000)))
      await standby.sync(1, home.revision, never)
      assert.deepEqual(standby.reach.epochs, epochsOf(home))
      assert.equal(standby.reach.durable, home.revision)
      expected = shown(home)
    }
    await using promoted = await openEmbeddedKeyspace({ ...options, folder: `${folder.path}/standby` })
    assert.equal(shown(promoted), expected)
    beginEpoch(promoted, { epoch: 2, boot: 'b' })
    assert.deepEqual(
      epochsOf(promoted).map(({ epoch, first }) => [epoch, first]),
      [
        [1, 1],
        [2, 502],
      ],
    )
  })

  test('can be read as far as it is, and follows on', async () => {
    const [one, other] = [new LogMachine(), new LogMachine()]
    await using home = await one.home()
    await using standby = await other.standby()
    await assert.rejects(standby.view(never), faulty('NotWhole'))
    const start = { home, machine: one, epoch: 1 }
    for (let i = 0; i < 9; i++) change(home, i, 10)
    // Not synced yet: the home had no time to say how far it is.
    standby.append(packRecords(1, revisionOf(1), await recordsOf(home, revisionOf(1), 5)))
    const view = await standby.view(never)
    assert.equal(view.revision, 5)
    await ship(start, standby, 9)
    assert.equal(shown(await standby.view(never)), shown(home))
    assert.equal((await standby.view(never)).revision, home.revision)
    assert.throws(() => view.commit({ then: [put('a', 'b')] }), faulty('ReadOnly'))
    await assert.rejects(view.sync(view.revision, never), faulty('ReadOnly'))
  })

  test('refuses gaps, older epochs and what is damaged, and stays as it was', async () => {
    const [one, other] = [new LogMachine(), new LogMachine()]
    await using home = await one.home()
    await using standby = await other.standby()
    for (let i = 0; i < 9; i++) change(home, i, 10)
    await ship({ home, machine: one, epoch: 3 }, standby, 5)
    const records = await recordsOf(home, revisionOf(6), 2)
    const batch = packRecords(3, revisionOf(6), records)
    assert.throws(() => standby.append({ ...batch, from: revisionOf(7) }), faulty('Gap'))
    assert.throws(() => standby.append({ ...batch, epoch: 2 }), faulty('OldEpoch'))
    assert.throws(() => standby.append({ ...batch, crc: batch.crc + 1 }), faulty('RecordDamaged'))
    for (let at = 0; at < batch.bytes.byteLength; at += 3) {
      const bytes = batch.bytes.slice(0, at)
      const cut = packRecords(3, revisionOf(6), [{ revision: revisionOf(6), bytes }])
      if (at !== 0 && at !== records[0]?.bytes.byteLength)
        assert.throws(() => standby.append(cut), faulty('RecordDamaged'))
    }
    await assert.rejects(standby.sync(3, revisionOf(9), never), faulty('Gap'))
    assert.equal(standby.reach.last, 5)
    standby.append(batch)
    standby.follow(4)
    assert.throws(() => standby.append(packRecords(3, revisionOf(8), [])), faulty('OldEpoch'))
    assert.equal(standby.reach.last, 7)
  })

  test('is filled from a checkpoint when the log begins later, and is no keyspace before the log behind it came', async () => {
    const [one, other] = [new LogMachine(), new LogMachine()]
    let expected = ''
    {
      await using home = await one.home()
      beginEpoch(home, { epoch: 1, boot: 'a' })
      for (let i = 0; i < 30; i++) change(home, i, 100)
    }
    await one.checkpoint()
    await using home = await one.home()
    change(home, 30, 100)
    expected = shown(home)
    {
      await using standby = await other.standby()
      const pieces = [...(openCheckpoint(one.disk, 'data')?.pieces() ?? [])]
      const damaged = pieces.map(piece => piece.map((byte, at) => (at === 99 ? byte ^ 1 : byte)))
      await assert.rejects(standby.fill(1, toAsync(damaged)), faulty('RecordDamaged'))
      assert.equal(await ship({ home, machine: one, epoch: 1 }, standby), true)
      assert.equal(standby.reach.isWhole, true)
      await standby.sync(1, home.revision, never)
    }
    await using promoted = await other.home()
    assert.equal(shown(promoted), expected)
  })

  test('that was filled in the middle of a checkpoint under way is not opened as a keyspace', async () => {
    const [one, other] = [new LogMachine(), new LogMachine()]
    {
      await using home = await one.home()
      for (let i = 0; i < 30; i++) change(home, i, 100)
    }
    await one.checkpoint()
    // As a checkpoint that was begun ten revisions before it ended says it.
    one.disk.rot('data/checkpoint', bytes => beginEarlier(bytes, 10))
    {
      await using standby = await other.standby()
      await standby.fill(1, toAsync(openCheckpoint(one.disk, 'data')?.pieces() ?? []))
      assert.equal(standby.reach.isWhole, false)
    }
    await assert.rejects(other.home(), faulty('NotWhole'))
  })
})

test('two logs go together up to where another home, or another boot, began', () => {
  const start = (epoch: number, boot: string, first: number) => ({ epoch, boot, first: revisionOf(first) })
  const [a, b, c] = [start(1, 'x', 1), start(1, 'y', 10), start(2, 'z', 20)]
  const home = { epochs: [a, b, c], last: revisionOf(30) }
  const next = (epochs: readonly (typeof a)[], last: number) => nextFrom(home, { epochs, last: revisionOf(last) })
  assert.equal(next([], 0), 1)
  assert.equal(next([a], 5), 6)
  assert.equal(next([a], 9), 10)
  assert.equal(next([a], 10), undefined)
  assert.equal(next([a, b], 19), 20)
  assert.equal(next([a, b], 20), undefined)
  assert.equal(next([a, b, c], 30), 31)
  assert.equal(next([a, b, c], 31), undefined)
  assert.equal(next([a, start(1, 'w', 10)], 12), undefined)
  assert.equal(next([], 3), undefined)
  const common = (epochs: readonly (typeof a)[], last: number) => commonOf(home, { epochs, last: revisionOf(last) })
  assert.equal(common([a], 5), 5)
  assert.equal(common([a], 12), 9)
  assert.equal(common([a, start(1, 'w', 8)], 12), 7)
  assert.equal(common([a, b, start(2, 'w', 18)], 40), 17)
  assert.equal(common([a, b, c], 40), 30)
  assert.equal(common([], 3), 0)
})

test('a log that was of a later epoch is not gone on with in an older one', async () => {
  const machine = new LogMachine()
  await using home = await machine.home()
  home.commit({ then: [put('a', '1')] })
  beginEpoch(home, { epoch: 2, boot: 'a' })
  const { revision } = home
  beginEpoch(home, { epoch: 2, boot: 'a' })
  assert.equal(home.revision, revision)
  assert.throws(() => beginEpoch(home, { epoch: 1, boot: 'a' }), faulty('OldEpoch'))
})

function beginEarlier(bytes: Buffer, by: number): void {
  const appliedAt = 16
  bytes.writeBigUInt64LE(bytes.readBigUInt64LE(appliedAt) - BigInt(by), appliedAt)
  bytes.writeUInt32LE(crc32(bytes.subarray(8, 24)), 4)
}
