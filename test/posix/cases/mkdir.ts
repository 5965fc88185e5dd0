import { deepEqual, equal } from 'node:assert/strict'
import { ALL_KINDS, ANN, as, BEN, CLUB, exists, fails, file, folder, KINDS, names, withFile } from './common.ts'
import { type CaseTable, each, root } from '../case.ts'
import * as sys from '../sys/index.ts'

const MAKE: CaseTable = {
  'mkdir makes an empty directory with two links': () => {
    sys.mkdir('d', 0o750)
    const { type, permissions, nlink } = sys.lstat('d')
    equal(type, sys.S_IFDIR)
    equal(permissions, 0o750)
    equal(nlink, 2)
    deepEqual(names('d'), [])
  },
  'each directory inside adds one link to its parent and takes it along when removed': () => {
    sys.mkdir('d')
    for (let count = 1; count <= 5; count++) {
      sys.mkdir(`d/${count}`)
      equal(sys.lstat('d').nlink, 2 + count)
    }
    file('d/file')
    equal(sys.lstat('d').nlink, 7)
    sys.rmdir('d/1')
    equal(sys.lstat('d').nlink, 6)
  },
  ...each(
    ALL_KINDS,
    kind => `mkdir over a ${kind} fails with EEXIST`,
    kind => () => {
      KINDS[kind].make('x')
      fails('EEXIST', () => sys.mkdir('x'))
      equal(sys.lstat('x').type, KINDS[kind].type)
    },
  ),
  'mkdir of dot and of the root of the folder fails with EEXIST': ({ dir }) => {
    fails('EEXIST', () => sys.mkdir('.'))
    fails('EEXIST', () => sys.mkdir('..'))
    fails('EEXIST', () => sys.mkdir(dir))
  },
  ...each(
    [
      { mask: 0o000, mode: 0o777 },
      { mask: 0o022, mode: 0o755 },
      { mask: 0o077, mode: 0o700 },
      { mask: 0o777, mode: 0o000 },
    ],
    ({ mask }) => `umask ${mask.toString(8).padStart(3, '0')} is taken from the mode of new directories, files, fifos`,
    ({ mask, mode }) =>
      () => {
        sys.umask(mask)
        sys.mkdir('d', 0o777)
        sys.close(sys.open('f', sys.O_CREAT | sys.O_WRONLY, 0o666))
        sys.mknod('p', sys.S_IFIFO | 0o666)
        sys.umask(0o022)
        equal(sys.lstat('d').permissions, mode)
        equal(sys.lstat('f').permissions, mode & 0o666)
        equal(sys.lstat('p').permissions, mode & 0o666)
      },
  ),
  'mkdir honours the sticky bit of its mode': () => {
    sys.mkdir('d', 0o1755)
    equal(sys.lstat('d').permissions, 0o1755)
  },
  'mkdir needs write permission on the parent': root(() => {
    folder('d', 0o755)
    as(ANN, () => fails('EACCES', () => sys.mkdir('d/x')))
    sys.chmod('d', 0o777)
    as(ANN, () => sys.mkdir('d/x'))
    equal(sys.lstat('d/x').uid, ANN.uid)
    equal(sys.lstat('d/x').gid, ANN.gid)
  }),
  'a directory in a setgid directory takes its group and the bit': root(() => {
    folder('d')
    sys.chown('d', 0, CLUB)
    sys.chmod('d', 0o2777)
    as(ANN, () => sys.mkdir('d/x'))
    equal(sys.lstat('d/x').gid, CLUB)
    equal(sys.lstat('d/x').permissions, 0o2755)
  }),
  ...each(
    ['file', 'fifo', 'symlink'] as const,
    kind => `a ${kind} in a setgid directory takes its group and not the bit`,
    kind =>
      root(() => {
        folder('d')
        sys.chown('d', 0, CLUB)
        sys.chmod('d', 0o2777)
        as(ANN, () => {
          if (kind === 'file') sys.close(sys.open('d/x', sys.O_CREAT | sys.O_WRONLY))
          if (kind === 'fifo') sys.mknod('d/x', sys.S_IFIFO | 0o644)
          if (kind === 'symlink') sys.symlink('t', 'd/x')
        })
        equal(sys.lstat('d/x').gid, CLUB)
        equal(sys.lstat('d/x').permissions & 0o2000, 0)
      }),
  ),
  'a file made setgid by a stranger to the group of a setgid directory loses the bit': root(() => {
    folder('d')
    sys.chown('d', 0, CLUB)
    sys.chmod('d', 0o2777)
    as(ANN, () => sys.close(sys.open('d/x', sys.O_CREAT | sys.O_WRONLY, 0o2775)))
    equal(sys.lstat('d/x').permissions & 0o2000, 0)
  }),
}

