import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO, isErrno, ROOT_INO } from '#storage/fs'
import { CALLER, get, make, names, ok, put, testCloud } from './testing/cloud.ts'

const ROOT = { uid: 0, gid: 0, umask: 0 }
const NOBODY = 65_534

test('root of a machine that is not trusted is nobody', async () => {
  await using cloud = await testCloud()
  const { vfs } = await cloud.machine('b', 'squashed')
  const made = await ok(vfs.make(ROOT_INO, 'x', { kind: 'file', mode: 0o600 }, ROOT))
  assert.deepEqual([made.uid, made.gid], [NOBODY, NOBODY])
  assert.equal((await ok(vfs.setAttributes(made.ino, { mode: 0o640 }, ROOT))).mode, 0o640)
  assert.equal(await vfs.setAttributes(made.ino, { uid: 1000 }, ROOT), ERRNO.EPERM)
  const { ino } = await make(cloud.home.vfs, 'of somebody')
  assert.equal(await vfs.setAttributes(ino, { mode: 0o777 }, ROOT), ERRNO.EPERM)
  assert.equal(await vfs.setAttributes(ino, { uid: NOBODY }, ROOT), ERRNO.EPERM)
  assert.equal(await vfs.setAttributes(ino, { size: 0 }, ROOT), ERRNO.EACCES)
  await ok(vfs.open(ino, { truncate: true, killPrivileges: false }))
  assert.equal((await ok(vfs.setAttributes(ino, { mode: 0o600 }, CALLER))).mode, 0o600, 'its owner may')
})

test('a machine that may only read changes nothing', async () => {
  await using cloud = await testCloud()
  const { vfs } = await cloud.machine('b', 'readOnly')
  const { ino } = await make(cloud.home.vfs, 'x')
  await put(cloud.home.vfs, ino, 'read')
  assert.equal((await get(vfs, ino)).toString(), 'read')
  assert.equal(await vfs.make(ROOT_INO, 'y', { kind: 'file', mode: 0o600 }, CALLER), ERRNO.EROFS)
  assert.equal(await vfs.remove(ROOT_INO, 'x', 'file'), ERRNO.EROFS)
  assert.equal(await vfs.setAttributes(ino, { mode: 0o600 }, CALLER), ERRNO.EROFS)
  assert.ok(!isErrno(await vfs.open(ino, { truncate: false, killPrivileges: false })))
  assert.equal(await vfs.write(ino, 0, Buffer.from('no'), { append: false, killPrivileges: false }), ERRNO.EROFS)
  assert.deepEqual(await names(cloud.home.vfs), ['x'])
})

test('a limit that is set at the home holds at once on every machine', async () => {
  await using cloud = await testCloud(8192)
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await put(a.vfs, ino, Buffer.alloc(8192))
  await ok(cloud.home.quotas.set(ROOT_INO, { bytesMax: 3 * 8192, inodesMax: undefined }))
  const asked = { append: false, killPrivileges: false }
  for (const { vfs } of [a, b]) assert.equal(await vfs.write(ino, 8192, Buffer.alloc(3 * 8192, 1), asked), ERRNO.EDQUOT)
  await put(b.vfs, ino, Buffer.alloc(2 * 8192, 1), 8192)
  assert.equal(await a.vfs.write(ino, 3 * 8192, Buffer.alloc(8192, 1), { ...asked, append: true }), ERRNO.EDQUOT)
})
