import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Caller, ERRNO, isErrno, ROOT_INO, type Vfs } from '#storage/fs'
import { CALLER, get, make, names, ok, put, testCloud } from './testing/cloud.ts'

const ROOT = { uid: 0, gid: 0, umask: 0 }
const NOBODY = 65_534

/** What the next change of a machine is asked for by. */
function as(vfs: Vfs, caller: Caller): Vfs {
  vfs.request(1, false, caller)
  return vfs
}

const EVERYBODY = { ...CALLER, umask: 0 }

test('root of a machine that is not trusted is nobody', async () => {
  await using cloud = await testCloud()
  const { vfs } = await cloud.machine('b', 'squashed')
  assert.equal(await vfs.make(ROOT_INO, 'x', { kind: 'file', mode: 0o600 }, ROOT), ERRNO.EACCES)
  const { ino: open } = await ok(vfs.make(ROOT_INO, 'open', { kind: 'directory', mode: 0o777 }, EVERYBODY))
  const made = await ok(vfs.make(open, 'x', { kind: 'file', mode: 0o600 }, ROOT))
  assert.deepEqual([made.uid, made.gid], [NOBODY, NOBODY])
  await put(vfs, made.ino, 'mine')
  assert.equal((await ok(vfs.setAttributes(made.ino, { mode: 0o640 }, ROOT))).mode, 0o640)
  assert.equal(await vfs.setAttributes(made.ino, { uid: 1000 }, ROOT), ERRNO.EPERM)
  const { ino } = await make(cloud.home.vfs, 'of somebody')
  assert.equal(await vfs.setAttributes(ino, { mode: 0o777 }, ROOT), ERRNO.EPERM)
  assert.equal(await vfs.setAttributes(ino, { uid: NOBODY }, ROOT), ERRNO.EPERM)
  assert.equal(await vfs.setAttributes(ino, { size: 0 }, ROOT), ERRNO.EACCES)
  assert.equal(await as(vfs, ROOT).remove(ROOT_INO, 'of somebody', 'file'), ERRNO.EACCES)
  const [from, to] = [
    { parent: ROOT_INO, name: 'of somebody' },
    { parent: open, name: 'taken' },
  ]
  assert.equal(await as(vfs, ROOT).rename(from, to, 'replace'), ERRNO.EACCES)
  assert.equal(await as(vfs, ROOT).link(ino, ROOT_INO, 'second'), ERRNO.EACCES)
  assert.equal(await as(vfs, ROOT).setXattr(ino, 'user.a', Buffer.from('a'), 'set'), ERRNO.EACCES)
  assert.equal(await as(vfs, ROOT).setXattr(made.ino, 'trusted.a', Buffer.from('a'), 'set'), ERRNO.EPERM)
  const [asked, truncate] = [
    { truncate: false, killPrivileges: false },
    { truncate: true, killPrivileges: false },
  ]
  assert.equal(await as(vfs, ROOT).open(ino, { ...asked, access: 'write' }), ERRNO.EACCES)
  assert.equal(await as(vfs, ROOT).open(ino, { ...truncate, access: 'write' }), ERRNO.EACCES)
  await ok(as(vfs, ROOT).open(ino, { ...asked, access: 'read' }))
  await ok(vfs.setAttributes(ino, { mode: 0o600 }, CALLER))
  assert.equal(await as(vfs, ROOT).open(ino, { ...asked, access: 'read' }), ERRNO.EACCES)
  assert.equal((await get(cloud.home.vfs, made.ino)).toString(), 'mine')
})

