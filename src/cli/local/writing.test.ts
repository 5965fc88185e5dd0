import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#base'
import {
  linkLocal,
  makeLocalDirectory,
  makeLocalLink,
  openPartialFile,
  setLocalLooks,
  syncLocalDisk,
} from './writing.ts'

const never = new AbortController().signal
const LOOKS = { mode: 0o640, mtimeNs: 1_500_000_000_123_456_789n }

function testFolder(): { readonly at: (name: string) => string; readonly names: () => string[] } & Disposable {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-get-'))
  return {
    at: name => `${folder}/${name}`,
    names: () => fs.readdirSync(folder),
    [Symbol.dispose]: () => fs.rmSync(folder, { recursive: true }),
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

test('a file has its name only when all of it is there, with its mode and time', async () => {
  using folder = testFolder()
  {
    await using partial = await openPartialFile(folder.at('a'), never)
    assert.equal(partial.offset, 0)
    await partial.append(Buffer.from('hello'))
    assert.equal(fs.existsSync(folder.at('a')), false)
    assert.equal(partial.digest(), sha256('hello'))
    await partial.finish(LOOKS)
  }
  const stats = fs.statSync(folder.at('a'), { bigint: true })
  assert.deepEqual([fs.readFileSync(folder.at('a'), 'utf8'), Number(stats.mode & 0o7777n)], ['hello', 0o640])
  assert.equal(stats.mtimeNs, LOOKS.mtimeNs)
  assert.deepEqual(folder.names(), ['a'])
})

test('the next attempt goes on where the last one stopped, and its hash is of the whole', async () => {
  using folder = testFolder()
  {
    await using first = await openPartialFile(folder.at('a'), never)
    await first.append(Buffer.from('hel'))
  }
  await using second = await openPartialFile(folder.at('a'), never)
  assert.equal(second.offset, 3)
  await second.append(Buffer.from('lo'))
  assert.equal(second.digest(), sha256('hello'))
})

test('zeros become a hole, also across attempts and at the end', async () => {
  using folder = testFolder()
  const zeros = Buffer.alloc(512 * 1024)
  {
    await using first = await openPartialFile(folder.at('a'), never)
    await first.append(zeros)
  }
  {
    await using second = await openPartialFile(folder.at('a'), never)
    assert.equal(second.offset, zeros.length)
    for (const bytes of [zeros, Buffer.from('middle'), zeros, Buffer.alloc(0)]) await second.append(bytes)
    await second.finish(LOOKS)
  }
  const wanted = Buffer.concat([zeros, zeros, Buffer.from('middle'), zeros])
  assert.ok(fs.readFileSync(folder.at('a')).equals(wanted))
  assert.ok(fs.statSync(folder.at('a')).blocks * 512 < 64 * 1024)
})

test('a discarded attempt leaves nothing to go on from', async () => {
  using folder = testFolder()
  {
    await using first = await openPartialFile(folder.at('a'), never)
    await first.append(Buffer.from('wrong'))
    await first.discard()
  }
  assert.deepEqual(folder.names(), [])
})

test('partial files of two names never meet, whatever bytes are in them', async () => {
  using folder = testFolder()
  await using _a = await openPartialFile(folder.at('a'), never)
  await using _b = await openPartialFile(folder.at(`${'x'.repeat(254)}\xff`), never)
  assert.equal(folder.names().length, 2)
})

test('a symlink planted under the temporary name is not followed', async () => {
  using folder = testFolder()
  {
    await using _first = await openPartialFile(folder.at('a'), never)
  }
  const [temporary = ''] = folder.names()
  fs.rmSync(folder.at(temporary))
  fs.symlinkSync('victim', folder.at(temporary))
  await assert.rejects(openPartialFile(folder.at('a'), never), error => isFault(error, 'Local'))
  assert.equal(fs.existsSync(folder.at('victim')), false)
})

test('links take the place of files that are there, never of directories', async () => {
  using folder = testFolder()
  fs.writeFileSync(folder.at('old'), 'old')
  await makeLocalLink(folder.at('old'), 'somewhere', LOOKS)
  assert.equal(fs.lstatSync(folder.at('old'), { bigint: true }).mtimeNs, LOOKS.mtimeNs)
  assert.equal(fs.readlinkSync(folder.at('old')), 'somewhere')
  fs.writeFileSync(folder.at('first'), 'first')
  await linkLocal(folder.at('first'), folder.at('old'))
  assert.equal(fs.statSync(folder.at('old')).ino, fs.statSync(folder.at('first')).ino)
  fs.mkdirSync(folder.at('folder'))
  await assert.rejects(makeLocalLink(folder.at('folder'), 'x', LOOKS), /is there already/)
})

test('a directory that is there is taken, a file in its place is a fault', async () => {
  using folder = testFolder()
  await makeLocalDirectory(folder.at('d'))
  await makeLocalDirectory(folder.at('d'))
  assert.equal(fs.statSync(folder.at('d')).mode & 0o777, 0o700)
  fs.writeFileSync(folder.at('f'), '')
  await assert.rejects(makeLocalDirectory(folder.at('f')), /is there already/)
})

test('a time before 1970 keeps its nanoseconds', async () => {
  using folder = testFolder()
  fs.writeFileSync(folder.at('old'), '')
  for (const mtimeNs of [-1n, -1_000_000_000n, -1_500_000_000_123_456_789n]) {
    await setLocalLooks(folder.at('old'), { mode: 0o600, mtimeNs })
    assert.equal(fs.statSync(folder.at('old'), { bigint: true }).mtimeNs, mtimeNs)
  }
})

test('a disk is made durable by any directory on it, and one that is missing is a fault', async () => {
  using folder = testFolder()
  await syncLocalDisk(folder.at(''))
  await assert.rejects(syncLocalDisk(folder.at('missing')), error => isFault(error, 'Local'))
})

test('looks of something that is gone are a fault that names it', async () => {
  using folder = testFolder()
  await assert.rejects(setLocalLooks(folder.at('gone'), LOOKS), /gone is not there/)
})
