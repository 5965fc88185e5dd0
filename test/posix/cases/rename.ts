import { deepEqual, equal } from 'node:assert/strict'
import { type CaseTable, each, root, type Step } from '../case.ts'
import {
  ALL_KINDS,
  ANN,
  as,
  content,
  exists,
  fails,
  file,
  folder,
  KINDS,
  type Kind,
  names,
  readAll,
  withFile,
} from './common.ts'
import * as sys from '../sys/index.ts'

const pairs = ALL_KINDS.flatMap(from => ALL_KINDS.map(to => ({ from, to })))
const isFolder = (kind: Kind) => kind.includes('directory')

/** What rename(2) says of each pair of types; undefined when it replaces. */
function refusal({ from, to }: { from: Kind; to: Kind }): string | undefined {
  if (isFolder(from) && !isFolder(to)) return 'ENOTDIR'
  if (!isFolder(from) && isFolder(to)) return 'EISDIR'
  return to === 'full directory' ? 'ENOTEMPTY' : undefined
}

const TYPES: CaseTable = {
  ...each(
    ALL_KINDS,
    kind => `rename moves a ${kind} to a new name in the same directory`,
    kind => () => {
      KINDS[kind].make('a')
      const before = sys.lstat('a')
      sys.rename('a', 'b')
      equal(exists('a'), false)
      equal(sys.lstat('b').ino, before.ino)
      equal(sys.lstat('b').nlink, before.nlink)
    },
  ),
  ...each(
    ALL_KINDS,
    kind => `rename moves a ${kind} to another directory`,
    kind => () => {
      sys.mkdir('p')
      sys.mkdir('q')
      KINDS[kind].make('p/a')
      const before = sys.lstat('p/a')
      sys.rename('p/a', 'q/b')
      deepEqual(names('p'), [])
      deepEqual(names('q'), ['b'])
      equal(sys.lstat('q/b').ino, before.ino)
      equal(sys.lstat('p').nlink, 2)
      equal(sys.lstat('q').nlink, isFolder(kind) ? 3 : 2)
    },
  ),
  ...each(
    pairs,
    pair =>
      `rename of a ${pair.from} over a ${pair.to} ${refusal(pair) ? `fails with ${refusal(pair)}` : 'replaces it'}`,
    pair => () => {
      KINDS[pair.from].make('a')
      KINDS[pair.to].make('b')
      const [a, b] = [sys.lstat('a'), sys.lstat('b')]
      const code = refusal(pair)
      if (code) {
        fails(code === 'ENOTEMPTY' ? ['ENOTEMPTY', 'EEXIST'] : code, () => sys.rename('a', 'b'))
        equal(sys.lstat('a').ino, a.ino)
        equal(sys.lstat('b').ino, b.ino)
      } else {
        sys.rename('a', 'b')
        equal(exists('a'), false)
        equal(sys.lstat('b').ino, a.ino)
      }
    },
  ),
  ...each(
    ALL_KINDS,
    kind => `rename with NOREPLACE over a ${kind} fails with EEXIST`,
    kind => () => {
      file('a', 'mine')
      KINDS[kind].make('b')
      fails('EEXIST', () => sys.rename('a', 'b', sys.RENAME_NOREPLACE))
      equal(content('a'), 'mine')
      equal(sys.lstat('b').type, KINDS[kind].type)
    },
  ),
  ...each(
    pairs,
    ({ from, to }) => `rename with EXCHANGE swaps a ${from} and a ${to} between directories`,
    ({ from, to }) =>
      () => {
        sys.mkdir('p')
        sys.mkdir('q')
        KINDS[from].make('p/a')
        KINDS[to].make('q/b')
        const [a, b] = [sys.lstat('p/a'), sys.lstat('q/b')]
        sys.rename('p/a', 'q/b', sys.RENAME_EXCHANGE)
        equal(sys.lstat('p/a').ino, b.ino)
        equal(sys.lstat('q/b').ino, a.ino)
        equal(sys.lstat('p').nlink, isFolder(to) ? 3 : 2)
        equal(sys.lstat('q').nlink, isFolder(from) ? 3 : 2)
      },
  ),
}

