import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { byteStringOfText } from '#base'
import { askNodes } from '#cluster'
import { filePut, message, storeIfLost } from '#rpc'
import { openTestDoor, type TestDoor } from '../testing/door.ts'
import { sentenceOf } from './if-lost.ts'

const never = new AbortController().signal

async function put(door: TestDoor, path: string): Promise<void> {
  const content = randomBytes(200_000)
  async function* items() {
    yield message({}, content)
    yield message({ sha256: createHash('sha256').update(content).digest('hex') })
  }
  const place = { filesystem: 'home', path: byteStringOfText(path) }
  await door.client.upload(filePut, { params: { place, offset: 0 }, items: items() }, never)
}

test('up to ten files that go with a machine are named, and the others counted', async () => {
  await using door = await openTestDoor()
  for (let number = 0; number < 12; number++) await put(door, `/file-${String(number).padStart(2, '0')}`)
  const { nodes } = await askNodes(door.client, never)
  const own = nodes.find(({ isOwn }) => isOwn)?.name ?? ''
  const all = await door.client.call(storeIfLost, { machine: own }, never)
  assert.equal(all.placesCount, 12)
  assert.deepEqual([all.places[0], all.places.length], ['/file-00', 10])
  assert.match(
    all.sentence,
    /^If .* is lost now, so are the names and attributes of all files of home, and [0-9]+ chunks of \/file-00, .*\/file-09 and 2 more\.$/,
  )
  const none = await door.client.call(storeIfLost, { machine: 'other' }, never)
  assert.deepEqual([none.sentence, none.chunks, none.isAll], ['Nothing is lost if other is lost now.', 0, true])
  assert.deepEqual([all.homes, none.homes], [['home'], []])
})

test('what is not known is said beside what is lost', () => {
  const nothing = { chunks: 0, places: [], placesCount: 0, homes: [], unseen: [], silent: [], isAll: true }
  assert.equal(
    sentenceOf('m', { ...nothing, silent: ['a', 'b'], isAll: false }),
    'Nothing is known to be lost if m is lost now (a, b did not say what they hold).',
  )
  assert.equal(
    sentenceOf('m', { ...nothing, homes: ['home'], chunks: 1, places: ['/a'], placesCount: 1, unseen: ['photos'] }),
    'If m is lost now, so are the names and attributes of all files of home, and 1 chunk of /a (photos could not be looked at).',
  )
})
