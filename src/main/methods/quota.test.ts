import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { fileMake, nodeStatus, quotaList, quotaRemove, quotaSet } from '#rpc'
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

test('the limits of a whole filesystem are set while it has files, never below what it holds', async () => {
  await using door = await openTestDoor()
  const { client } = door
  for (const path of ['/a', '/b']) await client.call(fileMake, { place: place(path), kind: 'fifo', mode: 0o644 }, never)
  await assert.rejects(client.call(quotaSet, { place: place('/'), inodesMax: 1 }, never), fault => {
    return isFault(fault, 'BelowUse') && /holds 0 B in 2 files/.test(fault.message)
  })
  await client.call(quotaSet, { place: place('/'), bytesMax: 2 ** 30, inodesMax: 2 }, never)
  const row = async () => (await client.call(nodeStatus, {}, never)).filesystems[0]
  const { bytesMax, inodesMax, inodesUsed, freeBytes, snapshots } = (await row())!
  assert.deepEqual([bytesMax, inodesMax, inodesUsed, snapshots], [2 ** 30, 2, 2, 0])
  assert.ok(freeBytes <= 2 ** 30)
  await assert.rejects(client.call(fileMake, { place: place('/c'), kind: 'fifo', mode: 0o644 }, never))
  await client.call(quotaSet, { place: place('/') }, never)
  await client.call(fileMake, { place: place('/c'), kind: 'fifo', mode: 0o644 }, never)
  assert.equal((await row())?.bytesMax, undefined)
})
