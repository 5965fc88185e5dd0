import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CONTENT_CACHE_BYTES, INLINE_BYTES_MAX } from './limits.ts'
import { makeNode, ok, testFilesystem, writeAll } from './testing/memory-filesystem.ts'

test('overlays of several files fit the memory for them together: none is read anew for each write', async () => {
  await using t = await testFilesystem(2 ** 20)
  let scans = 0
  const range = t.keyspace.rangeNow.bind(t.keyspace)
  t.keyspace.rangeNow = request => {
    if (request.keys.kind === 'prefix' && request.keys.prefix.startsWith('e')) scans += 1
    return range(request)
  }
  const files = await Promise.all(['a', 'b', 'c'].map(name => makeNode(t.fs, name)))
  const bytes = Buffer.alloc(INLINE_BYTES_MAX)
  const rounds = Math.ceil((1.2 * CONTENT_CACHE_BYTES) / INLINE_BYTES_MAX / files.length)
  for (let round = 0; round < rounds; round += 1) {
    for (const [number, { ino }] of files.entries()) {
      bytes.fill(round * files.length + number)
      await writeAll(t.fs, ino, round * bytes.byteLength, bytes)
      await ok(t.fs.vfs.sync(ino, 'data'))
    }
  }
  assert.ok(scans < 2 * files.length, `${scans} scans of extents`)
  for (const [number, { ino }] of files.entries()) {
    const found = Buffer.alloc(INLINE_BYTES_MAX)
    for (let round = 0; round < rounds; round += 1) {
      await ok(t.fs.vfs.read(ino, round * found.byteLength, found))
      assert.ok(found.equals(bytes.fill(round * files.length + number)), `round ${round} of file ${number}`)
    }
  }
})
