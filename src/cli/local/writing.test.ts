import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { makeFifo } from './native.ts'
import {
  linkLocal,
  makeLocalDirectory,
  makeLocalFifo,
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

async function temporaryOf(folder: ReturnType<typeof testFolder>): Promise<string> {
  await using _first = await openPartialFile(folder.at('a'), never)
  return folder.names()[0] ?? ''
}

// A server that is not closed leaves its socket behind.
const BIND = "require('node:net').createServer().listen(process.argv[1], () => process.exit())"

function whyNotRoot(): string | false {
  return process.geteuid?.() === 0 ? false : 'only root can give files away'
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

suite('under the temporary name', () => {
  const planted: readonly [string, (at: string) => void][] = [
    ['a symlink', at => fs.symlinkSync('victim', at)],
    [
      'a second name of a file',
      at => (fs.writeFileSync(`${at}-first`, 'old', { mode: 0o600 }), fs.linkSync(`${at}-first`, at)),
    ],
    ['a file that others may write', at => (fs.writeFileSync(at, 'old'), fs.chmodSync(at, 0o622))],
    ['a socket', at => execFileSync(process.execPath, ['-e', BIND, at])],
    ['a fifo', at => assert.ok(makeFifo(at))],
  ]
  for (const [what, plant] of planted) {
    test(`${what} is removed, never written to`, async () => {
      using folder = testFolder()
      const temporary = await temporaryOf(folder)
      fs.rmSync(folder.at(temporary))
      plant(folder.at(temporary))
      await using partial = await openPartialFile(folder.at('a'), never)
      assert.equal(partial.offset, 0)
      await partial.append(Buffer.from('new'))
      const stats = fs.lstatSync(folder.at(temporary))
      assert.deepEqual([stats.isFile(), stats.nlink, stats.size, stats.mode & 0o7777], [true, 1, 3, 0o600])
      assert.equal(fs.existsSync(folder.at('victim')), false)
    })
  }

  test('a file of somebody else is not gone on with', { skip: whyNotRoot() }, async () => {
    using folder = testFolder()
    const temporary = await temporaryOf(folder)
    fs.writeFileSync(folder.at(temporary), 'old', { mode: 0o600 })
    fs.chownSync(folder.at(temporary), 65_534, 65_534)
    await using partial = await openPartialFile(folder.at('a'), never)
    assert.deepEqual([partial.offset, fs.statSync(folder.at(temporary)).uid], [0, process.geteuid?.()])
  })

  test('what cannot be removed is refused by name', async () => {
    using folder = testFolder()
    const temporary = await temporaryOf(folder)
    fs.rmSync(folder.at(temporary))
    fs.mkdirSync(folder.at(temporary))
    await assert.rejects(openPartialFile(folder.at('a'), never), /cairn-get-[0-9a-f]{16} is in the way/)
  })
})

suite('no file, link or fifo takes the place of', () => {
  const special: readonly [string, (at: string) => void][] = [
    ['a socket', at => execFileSync(process.execPath, ['-e', BIND, at])],
    ['a fifo', at => assert.ok(makeFifo(at))],
  ]
  for (const [what, make] of special) {
    test(what, async () => {
      using folder = testFolder()
      const at = folder.at('special')
      make(at)
      const before = fs.lstatSync(at)
      fs.writeFileSync(folder.at('file'), '')
      const refusal = /special is a .*, which get does not replace/
      await assert.rejects(openPartialFile(at, never), refusal)
      await assert.rejects(makeLocalLink(at, 'x', LOOKS), refusal)
      await assert.rejects(linkLocal(folder.at('file'), at), refusal)
      if (what === 'a socket') await assert.rejects(makeLocalFifo(at, LOOKS), refusal)
      assert.deepEqual([fs.lstatSync(at).ino, folder.names().sort()], [before.ino, ['file', 'special']])
    })
  }

  test('a symlink to a fifo, of a file that is got', async () => {
    using folder = testFolder()
    assert.ok(makeFifo(folder.at('fifo')))
    fs.symlinkSync('fifo', folder.at('link'))
    await assert.rejects(openPartialFile(folder.at('link'), never), /link is a fifo, which get does not replace/)
    await makeLocalLink(folder.at('link'), 'elsewhere', LOOKS)
    assert.deepEqual(folder.names().sort(), ['fifo', 'link'])
  })

  test('a fifo that came while the file was fetched', async () => {
    using folder = testFolder()
    await using partial = await openPartialFile(folder.at('a'), never)
    assert.ok(makeFifo(folder.at('a')))
    await assert.rejects(partial.finish(LOOKS), /is a fifo, which get does not replace/)
    assert.ok(fs.lstatSync(folder.at('a')).isFIFO())
  })
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
