import { deepEqual, equal, ok } from 'node:assert/strict'
import { type CaseTable, cairn, each, root } from '../case.ts'
import { ANN, as, BEN, expectTimes, fails, file, folder, KINDS, pattern, withFile } from './common.ts'
import * as sys from '../sys/index.ts'

/** Own names only: a security module may put its label on every file. */
const list = (path: string, how: sys.XattrHow = {}) =>
  sys
    .listxattr(path, how)
    .filter(name => name !== 'security.selinux')
    .sort()

const VALUES: CaseTable = {
  ...each(
    [0, 1, 100, 1000, 2000],
    size => `a user attribute of ${size} bytes is kept`,
    size => () => {
      file('f')
      sys.setxattr('f', 'user.x', pattern(size))
      ok(sys.getxattr('f', 'user.x').equals(pattern(size)))
      equal(sys.xattrSize('f', 'user.x'), size)
    },
  ),
  ...each(
    [4096, 16384, 65535, 65536],
    size => `a user attribute of ${size} bytes is kept by Cairn`,
    size =>
      cairn(() => {
        file('f')
        sys.setxattr('f', 'user.x', pattern(size))
        ok(sys.getxattr('f', 'user.x').equals(pattern(size)))
      }),
  ),
  'a value beyond 64 KiB fails with E2BIG': () => {
    file('f')
    fails(['E2BIG', 'ENOSPC'], () => sys.setxattr('f', 'user.x', pattern(65537)))
    deepEqual(list('f'), [])
  },
  'a value holds any bytes': () => {
    file('f')
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index))
    sys.setxattr('f', 'user.x', bytes)
    ok(sys.getxattr('f', 'user.x').equals(bytes))
  },
  'setting again replaces, longer or shorter': () => {
    file('f')
    for (const value of ['one', 'a much longer value than before', '', 'z']) {
      sys.setxattr('f', 'user.x', value)
      equal(sys.getxattr('f', 'user.x').toString(), value)
    }
    deepEqual(list('f'), ['user.x'])
  },
  'XATTR_CREATE of one that is there fails with EEXIST': () => {
    file('f')
    sys.setxattr('f', 'user.x', 'one', { flags: sys.XATTR_CREATE })
    fails('EEXIST', () => sys.setxattr('f', 'user.x', 'two', { flags: sys.XATTR_CREATE }))
    equal(sys.getxattr('f', 'user.x').toString(), 'one')
  },
  'XATTR_REPLACE of a missing one fails with ENODATA': () => {
    file('f')
    fails('ENODATA', () => sys.setxattr('f', 'user.x', 'one', { flags: sys.XATTR_REPLACE }))
    sys.setxattr('f', 'user.x', 'one')
    sys.setxattr('f', 'user.x', 'two', { flags: sys.XATTR_REPLACE })
    equal(sys.getxattr('f', 'user.x').toString(), 'two')
  },
  'getting or removing a missing one fails with ENODATA': () => {
    file('f')
    fails('ENODATA', () => sys.getxattr('f', 'user.x'))
    fails('ENODATA', () => sys.removexattr('f', 'user.x'))
  },
  'a buffer too small fails with ERANGE': () => {
    file('f')
    sys.setxattr('f', 'user.x', 'twelve bytes')
    fails('ERANGE', () => sys.getxattr('f', 'user.x', {}, 11))
    equal(sys.getxattr('f', 'user.x', {}, 12).toString(), 'twelve bytes')
    fails('ERANGE', () => sys.listxattr('f', {}, 3))
  },
  'a removed one is gone and can be set again': () => {
    file('f')
    sys.setxattr('f', 'user.x', 'one')
    sys.removexattr('f', 'user.x')
    deepEqual(list('f'), [])
    sys.setxattr('f', 'user.x', 'two', { flags: sys.XATTR_CREATE })
    equal(sys.getxattr('f', 'user.x').toString(), 'two')
  },
}

const NAMES: CaseTable = {
  'many attributes are listed, each with its own value': () => {
    file('f')
    const wanted = Array.from({ length: 40 }, (_, index) => `user.name${String(index).padStart(2, '0')}`)
    for (const name of wanted) sys.setxattr('f', name, name.toUpperCase())
    deepEqual(list('f'), wanted)
    for (const name of wanted) equal(sys.getxattr('f', name).toString(), name.toUpperCase())
    ok(sys.xattrListSize('f') >= wanted.join('').length + wanted.length)
  },
  'a thousand attributes of one file are kept by Cairn': cairn(() => {
    file('f')
    for (let index = 0; index < 1000; index++) sys.setxattr('f', `user.${index}`, `${index}`)
    equal(list('f').length, 1000)
    equal(sys.getxattr('f', 'user.777').toString(), '777')
  }),
  'a name of 255 bytes is kept and one of 256 fails with ERANGE': () => {
    file('f')
    const name = `user.${'n'.repeat(250)}`
    sys.setxattr('f', name, 'x')
    deepEqual(list('f'), [name])
    fails('ERANGE', () => sys.setxattr('f', `${name}n`, 'x'))
  },
  'a name holds bytes that are not UTF-8': () => {
    file('f')
    const name = Buffer.concat([Buffer.from('user.'), Buffer.of(0xff, 0x80, 0x01, 0x2f)])
    sys.setxattr('f', name, 'x')
    deepEqual(list('f'), [name.toString('latin1')])
    equal(sys.getxattr('f', name).toString(), 'x')
  },
  'capitals and small letters are two attributes': () => {
    file('f')
    sys.setxattr('f', 'user.Name', 'one')
    sys.setxattr('f', 'user.name', 'two')
    equal(sys.getxattr('f', 'user.Name').toString(), 'one')
  },
  'an unknown namespace fails with EOPNOTSUPP': () => {
    file('f')
    fails('EOPNOTSUPP', () => sys.setxattr('f', 'strange.x', 'y'))
    fails('EOPNOTSUPP', () => sys.setxattr('f', 'noprefix', 'y'))
  },
}

