import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import { test } from 'node:test'
import { byteStringOfText, isFault } from '#base'
import { type CheckRow, fileHash, filePut, fileRemove, message, nodeHealth, storeCollect, storeScrub } from '#rpc'
import { openTestDoor, type TestDoor } from '../testing/door.ts'

const never = new AbortController().signal

const at = (path: string) => ({ filesystem: 'home', path: byteStringOfText(path) })

async function put(door: TestDoor, path: string, content: Buffer): Promise<void> {
  async function* items() {
    for (let from = 0; from < content.length; from += 500_000) yield message({}, content.subarray(from, from + 500_000))
    yield message({ sha256: createHash('sha256').update(content).digest('hex') })
  }
  await door.client.upload(filePut, { params: { place: at(path), offset: 0 }, items: items() }, never)
}

/** Flips a bit of what is stored of a file. */
function flipIn(door: TestDoor, content: Buffer): void {
  const folder = `${door.dataFolder}/chunks/segments`
  for (const name of fs.readdirSync(folder)) {
    const bytes = fs.readFileSync(`${folder}/${name}`)
    const found = bytes.indexOf(content.subarray(0, 1000))
    if (found < 0) continue
    bytes[found + 500]! ^= 1
    fs.writeFileSync(`${folder}/${name}`, bytes)
    return
  }
  assert.fail('the content is in no segment')
}

async function scrub(door: TestDoor): Promise<{ damagedChunks: number; kinds: string[] }> {
  const kinds: string[] = []
  let damagedChunks = 0
  for await (const { head } of door.client.download(storeScrub, { bytesPerSecond: 2 ** 40 }, never)) {
    damagedChunks = head.damagedChunks
    if (head.finding !== undefined) kinds.push(head.finding.kind)
  }
  return { damagedChunks, kinds }
}

async function chunkRow(door: TestDoor): Promise<CheckRow | undefined> {
  const { checks } = await door.client.call(nodeHealth, undefined, never)
  return checks.find(({ name }) => name === 'chunks')
}

test('damage is told and its file is named until the file is removed and collected', async () => {
  await using door = await openTestDoor()
  const content = randomBytes(200_000)
  await put(door, '/whole', randomBytes(200_000))
  await put(door, '/rotten', content)
  flipIn(door, content)
  assert.deepEqual(await scrub(door), { damagedChunks: 1, kinds: ['found'] })
  assert.deepEqual(await scrub(door), { damagedChunks: 1, kinds: ['standing'] })
  const named = await chunkRow(door)
  assert.equal(named?.state, 'fail')
  assert.match(named.detail, /1 damaged, needed by \/rotten$/)
  await door.client.call(fileRemove, { place: at('/rotten'), recursive: false }, never)
  await door.filesystems.get('home').filesystem.sync()
  assert.equal((await chunkRow(door))?.state, 'warn')
  assert.equal((await door.client.call(storeCollect, undefined, never)).deletedChunks, 1)
  assert.equal((await chunkRow(door))?.state, 'ok')
  assert.deepEqual(await scrub(door), { damagedChunks: 0, kinds: [] })
})

test('a put of content that is there and damaged is refused once, and mends it the next time', async () => {
  await using door = await openTestDoor()
  const content = randomBytes(2_500_000)
  await put(door, '/first', content)
  flipIn(door, content)
  flipIn(door, content.subarray(2_200_000))
  await assert.rejects(put(door, '/second', content), error => isFault(error, 'Damaged'))
  assert.match((await chunkRow(door))?.detail ?? '', /2 damaged, needed by \/first/)
  await put(door, '/second', content)
  const hashes = await Promise.all(
    ['/first', '/second'].map(path => door.client.call(fileHash, { place: at(path) }, never)),
  )
  assert.equal(hashes[0]?.sha256, hashes[1]?.sha256)
  assert.equal((await chunkRow(door))?.state, 'ok')
})

test('a put meets damage also in what is written at its very end', async () => {
  await using door = await openTestDoor()
  const content = randomBytes(200_000)
  await put(door, '/first', content)
  flipIn(door, content)
  await assert.rejects(put(door, '/second', content), error => isFault(error, 'Damaged'))
  await put(door, '/second', content)
  assert.deepEqual(await scrub(door), { damagedChunks: 0, kinds: [] })
})
