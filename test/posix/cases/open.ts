import { equal, notEqual } from 'node:assert/strict'
import { type CaseTable, each, root } from '../case.ts'
import { ANN, as, BEN, CLUB, content, exists, fails, file, folder, KINDS, names, withFile } from './common.ts'
import * as sys from '../sys/index.ts'

const CREATE: CaseTable = {
  'O_CREAT makes an empty file with one link': () => {
    sys.close(sys.open('f', sys.O_CREAT | sys.O_WRONLY, 0o640))
    const { type, permissions, size, nlink } = sys.lstat('f')
    equal(type, sys.S_IFREG)
    equal(permissions, 0o640)
    equal(size, 0)
    equal(nlink, 1)
  },
  'O_CREAT of a file that is there opens it as it is': () => {
    file('f', 'kept', 0o600)
    withFile('f', sys.O_CREAT | sys.O_RDWR, fd => equal(sys.read(fd, 10).toString(), 'kept'), 0o777)
    equal(sys.lstat('f').permissions, 0o600)
  },
  'O_CREAT with a mode that forbids writing still gives a writable descriptor': () => {
    withFile('f', sys.O_CREAT | sys.O_RDWR, fd => equal(sys.write(fd, 'x'), 1), 0o000)
    equal(sys.lstat('f').permissions, 0)
  },
  'O_CREAT and O_EXCL of a new name makes the file': () => {
    sys.close(sys.open('f', sys.O_CREAT | sys.O_EXCL | sys.O_RDWR))
    equal(exists('f'), true)
  },
  ...each(
    ['file', 'empty directory', 'symlink', 'fifo', 'socket'] as const,
    kind => `O_CREAT and O_EXCL of a ${kind} that is there fails with EEXIST`,
    kind => () => {
      KINDS[kind].make('x')
      fails('EEXIST', () => sys.open('x', sys.O_CREAT | sys.O_EXCL | sys.O_WRONLY))
    },
  ),
  'O_CREAT through a dangling symlink makes the file it names': () => {
    sys.symlink('real', 'l')
    sys.close(sys.open('l', sys.O_CREAT | sys.O_WRONLY))
    equal(sys.lstat('real').type, sys.S_IFREG)
    equal(sys.lstat('l').type, sys.S_IFLNK)
  },
  'O_CREAT of a directory fails with EISDIR': () => {
    sys.mkdir('d')
    fails('EISDIR', () => sys.open('d', sys.O_CREAT | sys.O_RDONLY))
  },
  'a file made by O_CREAT belongs to the effective user and group': root(() => {
    folder('d', 0o777)
    as({ uid: ANN.uid, gid: CLUB }, () => sys.close(sys.open('d/f', sys.O_CREAT | sys.O_WRONLY)))
    const { uid, gid } = sys.lstat('d/f')
    equal(uid, ANN.uid)
    equal(gid, CLUB)
  }),
}

const TRUNCATE: CaseTable = {
  'O_TRUNC empties a file': () => {
    file('f', 'something')
    sys.close(sys.open('f', sys.O_WRONLY | sys.O_TRUNC))
    equal(sys.lstat('f').size, 0)
  },
  'O_TRUNC while another descriptor is open shows there at once': () => {
    file('f', 'something')
    withFile('f', sys.O_RDONLY, fd => {
      equal(sys.read(fd, 4).toString(), 'some')
      sys.close(sys.open('f', sys.O_RDWR | sys.O_TRUNC))
      equal(sys.stat(fd).size, 0)
      equal(sys.read(fd, 4).length, 0)
    })
  },
  'O_TRUNC of a fifo opened both ways changes nothing': () => {
    KINDS.fifo.make('p')
    sys.close(sys.open('p', sys.O_RDWR | sys.O_TRUNC))
    equal(sys.lstat('p').type, sys.S_IFIFO)
  },
  'O_TRUNC without write permission fails with EACCES and keeps the content': root(() => {
    file('f', 'kept', 0o644)
    as(ANN, () => fails('EACCES', () => sys.open('f', sys.O_RDONLY | sys.O_TRUNC)))
    equal(content('f'), 'kept')
  }),
  'O_TRUNC on a new name by O_CREAT is harmless': () => {
    sys.close(sys.open('f', sys.O_CREAT | sys.O_TRUNC | sys.O_WRONLY))
    equal(sys.lstat('f').size, 0)
  },
}

