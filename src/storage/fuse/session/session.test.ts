import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { defineFaults } from '#base'
import { ERRNO, type Ino } from '#storage/fs'
import { FATTR, INIT, INIT2 } from '../codec/flags.ts'
import { BODY } from '../codec/header.ts'
import { INIT_IN, INIT_IN_EXT, SETATTR_IN } from '../codec/requests.ts'
import { MemoryVfs } from '../test/memory-vfs.ts'
import { changeOf } from './attributes.ts'
import { errnoOfFailure } from './failure.ts'
import { Lookups } from './lookups.ts'
import { agree, readOffer } from './negotiate.ts'
import { WaitingRequests } from './waiting.ts'

suite('INIT', () => {
  const offer = readOffer(initRequest(45, 0xffffffff, 0xffffffff))

  test('takes what it wants of what is offered', () => {
    const agreed = agree(offer, { singleMachine: false })
    assert.equal(agreed.minor, 45)
    assert.ok((agreed.flags & INIT.POSIX_ACL) !== 0)
    assert.ok((agreed.flags & INIT.WRITEBACK_CACHE) === 0)
    assert.ok((agreed.flags2 & INIT2.HAS_RESEND) !== 0)
    assert.equal(agree(readOffer(initRequest(31, 0, 0)), { singleMachine: true }).flags, 0)
    assert.equal(agree(readOffer(initRequest(99, 0, 0)), { singleMachine: true }).minor, 45)
  })

  test('lets the kernel hold writes back only where nobody else writes', () => {
    assert.ok((agree(offer, { singleMachine: true }).flags & INIT.WRITEBACK_CACHE) !== 0)
  })

  test('refuses a kernel that is too old', () => {
    assert.throws(() => readOffer(initRequest(26, 0, 0)), { code: 'ProtocolTooOld' })
  })
})

test('SETATTR asks only for what its mask names', () => {
  const zero = SETATTR_IN.read(Buffer.alloc(88))
  assert.deepEqual(changeOf({ ...zero, valid: FATTR.MODE | FATTR.ATIME | FATTR.ATIME_NOW, mode: 0o100755 }), {
    mode: 0o755,
    uid: undefined,
    gid: undefined,
    size: undefined,
    atime: 'now',
    mtime: undefined,
    ctime: undefined,
    killPrivileges: false,
  })
  assert.equal(changeOf({ ...zero, valid: FATTR.UID, uid: 7 }).killPrivileges, true)
})

test('an inode is forgotten when the kernel has given back every lookup', () => {
  const forgotten: Ino[] = []
  const vfs = new MemoryVfs()
  vfs.forget = ino => forgotten.push(ino)
  const lookups = new Lookups(vfs)
  const ino = 7 as Ino
  lookups.add(ino)
  lookups.add(ino)
  lookups.settle(true)
  lookups.add(ino)
  lookups.settle(false)
  lookups.forget(ino, 1)
  assert.deepEqual(forgotten, [])
  lookups.forget(ino, 1)
  assert.deepEqual(forgotten, [ino])
})

suite('a waiting request', () => {
  const unique = { uniqueLow: 8, uniqueHigh: 0 }
  const request = { ...unique, pid: 70 }

  test('is given up when whoever asked is killed, and its answer is dropped', () => {
    const requests = new WaitingRequests()
    const waiting = requests.add(request, 'dying')
    assert.equal(requests.interrupt({ uniqueLow: 10, uniqueHigh: 0 }), false)
    assert.equal(requests.interrupt(unique), true)
    assert.deepEqual(
      requests.giveUp(pid => pid === 70),
      [unique],
    )
    assert.equal(requests.interrupt(unique), false)
    assert.equal(requests.settle(unique, waiting), false)
  })

  test('is answered when the signal was one its program lives with', () => {
    const requests = new WaitingRequests()
    const waiting = requests.add(request, 'dying')
    requests.interrupt(unique)
    assert.deepEqual(
      requests.giveUp(() => false),
      [],
    )
    assert.equal(requests.someInterrupted, true)
    assert.equal(requests.settle(unique, waiting), true)
    assert.equal(requests.someInterrupted, false)
  })

  test('that changes files is carried out', async () => {
    const requests = new WaitingRequests()
    const waiting = requests.add(request, undefined)
    const drained = requests.drained()
    assert.equal(requests.interrupt(unique), false)
    assert.equal(requests.settle(unique, waiting), true)
    await drained
  })
})

test('what is thrown becomes an errno', () => {
  const fault = defineFaults({ NoSpace: { status: 507, retry: 'later' }, Io: { status: 500, retry: 'later' } })
  assert.equal(errnoOfFailure(fault('NoSpace', 'full')), ERRNO.ENOSPC)
  assert.equal(errnoOfFailure(fault('Io', 'broken')), ERRNO.EIO)
  assert.equal(errnoOfFailure(Object.assign(new Error('full'), { code: 'ENOSPC', errno: -28 })), ERRNO.ENOSPC)
  assert.equal(errnoOfFailure(new TypeError('a bug')), ERRNO.EIO)
})

function initRequest(minor: number, flags: number, flags2: number): Buffer {
  const request = Buffer.alloc(BODY + 64)
  INIT_IN.write(request, { major: 7, minor, maxReadahead: 131072, flags }, BODY)
  INIT_IN_EXT.write(request, { flags2 }, BODY + INIT_IN.size)
  return request
}
