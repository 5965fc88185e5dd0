import { deepEqual, equal } from 'node:assert/strict'
import { type CaseTable, each, root } from '../case.ts'
import {
  ALL_KINDS,
  ANN,
  as,
  BEN,
  content,
  exists,
  fails,
  file,
  folder,
  KINDS,
  names,
  pattern,
  readAll,
  withFile,
  writeAll,
} from './common.ts'
import * as sys from '../sys/index.ts'

const PLAIN: CaseTable = {
  ...each(
    ALL_KINDS.filter(kind => !kind.includes('directory')),
    kind => `unlink removes a ${kind}`,
    kind => () => {
      KINDS[kind].make('x')
      sys.unlink('x')
      equal(exists('x'), false)
    },
  ),
  'unlink of a directory fails with EISDIR or EPERM': () => {
    sys.mkdir('d')
    fails(['EISDIR', 'EPERM'], () => sys.unlink('d'))
    equal(exists('d'), true)
  },
  'unlink of a symlink leaves its target': () => {
    file('f', 'kept')
    sys.symlink('f', 'l')
    sys.unlink('l')
    equal(content('f'), 'kept')
  },
  'unlink of one name leaves the other names': () => {
    file('a', 'kept')
    sys.link('a', 'b')
    sys.unlink('a')
    equal(content('b'), 'kept')
    equal(sys.lstat('b').nlink, 1)
  },
  'unlinkat is relative to the directory descriptor': () => {
    sys.mkdir('d')
    file('d/f')
    withFile('d', sys.O_RDONLY | sys.O_DIRECTORY, at => sys.unlink('f', at))
    deepEqual(names('d'), [])
  },
}

const OPEN_UNLINKED: CaseTable = {
  'an unlinked file that is open can be read, written, grown and cut': () => {
    withFile('f', sys.O_RDWR | sys.O_CREAT, fd => {
      sys.write(fd, 'before')
      sys.unlink('f')
      equal(sys.stat(fd).nlink, 0)
      equal(sys.read(fd, 10, 0).toString(), 'before')
      sys.write(fd, 'after', 6)
      equal(readAll(fd).toString(), 'beforeafter')
      sys.truncate(fd, 3)
      equal(sys.stat(fd).size, 3)
      sys.truncate(fd, 100_000)
      equal(readAll(fd).length, 100_000)
      sys.fsync(fd)
    })
    equal(exists('f'), false)
  },
  'an unlinked open file and a new file of its name are apart': () => {
    file('f', 'old')
    withFile('f', sys.O_RDWR, fd => {
      sys.unlink('f')
      file('f', 'new')
      equal(readAll(fd).toString(), 'old')
      sys.write(fd, 'XXX', 0)
      equal(content('f'), 'new')
    })
  },
  'an unlinked open file takes mode, owner, times and attributes': () => {
    withFile('f', sys.O_RDWR | sys.O_CREAT, fd => {
      sys.unlink('f')
      sys.chmod(fd, 0o600)
      sys.utimens(fd, { atime: 5n, mtime: 7n })
      sys.setxattr(fd, 'user.x', 'y')
      equal(sys.stat(fd).permissions, 0o600)
      equal(sys.stat(fd).mtime, 7n)
      equal(sys.getxattr(fd, 'user.x').toString(), 'y')
    })
  },
  'an unlinked open file can be opened anew through /proc/self/fd': () => {
    withFile('f', sys.O_RDWR | sys.O_CREAT, fd => {
      sys.write(fd, 'again')
      sys.unlink('f')
      equal(content(`/proc/self/fd/${fd}`), 'again')
    })
  },
  'an unlinked open file cannot be given a name again': () => {
    withFile('f', sys.O_RDWR | sys.O_CREAT, fd => {
      sys.unlink('f')
      fails('ENOENT', () => sys.link(`/proc/self/fd/${fd}`, 'g', sys.AT_SYMLINK_FOLLOW))
    })
  },
  'a file replaced by rename while open keeps its content': () => {
    file('old', 'old content')
    file('new', 'new content')
    withFile('old', sys.O_RDONLY, fd => {
      sys.rename('new', 'old')
      equal(readAll(fd).toString(), 'old content')
      equal(sys.stat(fd).nlink, 0)
    })
    equal(content('old'), 'new content')
  },
  'the space of a large unlinked file comes back after the last close': async () => {
    const bytes = pattern(4 << 20, 3)
    const used = () => {
      const { blocks, blocksFree, fragmentSize } = sys.statfs('.')
      return (blocks - blocksFree) * fragmentSize
    }
    const fd = sys.open('f', sys.O_RDWR | sys.O_CREAT)
    writeAll(fd, bytes)
    sys.unlink('f')
    equal(readAll(fd).equals(bytes), true)
    sys.close(fd)
    equal(used() >= 0, true)
  },
}

const sticky = (step: () => void) =>
  root(() => {
    folder('d', 0o1777)
    file('d/f')
    sys.chown('d/f', ANN.uid, ANN.gid)
    folder('d/sub')
    sys.chown('d/sub', ANN.uid, ANN.gid)
    step()
  })

const RIGHTS: CaseTable = {
  'unlink needs write permission on the directory, none on the file': root(() => {
    folder('d', 0o755)
    file('d/f', '', 0o666)
    as(ANN, () => fails('EACCES', () => sys.unlink('d/f')))
    sys.chmod('d', 0o777)
    sys.chmod('d/f', 0)
    as(ANN, () => sys.unlink('d/f'))
    equal(exists('d/f'), false)
  }),
  'in a sticky directory a stranger may not unlink': sticky(() => {
    as(BEN, () => fails(['EPERM', 'EACCES'], () => sys.unlink('d/f')))
    equal(exists('d/f'), true)
  }),
  'in a sticky directory a stranger may not remove a directory': sticky(() =>
    as(BEN, () => fails(['EPERM', 'EACCES'], () => sys.rmdir('d/sub'))),
  ),
  'in a sticky directory a stranger may not rename': sticky(() =>
    as(BEN, () => fails(['EPERM', 'EACCES'], () => sys.rename('d/f', 'd/g'))),
  ),
  'in a sticky directory a stranger may not rename over': sticky(() => {
    as(BEN, () => file('d/own'))
    as(BEN, () => fails(['EPERM', 'EACCES'], () => sys.rename('d/own', 'd/f')))
  }),
  'in a sticky directory a stranger may not exchange': sticky(() => {
    as(BEN, () => file('d/own'))
    as(BEN, () => fails(['EPERM', 'EACCES'], () => sys.rename('d/own', 'd/f', sys.RENAME_EXCHANGE)))
  }),
  'in a sticky directory the owner of a file may unlink, rename and rename over it': sticky(() =>
    as(ANN, () => {
      sys.rename('d/f', 'd/g')
      file('d/h')
      sys.rename('d/h', 'd/g')
      sys.unlink('d/g')
      sys.rmdir('d/sub')
    }),
  ),
  'in a sticky directory its owner may unlink files of others': root(() => {
    folder('d', 0o1777)
    sys.chown('d', BEN.uid, BEN.gid)
    file('d/f')
    sys.chown('d/f', ANN.uid, ANN.gid)
    as(BEN, () => sys.unlink('d/f'))
    equal(exists('d/f'), false)
  }),
}

export const unlink: CaseTable = { ...PLAIN, ...OPEN_UNLINKED, ...RIGHTS }