const APPEND: CaseTable = {
  'O_APPEND writes at the end whatever the position': () => {
    file('f', 'abc')
    withFile('f', sys.O_RDWR | sys.O_APPEND, fd => {
      sys.lseek(fd, 0, sys.SEEK_SET)
      sys.write(fd, 'def')
      equal(sys.lseek(fd, 0, sys.SEEK_CUR), 6)
    })
    equal(content('f'), 'abcdef')
  },
  'O_APPEND sees the growth made through another descriptor': () => {
    file('f', 'a')
    withFile('f', sys.O_WRONLY | sys.O_APPEND, appender => {
      withFile('f', sys.O_WRONLY, fd => sys.write(fd, 'bbbb', 1))
      sys.write(appender, 'c')
    })
    equal(content('f'), 'abbbbc')
  },
  'pwrite on an O_APPEND descriptor appends, as Linux does': () => {
    file('f', 'abc')
    withFile('f', sys.O_WRONLY | sys.O_APPEND, fd => sys.write(fd, 'X', 0))
    equal(content('f'), 'abcX')
  },
  'O_APPEND set later by fcntl takes effect': () => {
    file('f', 'abc')
    withFile('f', sys.O_RDWR, fd => {
      sys.fcntl(fd, sys.F_SETFL, sys.O_APPEND)
      sys.write(fd, 'def')
    })
    equal(content('f'), 'abcdef')
  },
  'two processes that append lose no line and tear none': async ({ peer, dir }) => {
    const lines = 400
    const others = await Promise.all([peer(), peer()])
    await Promise.all(others.map((other, index) => other.call('appendLines', `${dir}/log`, `process${index}`, lines)))
    const found = content('log').split('\n').slice(0, -1)
    equal(found.length, 2 * lines)
    for (const tag of ['process0', 'process1']) {
      const own = found.filter(line => line.startsWith(tag))
      equal(own.join(), Array.from({ length: lines }, (_, line) => `${tag} ${line}`).join())
    }
  },
}

const SHAPES: CaseTable = {
  'O_DIRECTORY of a directory works': () => {
    sys.mkdir('d')
    sys.close(sys.open('d', sys.O_RDONLY | sys.O_DIRECTORY))
  },
  ...each(
    ['file', 'fifo', 'symlink'] as const,
    kind => `O_DIRECTORY of a ${kind} fails`,
    kind => () => {
      KINDS[kind].make('x')
      fails(kind === 'symlink' ? 'ENOENT' : 'ENOTDIR', () => sys.open('x', sys.O_RDONLY | sys.O_DIRECTORY))
    },
  ),
  ...each(
    [sys.O_WRONLY, sys.O_RDWR],
    flags => `opening a directory for ${flags === sys.O_WRONLY ? 'writing' : 'reading and writing'} fails with EISDIR`,
    flags => () => {
      sys.mkdir('d')
      fails('EISDIR', () => sys.open('d', flags))
    },
  ),
  'read of a directory fails with EISDIR': () => {
    sys.mkdir('d')
    withFile('d', sys.O_RDONLY, fd => fails('EISDIR', () => sys.read(fd, 10)))
  },
  'O_NOFOLLOW of a symlink fails with ELOOP': () => {
    file('f')
    sys.symlink('f', 'l')
    fails('ELOOP', () => sys.open('l', sys.O_RDONLY | sys.O_NOFOLLOW))
  },
  'O_NOFOLLOW follows symlinks in the middle of the path': () => {
    sys.mkdir('d')
    file('d/f', 'x')
    sys.symlink('d', 'l')
    withFile('l/f', sys.O_RDONLY | sys.O_NOFOLLOW, fd => equal(sys.stat(fd).size, 1))
  },
  'open of a symlink to itself fails with ELOOP': () => {
    sys.symlink('l', 'l')
    fails('ELOOP', () => sys.open('l'))
  },
  'a chain of 40 symlinks is followed and one of 41 fails with ELOOP': () => {
    file('l0', 'end')
    for (let step = 1; step <= 41; step++) sys.symlink(`l${step - 1}`, `l${step}`)
    equal(sys.stat('l40').size, 3)
    fails('ELOOP', () => sys.stat('l41'))
  },
  'open of a socket fails with ENXIO': () => {
    KINDS.socket.make('s')
    fails('ENXIO', () => sys.open('s', sys.O_RDWR))
  },
  'open of a fifo for writing without a reader fails with ENXIO when non-blocking': () => {
    KINDS.fifo.make('p')
    fails('ENXIO', () => sys.open('p', sys.O_WRONLY | sys.O_NONBLOCK))
  },
  'reading a write-only descriptor and writing a read-only one fails with EBADF': () => {
    file('f', 'x')
    withFile('f', sys.O_WRONLY, fd => fails('EBADF', () => sys.read(fd, 1)))
    withFile('f', sys.O_RDONLY, fd => fails('EBADF', () => sys.write(fd, 'y')))
  },
  'openat opens relative to a directory descriptor, also after that directory moved': () => {
    sys.mkdir('d')
    file('d/f', 'inside')
    withFile('d', sys.O_RDONLY | sys.O_DIRECTORY, at => {
      sys.rename('d', 'e')
      const fd = sys.open('f', sys.O_RDONLY, 0, at)
      equal(sys.read(fd, 10).toString(), 'inside')
      sys.close(fd)
    })
  },
  'openat relative to a file fails with ENOTDIR': () => {
    file('f')
    withFile('f', sys.O_RDONLY, at => fails('ENOTDIR', () => sys.open('x', sys.O_RDONLY, 0, at)))
  },
}