const FLAGS: CaseTable = {
  'rename with NOREPLACE to a new name moves': () => {
    file('a', 'x')
    sys.rename('a', 'b', sys.RENAME_NOREPLACE)
    equal(content('b'), 'x')
  },
  'rename with EXCHANGE of a missing name fails with ENOENT': () => {
    file('a')
    fails('ENOENT', () => sys.rename('a', 'b', sys.RENAME_EXCHANGE))
    fails('ENOENT', () => sys.rename('b', 'a', sys.RENAME_EXCHANGE))
  },
  'rename with NOREPLACE and EXCHANGE together fails with EINVAL': () => {
    file('a')
    file('b')
    fails('EINVAL', () => sys.rename('a', 'b', sys.RENAME_NOREPLACE | sys.RENAME_EXCHANGE))
  },
  'rename with an unknown flag fails with EINVAL': () => {
    file('a')
    fails('EINVAL', () => sys.rename('a', 'b', 1 << 10))
  },
  'rename with EXCHANGE of a directory with its own content fails with EINVAL or ENOTEMPTY': () => {
    sys.mkdir('d')
    file('d/f')
    fails(['EINVAL', 'ENOTEMPTY'], () => sys.rename('d', 'd/f', sys.RENAME_EXCHANGE))
    fails(['EINVAL', 'ENOTEMPTY'], () => sys.rename('d/f', 'd', sys.RENAME_EXCHANGE))
  },
  'rename with EXCHANGE of a name with itself changes nothing': () => {
    file('a', 'x')
    sys.rename('a', 'a', sys.RENAME_EXCHANGE)
    equal(content('a'), 'x')
  },
}

