import { deepEqual, equal } from 'node:assert/strict'
import { type CaseTable, each, root } from '../case.ts'
import { ANN, as, BEN, CLUB, content, expectTimes, fails, file, folder } from './common.ts'
import * as sys from '../sys/index.ts'

// acl(5); the attribute's form is struct posix_acl_xattr_header and _entry of <linux/posix_acl_xattr.h>.
const TAGS = { user: 0x01, 'user:': 0x02, group: 0x04, 'group:': 0x08, mask: 0x10, other: 0x20 } as const
const NO_ID = 0xffffffff
const ACCESS = 'system.posix_acl_access'
const DEFAULT = 'system.posix_acl_default'

interface Entry {
  readonly tag: keyof typeof TAGS
  readonly bits: number
  readonly id?: number
}

function encode(entries: readonly Entry[]): Buffer {
  const block = Buffer.alloc(4 + entries.length * 8)
  block.writeUInt32LE(2, 0)
  for (const [index, { tag, bits, id }] of entries.entries()) {
    block.writeUInt16LE(TAGS[tag], 4 + index * 8)
    block.writeUInt16LE(bits, 6 + index * 8)
    block.writeUInt32LE(id ?? NO_ID, 8 + index * 8)
  }
  return block
}

function decode(block: Buffer): Entry[] {
  const found: Entry[] = []
  for (let at = 4; at < block.length; at += 8) {
    const number = block.readUInt16LE(at)
    const [tag] = Object.entries(TAGS).find(([, value]) => value === number) ?? ['mask']
    const id = block.readUInt32LE(at + 4)
    found.push({ tag: tag as Entry['tag'], bits: block.readUInt16LE(at + 2), ...(id !== NO_ID && { id }) })
  }
  return found
}

const acl = (path: string, kind = ACCESS) => decode(sys.getxattr(path, kind))
const setAcl = (path: string, entries: readonly Entry[], kind = ACCESS) => sys.setxattr(path, kind, encode(entries))

/** The usual list of the cases: ANN and CLUB are named, the mask is as given. */
const named = (bits: { ann: number; club: number; mask: number; group?: number; other?: number }): Entry[] => [
  { tag: 'user', bits: 6 },
  { tag: 'user:', bits: bits.ann, id: ANN.uid },
  { tag: 'group', bits: bits.group ?? 0 },
  { tag: 'group:', bits: bits.club, id: CLUB },
  { tag: 'mask', bits: bits.mask },
  { tag: 'other', bits: bits.other ?? 0 },
]

const KEEP: CaseTable = {
  'an access list is kept as set': () => {
    file('f')
    const wanted = named({ ann: 6, club: 4, mask: 6 })
    setAcl('f', wanted)
    deepEqual(acl('f'), wanted)
  },
  'a list that says no more than the mode is not kept as an attribute': () => {
    file('f')
    setAcl('f', [
      { tag: 'user', bits: 6 },
      { tag: 'group', bits: 4 },
      { tag: 'other', bits: 0 },
    ])
    equal(sys.lstat('f').permissions, 0o640)
    fails('ENODATA', () => sys.getxattr('f', ACCESS))
  },
  'setting a list sets the mode: owner, mask, other': () => {
    file('f', '', 0o777)
    setAcl('f', named({ ann: 7, club: 7, mask: 5, other: 1 }))
    equal(sys.lstat('f').permissions, 0o651)
  },
  'chmod changes the mask, not the group entry': () => {
    file('f')
    setAcl('f', named({ ann: 7, club: 6, mask: 7, group: 5 }))
    sys.chmod('f', 0o624)
    deepEqual(acl('f'), named({ ann: 7, club: 6, mask: 2, group: 5, other: 4 }))
    equal(sys.lstat('f').permissions, 0o624)
  },
  'removing the list leaves the mode of before': () => {
    file('f')
    setAcl('f', named({ ann: 7, club: 6, mask: 6 }))
    sys.removexattr('f', ACCESS)
    fails('ENODATA', () => sys.getxattr('f', ACCESS))
    equal(sys.lstat('f').permissions & 0o700, 0o600)
  },
  ...each(
    [
      {
        what: 'without a mask though users are named',
        entries: named({ ann: 6, club: 4, mask: 6 }).filter(e => e.tag !== 'mask'),
      },
      { what: 'without an owner entry', entries: named({ ann: 6, club: 4, mask: 6 }).filter(e => e.tag !== 'user') },
      { what: 'out of order', entries: named({ ann: 6, club: 4, mask: 6 }).reverse() },
      { what: 'with bits above 7', entries: named({ ann: 15, club: 4, mask: 6 }) },
    ],
    ({ what }) => `a list ${what} fails with EINVAL`,
    ({ entries }) =>
      () => {
        file('f')
        fails('EINVAL', () => setAcl('f', entries))
        equal(sys.lstat('f').permissions, 0o644)
      },
  ),
  'a list cut in the middle of an entry fails with EINVAL': () => {
    file('f')
    fails('EINVAL', () => sys.setxattr('f', ACCESS, encode(named({ ann: 6, club: 4, mask: 6 })).subarray(0, 23)))
  },
  'a list of fifty people is kept': () => {
    file('f')
    const people = Array.from(
      { length: 50 },
      (_, index): Entry => ({ tag: 'user:', bits: index % 8, id: 1000 + index }),
    )
    const wanted: Entry[] = [
      { tag: 'user', bits: 6 },
      ...people,
      { tag: 'group', bits: 4 },
      { tag: 'mask', bits: 7 },
      { tag: 'other', bits: 0 },
    ]
    setAcl('f', wanted)
    deepEqual(acl('f'), wanted)
  },
  'a default list of a file fails with EACCES': () => {
    file('f')
    fails('EACCES', () => setAcl('f', named({ ann: 6, club: 4, mask: 6 }), DEFAULT))
  },
  'a list of a symlink is refused': () => {
    sys.symlink('t', 'l')
    fails(['EOPNOTSUPP', 'EPERM'], () =>
      sys.setxattr('l', ACCESS, encode(named({ ann: 6, club: 4, mask: 6 })), { nofollow: true }),
    )
  },
  'setting a list moves ctime': () => {
    file('f')
    expectTimes('f', 'c', () => setAcl('f', named({ ann: 6, club: 4, mask: 6 })))
  },
  'a list survives rename and link': () => {
    file('f')
    const wanted = named({ ann: 6, club: 4, mask: 6 })
    setAcl('f', wanted)
    sys.link('f', 'g')
    sys.rename('f', 'h')
    deepEqual(acl('g'), wanted)
    deepEqual(acl('h'), wanted)
  },
}