test('what a program writes is taken when who opened the file may write to it, and as long as it is open', async () => {
  await using cloud = await testCloud()
  const { vfs } = await cloud.machine('b', 'squashed')
  const { ino } = await ok(cloud.home.vfs.make(ROOT_INO, 'x', { kind: 'file', mode: 0o640 }, { ...ROOT, gid: 50 }))
  const how = { truncate: false, killPrivileges: false, access: 'write' } as const
  const write = async (text: string, caller: Caller) => {
    const written = await as(vfs, caller).write(ino, 0, Buffer.from(text), { append: false, killPrivileges: false })
    return written ?? vfs.flush(ino)
  }
  await ok(as(vfs, { ...CALLER, groups: [50] }).open(ino, how))
  assert.equal(await write('no', CALLER), ERRNO.EACCES, 'a group that may only read')
  await ok(cloud.home.vfs.setAttributes(ino, { mode: 0o660 }, ROOT))
  await ok(as(vfs, { ...CALLER, groups: [50] }).open(ino, how))
  assert.equal(await write('yes', CALLER), undefined)
  await ok(cloud.home.vfs.setAttributes(ino, { mode: 0o400 }, ROOT))
  assert.equal(await write('YES', CALLER), undefined)
  const { vfs: other } = await cloud.machine('c', 'squashed')
  await ok(as(other, CALLER).open(ino, how))
  await ok(as(other, CALLER).write(ino, 0, Buffer.from('???'), { append: false, killPrivileges: false }))
  assert.equal(await other.flush(ino), ERRNO.EACCES)
  assert.equal(await other.flush(ino), undefined, 'what was refused is told once, and dropped')
  assert.equal((await get(cloud.home.vfs, ino)).toString(), 'YES')
})

test('a directory with the sticky bit, and an access control list, mean the same on every machine', async () => {
  await using cloud = await testCloud()
  const { vfs } = await cloud.machine('b')
  const [tmp, other] = [await make(vfs, 'tmp', 'directory'), { ...CALLER, uid: 1001, gid: 1001 }]
  await ok(vfs.setAttributes(tmp.ino, { mode: 0o1777 }, CALLER))
  const { ino } = await make(vfs, 'x', 'file', tmp.ino)
  assert.equal(await as(vfs, other).remove(tmp.ino, 'x', 'file'), ERRNO.EPERM)
  const list = [
    [1, 7, -1],
    [2, 3, 1001],
    [4, 5, -1],
    [16, 7, -1],
    [32, 0, -1],
  ].map(([tag = 0, perm = 0, id = 0]) => Buffer.from(Uint16Array.of(tag, perm, id & 0xffff, id >>> 16).buffer))
  const acl = Buffer.concat([Buffer.from([2, 0, 0, 0]), ...list])
  const { ino: shared } = await make(vfs, 'shared', 'directory')
  assert.equal(await as(vfs, other).setXattr(shared, 'system.posix_acl_access', acl, 'set'), ERRNO.EPERM)
  await ok(as(vfs, CALLER).setXattr(shared, 'system.posix_acl_access', acl, 'set'))
  await ok(vfs.make(shared, 'y', { kind: 'file', mode: 0o600 }, other))
  assert.equal(await vfs.make(shared, 'z', { kind: 'file', mode: 0o600 }, { ...other, uid: 1002 }), ERRNO.EACCES)
  await ok(as(vfs, CALLER).remove(tmp.ino, 'x', 'file'))
  assert.equal((await ok(vfs.attributes(ino))).nlink, 0)
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

test('a limit holds while what was written before is on its way', async () => {
  await using cloud = await testCloud(8192)
  const { vfs } = await cloud.machine('a')
  const { ino: folder } = await make(vfs, 'small', 'directory')
  await ok(cloud.home.quotas.set(folder, { bytesMax: 32 * 8192, inodesMax: undefined }))
  const { ino } = await make(vfs, 'x', 'file', folder)
  await ok(vfs.open(ino, { truncate: false, killPrivileges: false }))
  const answers: unknown[] = []
  for (let at = 0; at < 64; at += 1) {
    const block = Buffer.alloc(8192, `${at}.`)
    answers.push(await vfs.write(ino, at * 8192, block, { append: false, killPrivileges: false }))
  }
  const refused = answers.filter(answer => answer === ERRNO.EDQUOT).length
  assert.ok(refused >= 32, `${refused} of 64`)
})