const UNNAMED: CaseTable = {
  'O_PATH gives a descriptor that can be asked but not read': () => {
    file('f', 'abc')
    withFile('f', sys.O_PATH, fd => {
      equal(sys.stat(fd).size, 3)
      fails('EBADF', () => sys.read(fd, 1))
    })
  },
  'O_PATH with O_NOFOLLOW opens a symlink itself': () => {
    sys.symlink('nowhere', 'l')
    withFile('l', sys.O_PATH | sys.O_NOFOLLOW, fd => {
      equal(sys.stat(fd).type, sys.S_IFLNK)
      equal(sys.readlink('', 100, fd).toString(), 'nowhere')
    })
  },
  'O_PATH needs no permission on the file': root(() => {
    file('f', 'x', 0o000)
    as(ANN, () => withFile('f', sys.O_PATH, fd => equal(sys.stat(fd).size, 1)))
  }),
  'O_TMPFILE makes a file without a name that can be written and read': () => {
    withFile('.', sys.O_TMPFILE | sys.O_RDWR, fd => {
      sys.write(fd, 'unnamed')
      equal(sys.read(fd, 10, 0).toString(), 'unnamed')
      equal(sys.stat(fd).nlink, 0)
    })
    equal(names('.').length, 0)
  },
  'O_TMPFILE is given a name by linkat of /proc/self/fd': () => {
    withFile(
      '.',
      sys.O_TMPFILE | sys.O_RDWR,
      fd => {
        sys.write(fd, 'named')
        sys.link(`/proc/self/fd/${fd}`, 'f', sys.AT_SYMLINK_FOLLOW)
        equal(sys.stat(fd).nlink, 1)
      },
      0o640,
    )
    equal(content('f'), 'named')
    equal(sys.lstat('f').permissions, 0o640)
  },
  'O_TMPFILE is given a name by linkat with AT_EMPTY_PATH': root(() => {
    withFile('.', sys.O_TMPFILE | sys.O_RDWR, fd => {
      sys.write(fd, 'named')
      sys.link('', 'f', sys.AT_EMPTY_PATH, { from: fd })
    })
    equal(content('f'), 'named')
  }),
  'O_TMPFILE with O_EXCL can never be given a name': () => {
    withFile('.', sys.O_TMPFILE | sys.O_RDWR | sys.O_EXCL, fd =>
      fails('ENOENT', () => sys.link(`/proc/self/fd/${fd}`, 'f', sys.AT_SYMLINK_FOLLOW)),
    )
  },
  'O_TMPFILE of a missing directory fails with ENOENT': () =>
    fails('ENOENT', () => sys.open('missing', sys.O_TMPFILE | sys.O_RDWR)),
  'two O_TMPFILE files are two files': () => {
    withFile('.', sys.O_TMPFILE | sys.O_RDWR, one =>
      withFile('.', sys.O_TMPFILE | sys.O_RDWR, two => notEqual(sys.stat(one).ino, sys.stat(two).ino)),
    )
  },
}

