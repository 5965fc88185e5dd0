import assert from 'node:assert/strict'
import { crc32 } from 'node:zlib'
import { suite, test } from 'node:test'
import { bytesOf, isFault, struct, u32, u64 } from '#base'
import type { Keyspace } from '../keyspace.ts'
import { openMemoryKeyspace } from '../memory.ts'
import { del, never, put, quietWorld, take, txn } from '../test/support.ts'
import { backupOf } from './backup.ts'
import type { ReadBytes } from './format.ts'
import { checkMarks, untilRefilled } from './marks.ts'
import { markMoved, migrateKeyspace } from './migrate.ts'
import { restoreBackup, restoredBy, type Restoring } from './restore.ts'

const all = { kind: 'prefix', prefix: '' } as const
const silent = (): void => undefined

function open(): Keyspace {
  return openMemoryKeyspace({ world: quietWorld })
}

async function filled(count: number): Promise<Keyspace> {
  const keyspace = open()
  for (let i = 0; i < count; i++) await txn(keyspace, put(`k${i}`, `${i}`))
  return keyspace
}

async function pairs(keyspace: Keyspace): Promise<string[]> {
  const { entries } = await keyspace.range({ keys: all }, never)
  const ours = entries.filter(({ key }) => key !== '/keyspace/restored')
  return ours.map(({ key, value }) => `${key}=${Buffer.from(value).toString('latin1')}`)
}

async function backup(keyspace: Keyspace): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const { bytes } of backupOf(keyspace, never)) parts.push(bytes)
  return Buffer.concat(parts)
}

function readerOf(bytes: Buffer): () => ReadBytes {
  return () => {
    let at = 0
    return count => Promise.resolve(bytes.subarray(at, (at += Math.min(count, bytes.byteLength - at))))
  }
}

function restore(keyspace: Keyspace, bytes: Buffer, isForced = false): Promise<number> {
  return restoreBackup(restoring(keyspace, bytes, isForced), silent, never)
}

function restoring(keyspace: Keyspace, bytes: Buffer, isForced = false): Restoring {
  const alone = () => Promise.resolve()
  return { keyspace, reader: readerOf(bytes), name: 'b.cairn', isForced, token: 'words', alone }
}

suite('a backup', () => {
  test('is of one revision while writes go on, and comes back', async () => {
    await using source = await filled(350)
    await txn(source, put('\0\xff', '\xff\0'), del('k7'))
    const wanted = await pairs(source)
    const pieces = backupOf(source, never)
    const parts = [(await pieces.next()).value!.bytes]
    await txn(source, put('k1', 'later'), del('k2'), put('new', ''))
    for await (const { bytes } of pieces) parts.push(bytes)
    await using target = open()
    assert.equal(await restore(target, Buffer.concat(parts)), 350)
    assert.deepEqual(await pairs(target), wanted)
    const { revision } = await target.status(never)
    assert.ok(revision > 351, 'no revision of the old keyspace comes again')
  })

  test('leaves out what ends by itself', async () => {
    await using source = await filled(1)
    const lease = await source.grant(60_000, never)
    await txn(source, { kind: 'put', key: 'token', value: bytesOf('x'), lease })
    for await (const { leased, entriesAll } of backupOf(source, never)) assert.deepEqual([leased, entriesAll], [1, 1])
    await using target = open()
    await restore(target, await backup(source))
    assert.deepEqual(await pairs(target), ['k0=0'])
  })

  test('that is damaged or cut anywhere is refused by name, and nothing is changed', async () => {
    await using source = await filled(120)
    const good = await backup(source)
    await using target = open()
    for (let at = 0; at < good.byteLength; at += 97) {
      const bad = Buffer.from(good)
      bad[at]! ^= 4
      await assert.rejects(restore(target, bad), /b\.cairn/, `byte ${at}`)
      await assert.rejects(restore(target, good.subarray(0, at)), /b\.cairn/, `cut at ${at}`)
    }
    await assert.rejects(restore(target, Buffer.concat([good, Buffer.from('x')])), /b\.cairn is damaged/)
    assert.equal((await target.status(never)).revision, 0)
  })

  test('of a newer version is refused by name', async () => {
    const head = struct({ magic: u32, crc: u32, version: u32, zeros: u32, revision: u64, entries: u64 })
    const bytes = head.bytes({ magic: 0x6b624b43, crc: 0, version: 2, zeros: 0, revision: 1, entries: 0 })
    bytes.writeUInt32LE(crc32(bytes.subarray(8)), head.offsets.crc)
    await using target = open()
    await assert.rejects(restore(target, bytes), error => isFault(error, 'NewerVersion'))
    assert.equal((await target.status(never)).revision, 0)
  })

  test('goes into an empty keyspace, or into any when forced', async () => {
    await using source = await filled(3)
    const bytes = await backup(source)
    await using target = open()
    for (let i = 0; i < 300; i++) await txn(target, put(`old${i}`, ''))
    await assert.rejects(restore(target, bytes), error => isFault(error, 'NotEmpty'))
    await restore(target, bytes, true)
    assert.deepEqual(await pairs(target), ['k0=0', 'k1=1', 'k2=2'])
  })

  test('whose restore was cut off leaves a keyspace that is refused', async () => {
    await using source = await filled(1000)
    const bytes = await backup(source)
    await using target = open()
    const ending = new AbortController()
    const tell = (told: { kind: string }): void => void (told.kind === 'copied' && ending.abort(new Error('cut off')))
    await assert.rejects(restoreBackup(restoring(target, bytes), tell, ending.signal), /cut off/)
    await assert.rejects(checkMarks(target, never), error => isFault(error, 'Unfinished'))
    await restore(target, bytes, true)
    await checkMarks(target, never)
    assert.equal((await pairs(target)).length, 1000)
  })
})

