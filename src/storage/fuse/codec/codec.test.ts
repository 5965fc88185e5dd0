import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Attributes, Cookie, Ino } from '#storage/fs'
import { kindOfMode, writeAttrOut, writeEntry, writeNoEntry, writeStatxOut } from './attributes.ts'
import { direntBytes, direntPlusBytes, writeDirent, writeDirentPlus } from './directory.ts'
import { IN_HEADER, numberOf } from './header.ts'
import { deleteEntry, invalEntry, invalInode, resendMessage } from './notifications.ts'
import { INIT_OUT, OPEN_OUT, STATFS_OUT } from './replies.ts'
import { COPY_FILE_RANGE_IN, SETATTR_IN, WRITE_IN } from './requests.ts'

// The hexadecimal strings were printed by a C program that filled the structs of linux/fuse.h (7.38) and, for STATX,
// of linux/stat.h.
const ATTR =
  '0500000000000000896745230100000011000000000000000100000000000000fdffffffffffffff03000000000000000a0000008017b42c1e000000a481000002000000e8030000e9030000030201000000020000000000'
const STATX =
  'ff0f000000000200000000000000000002000000e8030000e9030000a4810000050000000000000089674523010000001100000000000000000000000000000001000000000000000a000000000000000400000000000000280000000000000003000000000000001e00000000000000fdffffffffffffff8017b42c000000000201000003000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000'
const ENTRY = `0500000000000000000000000000000001000000000000000100000000000000${'0065cd1d'.repeat(2)}${ATTR}`

const attributes: Attributes = {
  ino: 5 as Ino,
  kind: 'file',
  mode: 0o644,
  nlink: 2,
  uid: 1000,
  gid: 1001,
  rdev: 0x10203,
  size: 0x123456789,
  blocks: 17,
  atimeNs: 1_000_000_010n,
  mtimeNs: -2_250_000_000n,
  ctimeNs: 3_000_000_030n,
  btimeNs: 4_000_000_040n,
  hasXattrs: false,
}

suite('replies', () => {
  test('have the bytes of fuse_entry_out', () => {
    const out = Buffer.alloc(128, 0xee)
    assert.equal(writeEntry(out, 0, attributes, 1500), 128)
    assert.equal(out.toString('hex'), ENTRY)
    assert.equal(writeNoEntry(out, 0, 1500), 128)
    assert.equal(out.toString('hex', 0, 40), `${'00'.repeat(16)}0100000000000000${'00'.repeat(8)}0065cd1d00000000`)
  })

  test('have the bytes of fuse_attr_out', () => {
    const out = Buffer.alloc(104, 0xee)
    assert.equal(writeAttrOut(out, 0, attributes, 1500), 104)
    assert.equal(out.toString('hex'), `01000000000000000065cd1d00000000${ATTR}`)
  })

  test('have the bytes of fuse_statx_out', () => {
    const out = Buffer.alloc(288, 0xee)
    assert.equal(writeStatxOut(out, 0, attributes, 1500), 288)
    assert.equal(out.toString('hex'), `01000000000000000065cd1d00000000${'00'.repeat(16)}${STATX}`)
  })

  test('have the bytes of fuse_dirent and fuse_direntplus, padded to 8', () => {
    const entry = { name: 'abc', ino: 5 as Ino, kind: 'file', cookie: 0x100000002 as Cookie, attributes } as const
    const dirent = '0500000000000000020000000100000003000000080000006162630000000000'
    const out = Buffer.alloc(160, 0xee)
    writeDirent(out, 0, entry)
    assert.equal(out.toString('hex', 0, direntBytes(entry)), dirent)
    writeDirentPlus(out, 0, entry, 1500)
    assert.equal(out.toString('hex', 0, direntPlusBytes(entry)), ENTRY + dirent)
    writeDirentPlus(out, 0, { ...entry, attributes: undefined }, 1500)
    assert.equal(out.toString('hex'), '00'.repeat(128) + dirent)
  })

  test('have the bytes of fuse_init_out, fuse_open_out and fuse_kstatfs', () => {
    const init = INIT_OUT.bytes({
      major: 7,
      minor: 38,
      maxReadahead: 131072,
      flags: 0x40000029,
      maxBackground: 24,
      congestionThreshold: 18,
      maxWrite: 1 << 20,
      timeGran: 1,
      maxPages: 256,
      mapAlignment: 0,
      flags2: 0xc0,
      maxStackDepth: 0,
      requestTimeout: 0,
      unused: new Uint8Array(22),
    })
    const expected = `0700000026000000000002002900004018001200000010000100000000010000c0${'00'.repeat(31)}`.replace(
      ' ',
      '',
    )
    assert.equal(init.toString('hex'), expected)
    const open = OPEN_OUT.bytes({ fh: 0, openFlags: 0x22, backingId: 0 })
    assert.equal(open.toString('hex'), '00000000000000002200000000000000')
    const statfs = STATFS_OUT.bytes({
      blocks: 1,
      bfree: 2,
      bavail: 2,
      files: 3,
      ffree: 4,
      bsize: 4096,
      namelen: 255,
      frsize: 4096,
      padding: 0,
      spare: new Uint8Array(24),
    })
    const counts = [1, 2, 2, 3, 4].map(count => `0${count}00000000000000`).join('')
    assert.equal(statfs.toString('hex'), `${counts}00100000ff00000000100000${'00'.repeat(28)}`)
  })
})