interface Door {
  readonly flags: number
  readonly word: string
  readonly bit: number
}
const DOORS: readonly Door[] = [
  { flags: sys.O_RDONLY, word: 'reading', bit: 4 },
  { flags: sys.O_WRONLY, word: 'writing', bit: 2 },
  { flags: sys.O_RDWR, word: 'both', bit: 6 },
]

const permissionRows = DOORS.flatMap(door =>
  ([0, 2, 4, 6] as const).flatMap(bits =>
    (['owner', 'group', 'member', 'other'] as const).map(who => ({ door, bits, who })),
  ),
)
const SHIFT = { owner: 6, group: 3, member: 3, other: 0 } as const

/** The class that matters gets the bits, all the others get everything, so that only the right class decides. */
const PERMISSIONS: CaseTable = each(
  permissionRows,
  ({ door, bits, who }) =>
    `open for ${door.word} by ${who} with class bits ${bits} ${(bits & door.bit) === door.bit ? 'works' : 'fails with EACCES'}`,
  ({ door, bits, who }) =>
    root(() => {
      const shift = SHIFT[who]
      file('f', 'x', (0o666 & ~(7 << shift)) | (bits << shift))
      sys.chown('f', ANN.uid, CLUB)
      const caller = {
        owner: { uid: ANN.uid, gid: BEN.gid },
        group: { uid: BEN.uid, gid: CLUB },
        member: { uid: BEN.uid, gid: BEN.gid, groups: [CLUB] },
        other: BEN,
      }[who]
      const allowed = (bits & door.bit) === door.bit
      as(caller, () => {
        if (allowed) sys.close(sys.open('f', door.flags))
        else fails('EACCES', () => sys.open('f', door.flags))
      })
    }),
)

const RIGHTS: CaseTable = {
  'making a file needs write and search permission on the directory': root(() => {
    for (const [mode, allowed] of [
      [0o733, true],
      [0o755, false],
      [0o722, false],
      [0o711, false],
    ] as const) {
      folder(`d${mode}`, mode)
      const make = () => sys.close(sys.open(`d${mode}/f`, sys.O_CREAT | sys.O_WRONLY))
      as(ANN, () => (allowed ? make() : fails('EACCES', make)))
    }
  }),
  'an open descriptor keeps working after the mode forbids it': root(() => {
    file('f', 'abc', 0o644)
    sys.chown('f', ANN.uid, ANN.gid)
    as(ANN, () =>
      withFile('f', sys.O_RDWR, fd => {
        sys.chmod('f', 0)
        equal(sys.read(fd, 3, 0).toString(), 'abc')
        equal(sys.write(fd, 'd', 3), 1)
        fails('EACCES', () => sys.open('f'))
      }),
    )
  }),
  'O_NOATIME by somebody who is not the owner fails with EPERM': root(() => {
    file('f', 'x', 0o666)
    as(ANN, () => fails('EPERM', () => sys.open('f', sys.O_RDONLY | sys.O_NOATIME)))
  }),
  'root opens what its mode forbids to everybody': root(() => {
    file('f', 'x', 0)
    withFile('f', sys.O_RDWR, fd => equal(sys.read(fd, 1).toString(), 'x'))
  }),
}

export const open: CaseTable = { ...CREATE, ...TRUNCATE, ...APPEND, ...SHAPES, ...UNNAMED, ...RIGHTS, ...PERMISSIONS }
