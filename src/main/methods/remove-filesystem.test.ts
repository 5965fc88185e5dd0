import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import { isFault } from '#base'
import { fileMake, filesystemCreate, filesystemRemove, nodeStatus, snapshotCreate } from '#rpc'
import { openTestDoor } from '../testing/door.ts'

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
