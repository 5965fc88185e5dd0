import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { fileMake, filesystemCreate, filesystemRemove, nodeStatus, snapshotCreate } from '#rpc'
import { Filesystems } from '../storage/filesystems.ts'
import { openTestDoor } from '../testing/door.ts'

const isBusyOrThere = (fault: unknown) => isFault(fault, 'Busy') || isFault(fault, 'Occupied')
const never = new AbortController().signal

test('a filesystem is removed when nothing is in it and nobody mounts it, or by force; home stays', async () => {
  await using door = await openTestDoor()
  const { client } = door
  const remove = (filesystem: string, isForced = false) =>
    client.call(filesystemRemove, { filesystem, isForced }, never)
  const refuses = (work: Promise<unknown>, code: string) => assert.rejects(work, fault => isFault(fault, code))
  for (const filesystem of ['a', 'b']) await client.call(filesystemCreate, { filesystem }, never)
  await refuses(remove('none'), 'NotFound')
  await refuses(remove('home', true), 'Invalid')
  await client.call(fileMake, { place: { filesystem: 'a', path: '/x' }, kind: 'directory', mode: 0o755 }, never)
  await refuses(remove('a'), 'NotEmpty')
  await client.call(snapshotCreate, { filesystem: 'b', name: 's' }, never)
  await refuses(remove('b'), 'NotEmpty')
  const table = `${door.dataFolder}/mounts.json`
  fs.writeFileSync(table, JSON.stringify({ version: 'v1', mounts: [{ filesystem: 'a', path: '/mnt/a' }] }))
  await refuses(remove('a', true), 'Busy')
  assert.deepEqual(door.asked, [{ kind: 'unmount', path: '/mnt/a' }], 'it is unmounted first')
  fs.rmSync(table)
  await remove('a', true)
  await remove('b', true)
  const { filesystems } = await client.call(nodeStatus, {}, never)
  assert.deepEqual(
    filesystems.map(({ name }) => name),
    ['home'],
  )
  assert.deepEqual(fs.readdirSync(`${door.dataFolder}/fs`), ['home'])
  await client.call(filesystemCreate, { filesystem: 'a' }, never)
  await remove('a')
  await door.collector.collect(never)
})

test('of two who make one name at once, one makes it; nobody makes one that is being removed', async () => {
  await using door = await openTestDoor()
  const { filesystems } = door
  const made = await Promise.allSettled(Array.from({ length: 8 }, () => filesystems.create('photos')))
  assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1)
  for (const each of made) if (each.status === 'rejected') assert.ok(isBusyOrThere(each.reason))
  const removed = filesystems.remove('photos')
  await assert.rejects(filesystems.create('photos'), isBusyOrThere)
  assert.throws(() => filesystems.get('photos'), isBusyOrThere)
  // Its files may come back until that is sure: what they need is not collected.
  assert.deepEqual(
    [filesystems.all, filesystems.held].map(all => all.map(({ name }) => name)),
    [['home'], ['home', 'photos']],
  )
  await removed
  await filesystems.create('photos')
  assert.deepEqual(fs.readdirSync(`${door.dataFolder}/fs`), ['home', 'photos'])
})

test('a removal that was cut off is ended at the next start, and what it left is never opened', async () => {
  await using door = await openTestDoor()
  await door.filesystems.create('photos')
  await door.filesystems[Symbol.asyncDispose]()
  const folder = `${door.dataFolder}/fs`
  fs.renameSync(`${folder}/photos`, `${folder}/.removed-photos`)
  const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
  const { dataFolder, chunks } = door
  await using again = await Filesystems.open({ world, dataFolder, chunks, mounted: new Set() })
  assert.deepEqual(
    again.all.map(({ name }) => name),
    ['home'],
  )
  assert.deepEqual(fs.readdirSync(folder), ['home'])
})