test('who works on a keyspace hears that it is to be filled, and is waited for; while one stays nothing is changed', async () => {
  await using source = await filled(3)
  const bytes = await backup(source)
  await using target = await filled(2)
  const heard = untilRefilled(target, await checkMarks(target, never), never)
  const stays = (): Promise<void> => Promise.reject(new Error('one stays'))
  await assert.rejects(restoreBackup({ ...restoring(target, bytes, true), alone: stays }, silent, never), /one stays/)
  await heard
  await checkMarks(target, never)
  assert.deepEqual(await pairs(target), ['k0=0', 'k1=1'])
  assert.equal(await restoredBy(target, 'words', never), undefined)
  const goes = async (): Promise<void> => {
    await txn(target, put('k9', 'written last'))
  }
  await restoreBackup({ ...restoring(target, bytes, true), alone: goes }, silent, never)
  assert.deepEqual(await pairs(target), ['k0=0', 'k1=1', 'k2=2'])
  assert.equal(await restoredBy(target, 'words', never), 3)
  assert.equal(await restoredBy(target, 'other words', never), undefined)
  await restoreBackup({ ...restoring(target, bytes, true), token: 'later-words' }, silent, never)
  for (const words of ['words', 'later-words']) assert.equal(await restoredBy(target, words, never), 3)
})

test('a keyspace that is moved takes along what is written meanwhile, and says where it went', async () => {
  await using source = await filled(500)
  await using target = open()
  const lease = await source.grant(60_000, never)
  await txn(source, { kind: 'put', key: 'leased', value: bytesOf('x'), lease })
  let isFrozen = false
  let written = 0
  const writing = (async () => {
    while (!isFrozen) {
      await txn(source, put(`m${written}`, ''), del(`k${written}`), put('k499', `${written}`))
      written += 1
      await new Promise(setImmediate)
    }
  })()
  const freeze = async (): Promise<void> => {
    isFrozen = true
    await writing
  }
  await migrateKeyspace({ source, target, isForced: false, freeze, token: 'a token' }, silent, never)
  await markMoved(source, 'there', never)
  assert.ok(written > 0)
  await assert.rejects(checkMarks(source, never), /moved to there/)
  await checkMarks(target, never)
  const ours = (pair: string): boolean => !pair.startsWith('/keyspace/')
  assert.deepEqual(await pairs(target), (await pairs(source)).filter(ours))
  const moved = (await target.range({ keys: { kind: 'key', key: 'leased' } }, never)).entries[0]!.lease!
  const gone = take(target.watch({ keys: all }, never), 1)
  await target.revoke(moved, never)
  assert.match((await gone)[0]!, /^delete leased/)
})

test('a keyspace is not moved into itself, under whatever name, and loses nothing', async () => {
  await using source = await filled(10)
  const before = await pairs(source)
  const moving = { source, target: source, isForced: true, freeze: () => Promise.resolve(), token: 'a token' }
  await assert.rejects(migrateKeyspace(moving, silent, never), error => isFault(error, 'SamePlace'))
  assert.deepEqual(
    (await pairs(source)).filter(pair => !pair.startsWith('/keyspace/')),
    before,
  )
})
