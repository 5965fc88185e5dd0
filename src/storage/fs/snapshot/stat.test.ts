import { BlackHoleBlockstore } from 'blockstore-core/black-hole'
import { type ImportCandidate, importer } from 'ipfs-unixfs-importer'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CHUNK_BYTES_DEFAULT } from '../content/limits.ts'
import { ROOT_INO } from '../inode.ts'
import { CALLER, makeNode, ok, testFilesystem, writeAll } from '../testing/memory-filesystem.ts'
import type { Ino } from '../vfs.ts'

const SIGNAL = new AbortController().signal

/** The CIDs the importer gives, by path. */
async function judge(candidates: ImportCandidate[]): Promise<Map<string, string>> {
  const results = await Array.fromAsync(importer(candidates, new BlackHoleBlockstore(), { profile: 'unixfs-v1-2025' }))
  return new Map(results.map(result => [result.path ?? '', result.cid.toString()]))
}

test('the CIDs of files, directories and links, now and in snapshots, are those ipfs-unixfs-importer gives', async () => {
  await using test = await testFilesystem(CHUNK_BYTES_DEFAULT)
  const { fs } = test
  const cidOf = async (ino: Ino): Promise<string> => {
    const { cid } = await ok(fs.stat(ino, { cid: true }, SIGNAL))
    assert.ok(cid?.ok)
    return cid.text
  }
  const content = { big: Buffer.alloc(2 * 2 ** 20 + 77, 7), small: Buffer.from('hello') }
  const d = await makeNode(fs, 'd', { kind: 'directory' })
  const sub = await makeNode(fs, 'sub', { kind: 'directory', parent: d.ino })
  const big = await makeNode(fs, 'big', { parent: d.ino })
  const small = await makeNode(fs, 'small', { parent: sub.ino })
  await makeNode(fs, 'empty', { parent: sub.ino })
  const link = await ok(fs.vfs.make(d.ino, 'link', { kind: 'symlink', mode: 0o777, target: 'sub/small' }, CALLER))
  await writeAll(fs, big.ino, 0, content.big)
  await writeAll(fs, small.ino, 0, content.small)
  const candidates = [
    { path: 'd/big', content: content.big },
    { path: 'd/sub/small', content: content.small },
    { path: 'd/sub/empty', content: Buffer.alloc(0) },
    { path: 'd/link', link: 'sub/small' },
  ]
  const expected = await judge(candidates as ImportCandidate[])
  assert.equal(await cidOf(big.ino), expected.get('d/big'))
  assert.equal(await cidOf(link.ino), expected.get('d/link'))
  assert.equal(await cidOf(d.ino), expected.get('d'))
  await fs.snapshots.create('kept', SIGNAL)
  await writeAll(fs, small.ino, 0, Buffer.from('HELLO'))
  const changed = [
    ...candidates.filter(({ path }) => path !== 'd/sub/small'),
    { path: 'd/sub/small', content: Buffer.from('HELLO') },
  ]
  const later = await judge(changed as ImportCandidate[])
  assert.equal(await cidOf(small.ino), later.get('d/sub/small'))
  assert.equal(await cidOf(d.ino), later.get('d'))
  const snapshots = await ok(fs.vfs.lookup(ROOT_INO, '.snapshots'))
  const kept = await ok(fs.vfs.lookup((await ok(fs.vfs.lookup(snapshots.ino, 'kept'))).ino, 'd'))
  assert.equal(await cidOf(kept.ino), expected.get('d'))
  assert.equal(await cidOf((await ok(fs.vfs.lookup(kept.ino, 'big'))).ino), expected.get('d/big'))
})

test('a file is described with its extents and its quota; what has no CID says why', async () => {
  await using test = await testFilesystem(4096)
  const { fs } = test
  const directory = await makeNode(fs, 'dir', { kind: 'directory' })
  await ok(fs.quotas.set(directory.ino, { bytesMax: 1_000_000, inodesMax: 10 }))
  const { ino } = await makeNode(fs, 'file', { parent: directory.ino })
  await writeAll(fs, ino, 0, Buffer.alloc(10_000, 'a'))
  await fs.sync()
  const open = await ok(fs.stat(ino, { cid: false }, SIGNAL))
  assert.deepEqual([open.isSealed, open.extents > 0, open.cid], [false, true, undefined])
  const sealed = await ok(fs.stat(ino, { cid: true }, SIGNAL))
  assert.deepEqual([sealed.isSealed, sealed.extents, sealed.attributes.size], [true, 0, 10_000])
  assert.deepEqual([sealed.quota?.ino, sealed.quota?.bytesUsed, sealed.quota?.inodesUsed], [directory.ino, 12_288, 2])
  assert.equal(sealed.quota?.path, '/dir')
  await makeNode(fs, 'pipe', { parent: directory.ino, kind: 'fifo' })
  const { cid } = await ok(fs.stat(ROOT_INO, { cid: true }, SIGNAL))
  assert.deepEqual(cid, { ok: false, reason: 'dir: pipe: a fifo has no CID' })
})
