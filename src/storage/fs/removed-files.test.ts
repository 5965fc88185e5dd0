import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ROOT_INO } from './inode.ts'
import { REAP_BATCH_MAX } from './limits.ts'
import { CALLER, makeNode, ok, type TestFilesystem, testFilesystem, writeAll } from './testing/memory-filesystem.ts'

const LIVES = [
  '',
  'write',
  'write seal',
  'write seal write',
  'write cut',
  'write seal cut',
  'write seal write seal cut',
]

async function live(t: TestFilesystem, name: string, life: string): Promise<void> {
  const { ino } = await makeNode(t.fs, name)
  for (const step of life.split(' ')) {
    if (step === 'write') for (const at of [0, 9000, 20_000, 30_000]) await writeAll(t.fs, ino, at, Buffer.from(life))
    await ok(t.fs.vfs.sync(ino, 'all'))
    if (step === 'cut') await ok(t.fs.vfs.setAttributes(ino, { size: 5 }, CALLER))
    if (step === 'seal') await t.fs.seal(ino)
  }
}

test('files that are removed and forgotten leave no rows, whatever was done to them', async () => {
  await using t = await testFilesystem()
  const rows = (prefix: string) => t.keyspace.rangeNow({ keys: { kind: 'prefix', prefix }, want: 'count' }).count
  const inodes = rows('i')
  const names = Array.from({ length: REAP_BATCH_MAX }, (_, number) => `${number}`)
  for (const [number, name] of names.entries()) await live(t, name, LIVES[number % LIVES.length] ?? '')
  assert.ok(rows('e') > 0 && rows('u') > 0)
  for (const name of names) {
    const { ino } = await ok(t.fs.vfs.lookup(ROOT_INO, name))
    await ok(t.fs.vfs.remove(ROOT_INO, name, 'file'))
    t.fs.vfs.forget(ino)
  }
  assert.deepEqual([rows('i'), rows('e'), rows('u'), rows('o')], [inodes, 0, 0, 0])
})