suite('requests', () => {
  test('are read from the bytes of fuse_in_header, all 64 bits of the number included', () => {
    const bytes = '2d0000000100000006000000000000800100000000000000e8030000e90300004d00000000000000'
    const header = IN_HEADER.read(Buffer.from(bytes, 'hex'))
    assert.deepEqual(header, {
      len: 45,
      opcode: 1,
      uniqueLow: 6,
      uniqueHigh: 0x80000000,
      nodeid: 1,
      uid: 1000,
      gid: 1001,
      pid: 77,
      totalExtLen: 0,
      padding: 0,
    })
    assert.equal(numberOf(header), 6)
    assert.equal(IN_HEADER.bytes(header).toString('hex'), bytes)
  })

  test('are read from the bytes of fuse_setattr_in, fuse_write_in and fuse_copy_file_range_in', () => {
    const set = SETATTR_IN.read(
      Buffer.from(
        'b8080000000000000000000000000000010000000100000000000000000000000000000000000000fdffffffffffffff0000000000000000000000008017b42c00000000a401000000000000030000000400000000000000',
        'hex',
      ),
    )
    assert.equal(set.valid, 0x8b8)
    assert.deepEqual([set.size, set.mtime, set.mtimensec, set.mode], [0x100000001, -3, 750_000_000, 0o644])
    assert.deepEqual([set.uid, set.gid], [3, 4])
    const write = WRITE_IN.read(
      Buffer.from('09000000000000000300000002000000040000000400000000000000000000000104000000000000', 'hex'),
    )
    assert.deepEqual([write.offset, write.size, write.writeFlags, write.flags], [0x200000003, 4, 4, 0o2001])
    const copied = [1, 2, 3, 4, 5, 6, 7]
    const copy = COPY_FILE_RANGE_IN.read(Buffer.from(copied.map(number => `0${number}00000000000000`).join(''), 'hex'))
    assert.deepEqual(Object.values(copy), copied)
  })

  test('name kinds of files by the bits of st_mode', () => {
    assert.equal(kindOfMode(0o140755), 'socket')
    assert.equal(kindOfMode(0o644), undefined)
  })
})

test('notifications have the bytes of linux/fuse.h', () => {
  const [ino, parent] = [5 as Ino, 1 as Ino]
  assert.equal(invalInode(ino).toString('hex'), `280000000200000000000000000000000500000000000000${'00'.repeat(16)}`)
  assert.equal(
    invalEntry(parent, 'abc').toString('hex'),
    '240000000300000000000000000000000100000000000000030000000000000061626300',
  )
  assert.equal(
    deleteEntry(parent, ino, 'abc').toString('hex'),
    '2c00000006000000000000000000000001000000000000000500000000000000030000000000000061626300',
  )
  assert.equal(resendMessage().toString('hex'), '10000000070000000000000000000000')
})