interface Check {
  readonly who: sys.Identity
  readonly name: string
  readonly bits: Parameters<typeof named>[0]
  readonly read: boolean
  readonly write: boolean
}

const MEMBER: sys.Identity = { ...BEN, groups: [CLUB] }
const CHECKS: readonly Check[] = [
  { who: ANN, name: 'a named user', bits: { ann: 6, club: 0, mask: 7 }, read: true, write: true },
  { who: ANN, name: 'a named user under a mask', bits: { ann: 6, club: 0, mask: 4 }, read: true, write: false },
  {
    who: ANN,
    name: 'a named user with no bits though others may',
    bits: { ann: 0, club: 0, mask: 7, other: 6 },
    read: false,
    write: false,
  },
  { who: MEMBER, name: 'a named group', bits: { ann: 0, club: 6, mask: 7 }, read: true, write: true },
  { who: MEMBER, name: 'a named group under a mask', bits: { ann: 0, club: 6, mask: 2 }, read: false, write: true },
  {
    who: MEMBER,
    name: 'a named group with no bits though others may',
    bits: { ann: 0, club: 0, mask: 7, other: 6 },
    read: false,
    write: false,
  },
  {
    who: { uid: BEN.uid, gid: 0, groups: [CLUB] },
    name: 'two groups of which one may write',
    bits: { ann: 0, club: 2, mask: 7, group: 4 },
    read: true,
    write: true,
  },
  {
    who: { uid: BEN.uid, gid: 0 },
    name: 'the owning group under a mask',
    bits: { ann: 0, club: 0, mask: 4, group: 6 },
    read: true,
    write: false,
  },
  { who: BEN, name: 'somebody else', bits: { ann: 6, club: 6, mask: 7, other: 4 }, read: true, write: false },
  {
    who: BEN,
    name: 'somebody else, whom no mask concerns',
    bits: { ann: 6, club: 6, mask: 0, other: 6 },
    read: true,
    write: true,
  },
]

const PERMISSIONS: CaseTable = each(
  CHECKS,
  ({ name }) => `the list decides for ${name}`,
  ({ who, bits, read, write }) =>
    root(() => {
      file('f', 'x')
      setAcl('f', named(bits))
      const attempt = (flags: number, allowed: boolean) => {
        if (allowed) sys.close(sys.open('f', flags))
        else fails('EACCES', () => sys.open('f', flags))
      }
      as(who, () => {
        attempt(sys.O_RDONLY, read)
        attempt(sys.O_WRONLY, write)
        attempt(sys.O_RDWR, read && write && bits.club !== 2)
      })
    }),
)

