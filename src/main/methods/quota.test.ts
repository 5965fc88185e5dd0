import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { fileMake, quotaList, quotaRemove, quotaSet } from '#rpc'
import { openTestDoor } from '../testing/door.ts'

const never = new AbortController().signal
const place = (path: string) => ({ filesystem: 'home', path })

test('a quota is set on an empty directory, listed with its use, changed and lifted', async () => {
  await using door = await openTestDoor()
  const { client } = door
  const rows = () => Array.fromAsync(client.download(quotaList, { filesystem: 'home' }, never), item => item.head)
  const make = (path: string, kind: 'directory' | 'fifo') =>
    client.call(fileMake, { place: place(path), kind, mode: 0o755 }, never)
  await make('/team', 'directory')
  await make('/team/media', 'directory')
  await client.call(quotaSet, { place: place('/team/media'), bytesMax: 4096, inodesMax: 3 }, never)
  await make('/team/media/a', 'fifo')
  const row = { path: '/team/media', bytesUsed: 0, inodesUsed: 2, bytesMax: 4096, inodesMax: 3 } // the directory counts, too
  assert.deepEqual(await rows(), [row])
  await make('/team/media/b', 'fifo')
  await assert.rejects(make('/team/media/c', 'fifo'), fault => isFault(fault, 'NoSpace') && /quota/.test(fault.message))
  await client.call(quotaSet, { place: place('/team/media'), inodesMax: 4 }, never)
  await make('/team/media/c', 'fifo')
  await client.call(quotaRemove, { place: place('/team/media') }, never)
  await make('/team/media/d', 'fifo')
  await assert.rejects(client.call(quotaSet, { place: place('/team'), inodesMax: 3 }, never), fault => {
    return isFault(fault, 'NotEmpty') && /empty directory/.test(fault.hint ?? '')
  })
  await assert.rejects(client.call(quotaRemove, { place: place('/team') }, never), fault => isFault(fault, 'NotFound'))
})
