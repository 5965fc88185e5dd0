import assert from 'node:assert/strict'
import fs from 'node:fs'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import type { LocalKeyspace } from './keyspace.ts'
import { memoryIndex } from './memory-index.ts'
import { never, listeningWorld, openIn, put, show, temporaryFolder } from './test/support.ts'

const noHistory = { history: { ms: 0, revisions: 0 } }
/** A record of one put of a 1-byte key: header, put, key, value. */
const RECORD = 32 + 32 + 1 + 20
const RECORDS_AT = 128

/** Ten synced records of known size, the first at {@link RECORDS_AT}. */
async function fill(folder: string): Promise<void> {
  await using keyspace = await openIn(folder, noHistory)
  for (let i = 1; i <= 10; i++) {
    keyspace.commit({ then: [put('k', `${i}`.padEnd(20, '.'))] })
    await keyspace.sync(keyspace.revision, never)
  }
}

function flip(path: string, at: number): void {
  const bytes = fs.readFileSync(path)
  bytes[at]! ^= 0x10
  fs.writeFileSync(path, bytes)
}

const logFile = (folder: string): string => `${folder}/log/00000001.log`
const valueOf = (keyspace: LocalKeyspace): number =>
  Number.parseInt(Buffer.from(keyspace.get('k')?.value ?? []).toString(), 10)
const dropIndex = (folder: string): void => fs.rmSync(`${folder}/index`, { recursive: true, force: true })

suite('a flipped bit in the log', () => {
  const places = {
    magic: 0,
    checksum: 4,
    length: 8,
    count: 12,
    revision: 16,
    durable: 24,
    kind: 32,
    keyLength: 34,
    key: 64,
    value: 70,
  }
  for (const [place, offset] of Object.entries(places)) {
    const at = RECORDS_AT + 4 * RECORD + offset
    test(`in a record's ${place} is refused by name where nothing else holds the record`, async () => {
      using folder = temporaryFolder()
      await fill(folder.path)
      flip(logFile(folder.path), at)
      dropIndex(folder.path)
      await assert.rejects(openIn(folder.path, { ...noHistory, index: memoryIndex }), (error: unknown) => {
        assert.ok(isFault(error, 'LogDamaged'))
        assert.match(
          error.message,
          new RegExp(`00000001.log is damaged at byte ${RECORDS_AT + 4 * RECORD}: revision 5`),
        )
        return true
      })
    })
  }
  test('costs nothing where the index has the record, and a checkpoint takes its place', async () => {
    using folder = temporaryFolder()
    await fill(folder.path)
    flip(logFile(folder.path), RECORDS_AT + 4 * RECORD + 70)
    const { world, warnings } = listeningWorld()
    {
      await using keyspace = await openIn(folder.path, { ...noHistory, world })
      assert.equal(valueOf(keyspace), 10)
      assert.match(warnings.join(), /log damage that costs nothing.*damaged at byte/)
    }
    dropIndex(folder.path)
    await using again = await openIn(folder.path, noHistory)
    assert.equal(show(again.get('k')!).slice(-8), '@1/10/10')
  })
  test('costs nothing where the index has the record and later ones still wait for it', async () => {
    using folder = temporaryFolder()
    await fill(folder.path)
    using crashed = temporaryFolder()
    {
      await using keyspace = await openIn(folder.path, { ...noHistory, syncEveryMs: 60_000 })
      keyspace.commit({ then: [put('k', '11'.padEnd(20, '.'))] })
      fs.cpSync(folder.path, crashed.path, { recursive: true })
    }
    flip(logFile(crashed.path), RECORDS_AT + 4 * RECORD + 70)
    for (let i = 0; i < 2; i++) {
      await using keyspace = await openIn(crashed.path, noHistory)
      assert.deepEqual([valueOf(keyspace), keyspace.revision], [11, 11])
    }
    dropIndex(crashed.path)
    await using keyspace = await openIn(crashed.path, noHistory)
    assert.deepEqual([valueOf(keyspace), keyspace.revision], [11, 11])
  })
  test('in the newest record costs nothing where the index has it', async () => {
    using folder = temporaryFolder()
    await fill(folder.path)
    flip(logFile(folder.path), RECORDS_AT + 9 * RECORD + 70)
    for (let i = 0; i < 2; i++) {
      await using keyspace = await openIn(folder.path, noHistory)
      assert.equal(valueOf(keyspace), 10)
      assert.equal(keyspace.revision, 10 + i)
      keyspace.commit({ then: [put('other', `${i}`)] })
    }
    dropIndex(folder.path)
    await using keyspace = await openIn(folder.path, noHistory)
    assert.deepEqual([valueOf(keyspace), keyspace.revision], [10, 12])
  })
  for (const at of [2, 70]) {
    test(`in byte ${at} of a segment's header is repaired by the other copy`, async () => {
      using folder = temporaryFolder()
      await fill(folder.path)
      flip(logFile(folder.path), at)
      dropIndex(folder.path)
      await using keyspace = await openIn(folder.path, noHistory)
      assert.equal(valueOf(keyspace), 10)
    })
  }
})