const INHERIT: CaseTable = {
  'a default list is kept and does not change the mode of its directory': () => {
    folder('d', 0o755)
    const wanted = named({ ann: 7, club: 5, mask: 7, group: 5 })
    setAcl('d', wanted, DEFAULT)
    deepEqual(acl('d', DEFAULT), wanted)
    equal(sys.lstat('d').permissions, 0o755)
    fails('ENODATA', () => sys.getxattr('d', ACCESS))
  },
  'a new file takes the default list under its own mode, whatever the umask': () => {
    sys.mkdir('d')
    setAcl('d', named({ ann: 7, club: 5, mask: 7, group: 5, other: 5 }), DEFAULT)
    sys.umask(0o077)
    sys.close(sys.open('d/f', sys.O_CREAT | sys.O_WRONLY, 0o664))
    sys.umask(0o022)
    equal(sys.lstat('d/f').permissions, 0o664)
    deepEqual(acl('d/f'), named({ ann: 7, club: 5, mask: 6, group: 5, other: 4 }))
  },
  'a new directory takes the default list as its own and as its default': () => {
    sys.mkdir('d')
    const wanted = named({ ann: 7, club: 5, mask: 7, group: 5, other: 1 })
    setAcl('d', wanted, DEFAULT)
    sys.umask(0o077)
    sys.mkdir('d/e', 0o777)
    sys.umask(0o022)
    deepEqual(acl('d/e', DEFAULT), wanted)
    deepEqual(acl('d/e').slice(1), wanted.slice(1))
    equal(sys.lstat('d/e').permissions, 0o671)
  },
  'a short default list only replaces the umask': () => {
    sys.mkdir('d')
    const short: Entry[] = [
      { tag: 'user', bits: 7 },
      { tag: 'group', bits: 6 },
      { tag: 'other', bits: 4 },
    ]
    setAcl('d', short, DEFAULT)
    sys.umask(0o077)
    sys.close(sys.open('d/f', sys.O_CREAT | sys.O_WRONLY, 0o666))
    sys.umask(0o022)
    equal(sys.lstat('d/f').permissions, 0o664)
    fails('ENODATA', () => sys.getxattr('d/f', ACCESS))
  },
  'fifos and O_TMPFILE files take the default list, symlinks none': () => {
    sys.mkdir('d')
    setAcl('d', named({ ann: 7, club: 5, mask: 7, group: 5 }), DEFAULT)
    sys.mknod('d/p', sys.S_IFIFO | 0o660)
    equal(acl('d/p').length, 6)
    sys.symlink('t', 'd/l')
    fails(['ENODATA', 'EOPNOTSUPP'], () => sys.getxattr('d/l', ACCESS, { nofollow: true }))
  },
  'a file moved into the directory takes nothing': () => {
    sys.mkdir('d')
    setAcl('d', named({ ann: 7, club: 5, mask: 7 }), DEFAULT)
    file('f')
    sys.rename('f', 'd/f')
    fails('ENODATA', () => sys.getxattr('d/f', ACCESS))
  },
  'a removed default list is inherited no more': () => {
    sys.mkdir('d')
    setAcl('d', named({ ann: 7, club: 5, mask: 7 }), DEFAULT)
    sys.removexattr('d', DEFAULT)
    file('d/f')
    fails('ENODATA', () => sys.getxattr('d/f', ACCESS))
  },
  'an inherited list lets the named user in': root(() => {
    folder('d', 0o755)
    setAcl('d', named({ ann: 7, club: 0, mask: 7, group: 5, other: 0 }), DEFAULT)
    withUmask(0, () => sys.close(sys.open('d/f', sys.O_CREAT | sys.O_WRONLY, 0o660)))
    as(ANN, () => sys.close(sys.open('d/f', sys.O_RDWR)))
    as(BEN, () => fails('EACCES', () => content('d/f')))
  }),
  'a list of a directory decides who may make files in it': root(() => {
    folder('d', 0o700)
    setAcl('d', [{ tag: 'user', bits: 7 }, ...named({ ann: 7, club: 5, mask: 7 }).slice(1)])
    as(ANN, () => file('d/f'))
    as({ ...BEN, groups: [CLUB] }, () => fails('EACCES', () => sys.open('d/g', sys.O_CREAT | sys.O_WRONLY)))
    as({ ...BEN, groups: [CLUB] }, () => sys.stat('d/f'))
    as(BEN, () => fails('EACCES', () => sys.stat('d/f')))
  }),
  'only the owner sets a list': root(() => {
    file('f', '', 0o666)
    as(ANN, () => fails('EPERM', () => setAcl('f', named({ ann: 7, club: 0, mask: 7 }))))
  }),
  'setting a list as an owner outside the group clears setgid': root(() => {
    file('f')
    sys.chown('f', ANN.uid, CLUB)
    sys.chmod('f', 0o2775)
    as(ANN, () => setAcl('f', named({ ann: 7, club: 0, mask: 7 })))
    equal(sys.lstat('f').permissions & 0o2000, 0)
  }),
}

function withUmask(mask: number, step: () => void): void {
  const before = sys.umask(mask)
  step()
  sys.umask(before)
}

export const aclCases: CaseTable = { ...KEEP, ...PERMISSIONS, ...INHERIT }