const REMOVE: CaseTable = {
  'rmdir removes an empty directory': () => {
    sys.mkdir('d')
    sys.rmdir('d')
    equal(exists('d'), false)
  },
  ...each(
    ALL_KINDS.filter(kind => kind !== 'empty directory'),
    kind => `rmdir of a ${kind} fails`,
    kind => () => {
      KINDS[kind].make('x')
      fails(kind === 'full directory' ? ['ENOTEMPTY', 'EEXIST'] : 'ENOTDIR', () => sys.rmdir('x'))
      equal(exists('x'), true)
    },
  ),
  'rmdir of a missing name fails with ENOENT': () => fails('ENOENT', () => sys.rmdir('missing')),
  'rmdir of a path ending in dot fails with EINVAL': () => {
    sys.mkdir('d')
    fails('EINVAL', () => sys.rmdir('d/.'))
  },
  'rmdir of a path ending in dot-dot fails with ENOTEMPTY': () => {
    sys.mkdir('d')
    sys.mkdir('d/e')
    fails(['ENOTEMPTY', 'EEXIST'], () => sys.rmdir('d/e/..'))
  },
  'rmdir through a symlink fails with ENOTDIR': () => {
    sys.mkdir('d')
    sys.symlink('d', 'l')
    fails('ENOTDIR', () => sys.rmdir('l'))
  },
  'rmdir of a directory emptied of many names works': () => {
    sys.mkdir('d')
    for (let index = 0; index < 300; index++) file(`d/${index}`)
    for (let index = 0; index < 300; index++) sys.unlink(`d/${index}`)
    sys.rmdir('d')
    equal(exists('d'), false)
  },
  'a removed directory that is still open is empty, unlinked and takes no new names': () => {
    sys.mkdir('d')
    withFile('d', sys.O_RDONLY | sys.O_DIRECTORY, fd => {
      sys.rmdir('d')
      equal(sys.stat(fd).nlink, 0)
      fails('ENOENT', () => sys.open('f', sys.O_CREAT | sys.O_WRONLY, 0o644, fd))
      fails('ENOENT', () => sys.mkdir('e', 0o755, fd))
      fails('ENOENT', () => sys.stat(`/proc/self/fd/${fd}/..x`))
    })
  },
  'the working folder once removed has no path and takes no new names': () => {
    sys.mkdir('d')
    sys.chdir('d')
    sys.rmdir('../d')
    fails('ENOENT', () => sys.getcwd())
    fails('ENOENT', () => sys.mkdir('x'))
    fails('ENOENT', () => sys.open('f', sys.O_CREAT | sys.O_WRONLY))
    equal(sys.stat('.').type, sys.S_IFDIR)
  },
  'rmdir needs write permission on the parent, none on the directory': root(() => {
    folder('p', 0o755)
    folder('p/d', 0o000)
    sys.chown('p/d', ANN.uid, ANN.gid)
    as(ANN, () => fails('EACCES', () => sys.rmdir('p/d')))
    sys.chmod('p', 0o777)
    as(BEN, () => sys.rmdir('p/d'))
  }),
  'a name removed and made again is another directory': () => {
    sys.mkdir('d')
    file('d/f')
    sys.unlink('d/f')
    withFile('d', sys.O_RDONLY, fd => {
      sys.rmdir('d')
      sys.mkdir('d')
      equal(sys.stat(fd).ino === sys.stat('d').ino, false)
    })
    deepEqual(names('d'), [])
  },
}

export const mkdir: CaseTable = { ...MAKE, ...REMOVE }
