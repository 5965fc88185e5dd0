import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { machineWorld } from '#host'
import { OVERLAY_EXTENTS_SEAL, SEAL_IDLE_MS, SEALS_AT_ONCE, STAGING_BYTES_MAX } from './limits.ts'
import { makeNode, ok, readAll, type TestFilesystem, testFilesystem, writeAll } from './testing/memory-filesystem.ts'

const BLOCK = 128 * 1024
const AS_ASKED = { append: false, killPrivileges: false }

/** From now on puts take a while, and those of these numbers, counted from 1, find no space. */
function failPuts({ chunks }: TestFilesystem, numbers: readonly number[]): void {
  const put = chunks.put.bind(chunks)
  let count = 0
  chunks.put = async bytes => {
    count += 1
    const fails = numbers.includes(count)
    await delay(5)
    if (fails) throw Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28 })
    return put(bytes)
  }
}

for (const numbers of [[1], [2], [3], [1, 2], [2, 3], [1, 3], [1, 2, 3]]) {
  test(`a newer write of a block stays above older ones when puts ${numbers.join(', ')} fail`, async () => {
    await using t = await testFilesystem(BLOCK)
    const { ino } = await makeNode(t.fs, 'a')
    await writeAll(t.fs, ino, 0, Buffer.alloc(2 * BLOCK, '0'))
    await ok(t.fs.vfs.sync(ino, 'all'))
    failPuts(t, numbers)
    for (const fill of ['1', '2', '3']) await ok(t.fs.vfs.write(ino, 0, Buffer.alloc(BLOCK, fill), AS_ASKED))
    const wanted = `${'3'.repeat(BLOCK)}${'0'.repeat(BLOCK)}`
    assert.ok((await readAll(t.fs, ino)).toString() === wanted, 'while they are under way')
    await delay(60)
    assert.ok((await readAll(t.fs, ino)).toString() === wanted, 'when some have failed')
    await ok(t.fs.vfs.sync(ino, 'all'))
    assert.ok((await readAll(t.fs, ino)).toString() === wanted, 'after a sync')
    await t.killAndReopen()
    assert.ok((await readAll(t.fs, ino)).toString() === wanted, 'after a kill')
  })
}

test('a file keeps its size when a write waits for the staging file to begin anew', async () => {
  await using t = await testFilesystem(2 ** 20)
  const { ino } = await makeNode(t.fs, 'a')
  const bytes = Buffer.alloc(2 ** 20)
  const count = Math.ceil((STAGING_BYTES_MAX * 1.2) / bytes.byteLength)
  for (let number = 0; number < count; number += 1) {
    bytes.fill(number)
    await ok(t.fs.vfs.write(ino, 0, bytes, { append: true, killPrivileges: false }))
    await ok(t.fs.vfs.write(ino, 0, bytes.subarray(0, 4096), AS_ASKED))
    assert.equal((await ok(t.fs.vfs.attributes(ino))).size, (number + 1) * bytes.byteLength)
  }
})

test('a seal that fails does not fail the write that began it', async () => {
  await using t = await testFilesystem(8192)
  const { ino } = await makeNode(t.fs, 'a')
  t.chunks.put = () => Promise.reject(Object.assign(new Error('EIO'), { code: 'EIO', errno: -5 }))
  const one = Buffer.from('1')
  for (let number = 0; number < OVERLAY_EXTENTS_SEAL + 10; number += 1) {
    await ok(t.fs.vfs.write(ino, number * 8192, one, AS_ASKED))
    await ok(t.fs.vfs.sync(ino, 'all'))
  }
  await delay(10)
})

test('files that cannot be sealed hold up no other', async () => {
  let aheadMs = 0
  const { clock } = machineWorld
  const world = {
    ...machineWorld,
    clock: Object.assign(Object.create(clock), { monotonicMs: () => clock.monotonicMs() + aheadMs }),
  }
  await using t = await testFilesystem(8192, world)
  const put = t.chunks.put.bind(t.chunks)
  t.chunks.put = async bytes => {
    if (bytes[0] === 0x62) throw Object.assign(new Error('EIO'), { code: 'EIO', errno: -5 })
    return put(bytes)
  }
  const write = async (name: string, content: string) => {
    const { ino } = await makeNode(t.fs, name)
    await writeAll(t.fs, ino, 0, Buffer.from(content))
    await ok(t.fs.vfs.sync(ino, 'all'))
    return ino
  }
  for (let number = 0; number < SEALS_AT_ONCE + 1; number += 1) await write(`bad ${number}`, 'bad')
  await write('good', 'good')
  aheadMs = SEAL_IDLE_MS + 1
  for (let waits = 0; t.chunks.chunks.size === 0 && waits < 1000; waits += 1) await delay(10)
  assert.equal(t.chunks.chunks.size, 1)
})
