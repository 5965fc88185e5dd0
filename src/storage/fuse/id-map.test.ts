import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ACL_ACCESS, ACL_TAG, type Attributes, decodeAcl, encodeAcl, ERRNO, isErrno } from '#storage/fs'
import { IdMap } from './id-map.ts'

const NOBODY = 65_534
const map = new IdMap({ users: [{ local: 501, cloud: 1000 }], groups: [{ local: 20, cloud: 100 }] })

function owned(uid: number, gid: number): Attributes {
  return { uid, gid } as Attributes
}

test('who is mapped is somebody else there, who is not is the same, and nobody is who somebody else is', () => {
  assert.deepEqual([map.user(501), map.user(0), map.user(7), map.user(1000)], [1000, 0, 7, NOBODY])
  assert.deepEqual([map.group(20), map.group(0), map.group(501), map.group(100)], [100, 0, 501, NOBODY])
  assert.deepEqual(map.shown(owned(1000, 100)), owned(501, 20))
  assert.deepEqual(map.shown(owned(501, 20)), owned(NOBODY, NOBODY), 'somebody there who is not that one here')
  assert.deepEqual(map.shown(owned(0, 7)), owned(0, 7))
})

test('a file can be given to whoever has an id there, and to nobody else', () => {
  assert.deepEqual(map.asked({ uid: 501, gid: 20 }), { uid: 1000, gid: 100 })
  assert.deepEqual(map.asked({ uid: 0, mode: 0o600 }), { uid: 0, gid: undefined, mode: 0o600 })
  assert.equal(map.asked({ uid: 1000 }), ERRNO.EOVERFLOW)
  assert.equal(map.asked({ gid: 100 }), ERRNO.EOVERFLOW)
})

test('access control lists name the same people on both sides', () => {
  const list = (user: number, group: number) => [
    { tag: ACL_TAG.USER_OBJ, perm: 7, id: 0xffff_ffff },
    { tag: ACL_TAG.USER, perm: 6, id: user },
    { tag: ACL_TAG.GROUP_OBJ, perm: 4, id: 0xffff_ffff },
    { tag: ACL_TAG.GROUP, perm: 4, id: group },
    { tag: ACL_TAG.MASK, perm: 7, id: 0xffff_ffff },
    { tag: ACL_TAG.OTHER, perm: 0, id: 0xffff_ffff },
  ]
  const asked = map.xattrAsked(ACL_ACCESS, encodeAcl(list(501, 20)))
  assert.ok(!isErrno(asked))
  assert.deepEqual(decodeAcl(asked), list(1000, 100))
  assert.deepEqual(decodeAcl(map.xattrShown(ACL_ACCESS, asked)), list(501, 20))
  assert.deepEqual(decodeAcl(map.xattrShown(ACL_ACCESS, encodeAcl(list(501, 7)))), list(NOBODY, 7))
  assert.equal(map.xattrAsked(ACL_ACCESS, encodeAcl(list(1000, 20))), ERRNO.EOVERFLOW)
  const other = Buffer.from('as it is')
  assert.deepEqual([map.xattrAsked('user.x', other), map.xattrShown('user.x', other)], [other, other])
})