const SHAPES: CaseTable = {
  'rename of a missing name fails with ENOENT': () => fails('ENOENT', () => sys.rename('missing', 'b')),
  'rename of a name to itself changes nothing': () => {
    file('a', 'x')
    sys.rename('a', 'a')
    equal(content('a'), 'x')
  },
  'rename between two names of one file changes nothing and keeps both': () => {
    file('a', 'x')
    sys.link('a', 'b')
    sys.rename('a', 'b')
    deepEqual(names('.'), ['a', 'b'])
    equal(sys.lstat('a').nlink, 2)
  },
  'rename of a directory into itself fails with EINVAL': () => {
    sys.mkdir('d')
    fails('EINVAL', () => sys.rename('d', 'd/e'))
  },
  'rename of a directory into its own subtree fails with EINVAL': () => {
    sys.mkdir('d')
    sys.mkdir('d/e')
    sys.mkdir('d/e/f')
    fails('EINVAL', () => sys.rename('d', 'd/e/f/g'))
    fails('EINVAL', () => sys.rename('d', 'd/e/f'))
  },
  'rename of a directory over its ancestor fails with ENOTEMPTY': () => {
    sys.mkdir('d')
    sys.mkdir('d/e')
    sys.mkdir('d/e/f')
    fails(['ENOTEMPTY', 'EEXIST'], () => sys.rename('d/e/f', 'd'))
    fails(['ENOTEMPTY', 'EEXIST'], () => sys.rename('d/e', 'd'))
  },
  'rename of dot or dot-dot fails': () => {
    sys.mkdir('d')
    fails(['EBUSY', 'EINVAL'], () => sys.rename('.', 'x'))
    fails(['EBUSY', 'EINVAL'], () => sys.rename('d/..', 'x'))
    fails(['EBUSY', 'EINVAL', 'ENOTEMPTY'], () => sys.rename('d', '.'))
  },
  'rename of a symlink renames the link, not its target': () => {
    file('f', 'x')
    sys.symlink('f', 'l')
    sys.rename('l', 'm')
    equal(sys.readlink('m').toString(), 'f')
    equal(content('f'), 'x')
  },
  'rename over a symlink replaces the link, not its target': () => {
    file('target', 'kept')
    sys.symlink('target', 'l')
    file('f', 'new')
    sys.rename('f', 'l')
    equal(content('target'), 'kept')
    equal(sys.lstat('l').type, sys.S_IFREG)
  },
  'a directory that moved keeps its content and learns its new parent': () => {
    sys.mkdir('p')
    sys.mkdir('p/d')
    file('p/d/f', 'inside')
    sys.mkdir('q')
    sys.rename('p/d', 'q/d')
    equal(content('q/d/f'), 'inside')
    equal(sys.stat('q/d/..').ino, sys.stat('q').ino)
    sys.chdir('q/d')
    equal(sys.getcwd().toString().endsWith('/q/d'), true)
  },
  'a working folder that moved is found at its new path': () => {
    sys.mkdir('p')
    sys.mkdir('p/d')
    sys.chdir('p/d')
    sys.rename('../../p', '../../q')
    equal(sys.getcwd().toString().endsWith('/q/d'), true)
    file('f', 'x')
    equal(content('../../q/d/f'), 'x')
  },
  'an open file is read and written through a rename': () => {
    file('a', 'one')
    withFile('a', sys.O_RDWR, fd => {
      sys.rename('a', 'b')
      sys.write(fd, 'two', 3)
      equal(readAll(fd).toString(), 'onetwo')
    })
    equal(content('b'), 'onetwo')
  },
  'renameat moves between directory descriptors': () => {
    sys.mkdir('p')
    sys.mkdir('q')
    file('p/f', 'x')
    withFile('p', sys.O_RDONLY, p => withFile('q', sys.O_RDONLY, q => sys.renameat(p, 'f', q, 'g')))
    equal(content('q/g'), 'x')
  },
  'rename of the last name over another drops that link': () => {
    file('a')
    file('b')
    sys.link('b', 'c')
    sys.rename('a', 'b')
    equal(sys.lstat('c').nlink, 1)
  },
  'rename over an empty directory takes one link from the parent': () => {
    sys.mkdir('a')
    sys.mkdir('b')
    const { nlink } = sys.lstat('.')
    sys.rename('a', 'b')
    equal(sys.lstat('.').nlink, nlink - 1)
  },
  'a large directory is renamed with all it holds': () => {
    sys.mkdir('big')
    for (let index = 0; index < 3000; index++) sys.close(sys.open(`big/f${index}`, sys.O_CREAT | sys.O_WRONLY))
    sys.rename('big', 'moved')
    equal(names('moved').length, 3000)
    sys.mkdir('deep')
    sys.rename('moved', 'deep/moved')
    equal(exists('deep/moved/f2999'), true)
  },
  'a name renamed back and forth many times is still one file': () => {
    file('a', 'x')
    const { ino } = sys.lstat('a')
    for (let turn = 0; turn < 200; turn++) sys.rename(turn % 2 ? 'b' : 'a', turn % 2 ? 'a' : 'b')
    equal(sys.lstat('a').ino, ino)
    deepEqual(names('.'), ['a'])
  },
  'a reader always finds the name while it is replaced again and again': async ({ peer, dir }) => {
    file('f', 'x')
    const other = await peer()
    const renames = (async () => {
      for (let turn = 0; turn < 100; turn++) {
        const fd = await other.call('open', `${dir}/new`, sys.O_CREAT | sys.O_WRONLY)
        await other.call('close', fd)
        await other.call('rename', `${dir}/new`, `${dir}/f`)
      }
      return true
    })()
    for (let done = false; !done; ) {
      equal(exists('f'), true)
      done = await Promise.race([renames, new Promise<false>(resolve => setImmediate(() => resolve(false)))])
    }
  },
}

const mayNot = (prepare: () => void, from: string, to: string): Step => {
  return () => {
    for (const name of ['p', 'q']) folder(name, 0o777)
    prepare()
    as(ANN, () => fails('EACCES', () => sys.rename(from, to)))
    equal(exists(from), true)
  }
}

const RIGHTS: CaseTable = {
  'rename needs write permission on the old directory': root(
    mayNot(() => (file('p/f'), sys.chmod('p', 0o755)), 'p/f', 'q/f'),
  ),
  'rename needs write permission on the new directory': root(
    mayNot(() => (file('p/f'), sys.chmod('q', 0o755)), 'p/f', 'q/f'),
  ),
  'rename of a directory to another parent needs write permission on itself': root(
    mayNot(() => folder('p/d', 0o555), 'p/d', 'q/d'),
  ),
  'rename of a directory in place needs no permission on itself': root(() => {
    folder('p', 0o777)
    folder('p/d', 0o555)
    as(ANN, () => sys.rename('p/d', 'p/e'))
    equal(exists('p/e'), true)
  }),
}

export const rename: CaseTable = { ...SHAPES, ...FLAGS, ...TYPES, ...RIGHTS }