const PLACES: CaseTable = {
  'a directory has attributes': () => {
    sys.mkdir('d')
    sys.setxattr('d', 'user.x', 'y')
    deepEqual(list('d'), ['user.x'])
  },
  ...each(
    ['symlink', 'fifo', 'socket'] as const,
    kind => `user attributes of a ${kind} fail with EPERM`,
    kind => () => {
      KINDS[kind].make('x')
      fails('EPERM', () => sys.setxattr('x', 'user.x', 'y', { nofollow: true }))
    },
  ),
  ...each(
    ['symlink', 'fifo', 'file', 'empty directory'] as const,
    kind => `root keeps trusted and security attributes of a ${kind}`,
    kind =>
      root(() => {
        KINDS[kind].make('x')
        for (const name of ['trusted.x', 'security.x']) {
          sys.setxattr('x', name, 'value', { nofollow: true })
          equal(sys.getxattr('x', name, { nofollow: true }).toString(), 'value')
        }
        deepEqual(list('x', { nofollow: true }), ['security.x', 'trusted.x'])
        sys.removexattr('x', 'trusted.x', { nofollow: true })
        deepEqual(list('x', { nofollow: true }), ['security.x'])
      }),
  ),
  'an attribute of a symlink and of its target are two': root(() => {
    file('f')
    sys.symlink('f', 'l')
    sys.setxattr('l', 'trusted.x', 'target')
    sys.setxattr('l', 'trusted.x', 'link', { nofollow: true })
    equal(sys.getxattr('f', 'trusted.x').toString(), 'target')
    equal(sys.getxattr('l', 'trusted.x', { nofollow: true }).toString(), 'link')
  }),
  'all names of a file share attributes and a rename keeps them': () => {
    file('a')
    sys.link('a', 'b')
    sys.setxattr('a', 'user.x', 'y')
    equal(sys.getxattr('b', 'user.x').toString(), 'y')
    sys.rename('b', 'c')
    equal(sys.getxattr('c', 'user.x').toString(), 'y')
  },
  'a file made anew under an old name has none': () => {
    file('a')
    sys.setxattr('a', 'user.x', 'y')
    sys.unlink('a')
    file('a')
    deepEqual(list('a'), [])
  },
  'a descriptor sets and gets': () => {
    file('f')
    withFile('f', sys.O_RDONLY, fd => {
      sys.setxattr(fd, 'user.x', 'y')
      equal(sys.getxattr(fd, 'user.x').toString(), 'y')
    })
  },
  'setting and removing move only ctime, getting moves nothing': () => {
    file('f')
    expectTimes('f', 'c', () => sys.setxattr('f', 'user.x', 'y'))
    expectTimes('f', '', () => sys.getxattr('f', 'user.x'))
    expectTimes('f', 'c', () => sys.removexattr('f', 'user.x'))
  },
}

const RIGHTS: CaseTable = {
  'user attributes follow the permissions of the file': root(() => {
    file('f', '', 0o644)
    sys.setxattr('f', 'user.x', 'y')
    as(ANN, () => {
      equal(sys.getxattr('f', 'user.x').toString(), 'y')
      fails('EACCES', () => sys.setxattr('f', 'user.x', 'z'))
      fails('EACCES', () => sys.removexattr('f', 'user.x'))
    })
    sys.chmod('f', 0o600)
    as(ANN, () => fails('EACCES', () => sys.getxattr('f', 'user.x')))
  }),
  'trusted attributes are hidden from everybody but root': root(() => {
    folder('d', 0o777)
    file('d/f', '', 0o666)
    sys.chown('d/f', ANN.uid, ANN.gid)
    sys.setxattr('d/f', 'trusted.x', 'y')
    as(ANN, () => {
      fails('EPERM', () => sys.setxattr('d/f', 'trusted.x', 'z'))
      fails('ENODATA', () => sys.getxattr('d/f', 'trusted.x'))
      deepEqual(list('d/f'), [])
    })
  }),
  'only the owner sets user attributes of a sticky directory': root(() => {
    folder('d', 0o1777)
    as(BEN, () => fails('EPERM', () => sys.setxattr('d', 'user.x', 'y')))
  }),
  'a write drops the capabilities of a program': root(() => {
    file('f', 'program', 0o777)
    // struct vfs_cap_data, revision 2, <linux/capability.h>: cap_net_bind_service permitted.
    const capability = Buffer.alloc(20)
    capability.writeUInt32LE(0x02000001, 0)
    capability.writeUInt32LE(1 << 10, 4)
    sys.setxattr('f', 'security.capability', capability)
    ok(sys.getxattr('f', 'security.capability').equals(capability))
    as(ANN, () => withFile('f', sys.O_WRONLY, fd => sys.write(fd, 'x')))
    fails('ENODATA', () => sys.getxattr('f', 'security.capability'))
  }),
}

export const xattr: CaseTable = { ...VALUES, ...NAMES, ...PLACES, ...RIGHTS }