suite('a segment whose header is lost in both copies', () => {
  const loseHeader = (folder: string): void => {
    const bytes = fs.readFileSync(logFile(folder))
    fs.writeFileSync(logFile(folder), bytes.fill(0, 0, RECORDS_AT))
  }
  test('costs nothing where the index has its records', async () => {
    using folder = temporaryFolder()
    await fill(folder.path)
    loseHeader(folder.path)
    for (let i = 0; i < 2; i++) {
      await using keyspace = await openIn(folder.path, noHistory)
      assert.equal(valueOf(keyspace), 10)
    }
  })
  test('is refused by name where nothing else holds them, and nothing is changed', async () => {
    using folder = temporaryFolder()
    await fill(folder.path)
    loseHeader(folder.path)
    dropIndex(folder.path)
    const before = fs.readFileSync(logFile(folder.path))
    await assert.rejects(openIn(folder.path, noHistory), (error: unknown) => isFault(error, 'LogDamaged'))
    assert.deepEqual(fs.readFileSync(logFile(folder.path)), before)
  })
})

suite('a torn end of the log', () => {
  for (const cut of [1, 31, 32, RECORD - 1]) {
    test(`is cut when only ${cut} bytes of the last record were written`, async () => {
      using folder = temporaryFolder()
      await fill(folder.path)
      const bytes = fs.readFileSync(logFile(folder.path))
      bytes.fill(0, RECORDS_AT + 9 * RECORD + cut, RECORDS_AT + 10 * RECORD)
      fs.writeFileSync(logFile(folder.path), bytes)
      for (const wanted of [9, 9]) {
        dropIndex(folder.path)
        await using keyspace = await openIn(folder.path, noHistory)
        assert.deepEqual([keyspace.revision, valueOf(keyspace)], [wanted, 9])
      }
    })
  }
  test('never brings a record back that was lost with one before it', async () => {
    using folder = temporaryFolder()
    {
      await using keyspace = await openIn(folder.path, noHistory)
      for (let i = 1; i <= 3; i++) keyspace.commit({ then: [put('k', `${i}`.padEnd(20, '.'))] })
    }
    // The power went before the sync: revision 2 was lost and revision 3 kept.
    const bytes = fs.readFileSync(logFile(folder.path))
    bytes.fill(0, RECORDS_AT + RECORD, RECORDS_AT + 2 * RECORD)
    fs.writeFileSync(logFile(folder.path), bytes)
    dropIndex(folder.path)
    {
      await using keyspace = await openIn(folder.path, noHistory)
      assert.equal(keyspace.revision, 1)
      keyspace.commit({ then: [put('k', '9'.padEnd(20, '.'))] })
    }
    dropIndex(folder.path)
    await using keyspace = await openIn(folder.path, noHistory)
    assert.deepEqual([keyspace.revision, valueOf(keyspace)], [2, 9])
  })
})

suite('a flipped bit in the index', () => {
  const keys = Array.from({ length: 400 }, (_, i) => `key${i}`)
  const check = (keyspace: LocalKeyspace): void => {
    for (const key of keys) assert.equal(Buffer.from(keyspace.get(key)?.value ?? []).toString(), key.repeat(5))
    assert.equal(keyspace.rangeNow({ keys: { kind: 'prefix', prefix: 'key' } }).entries.length, keys.length)
  }
  test('is found at the next opening, wherever it is, and the index is rebuilt', async () => {
    using folder = temporaryFolder()
    {
      await using keyspace = await openIn(folder.path, noHistory)
      for (const key of keys) keyspace.commit({ then: [put(key, key.repeat(5))] })
    }
    const file = `${folder.path}/index/index.sqlite`
    const size = fs.statSync(file).size
    let rebuilt = 0
    for (let at = 7; at < size; at += Math.ceil(size / 15)) {
      flip(file, at)
      const { world, warnings } = listeningWorld()
      await using keyspace = await openIn(folder.path, { ...noHistory, world })
      check(keyspace)
      rebuilt += warnings.length > 0 ? 1 : 0
    }
    assert.ok(rebuilt > 5, `${rebuilt}`)
  })
  test('found in use is a fault, and the next opening rebuilds', async () => {
    using folder = temporaryFolder()
    {
      await using keyspace = await openIn(folder.path, noHistory)
      for (const key of keys) keyspace.commit({ then: [put(key, key.repeat(5))] })
    }
    {
      await using keyspace = await openIn(folder.path, noHistory)
      const file = `${folder.path}/index/index.sqlite`
      const bytes = fs.readFileSync(file)
      // Pages that were split keep old copies of rows behind.
      for (let at = bytes.indexOf('key7key7key7'); at >= 0; at = bytes.indexOf('key7key7key7', at + 1))
        flip(file, at + 3)
      assert.throws(
        () => check(keyspace),
        (error: unknown) => isFault(error, 'IndexDamaged'),
      )
    }
    await using keyspace = await openIn(folder.path, noHistory)
    check(keyspace)
  })
})

suite('a newer version', () => {
  test('of the log is refused by name and nothing is changed', async () => {
    using folder = temporaryFolder()
    await fill(folder.path)
    const { segmentHeaderBytes } = await import('./log/segment.ts')
    const header = segmentHeaderBytes({ sequence: 1, salt: 1, firstRevision: 1 }, 2)
    const bytes = fs.readFileSync(logFile(folder.path))
    header.copy(bytes)
    fs.writeFileSync(logFile(folder.path), bytes)
    await assert.rejects(openIn(folder.path, noHistory), (error: unknown) => isFault(error, 'NewerVersion'))
    assert.deepEqual(fs.readFileSync(logFile(folder.path)), bytes)
  })
  test('of the index is refused by name', async () => {
    using folder = temporaryFolder()
    await fill(folder.path)
    const { DatabaseSync } = await import('node:sqlite')
    const database = new DatabaseSync(`${folder.path}/index/index.sqlite`)
    database.exec('PRAGMA user_version = 99')
    database.close()
    await assert.rejects(openIn(folder.path, noHistory), (error: unknown) => isFault(error, 'NewerVersion'))
  })
})
