import { deepEqual, equal } from 'node:assert/strict'
import {
  ALL_KINDS,
  ANN,
  as,
  content,
  exists,
  expectTimes,
  fails,
  file,
  folder,
  KINDS,
  names,
  pattern,
  withFile,
} from './common.ts'
import { type CaseTable, each, root } from '../case.ts'
import * as sys from '../sys/index.ts'

const HARD: CaseTable = {
  ...each(
    ALL_KINDS.filter(kind => !kind.includes('directory')),
    kind => `link gives a ${kind} a second name`,
    kind => () => {
      KINDS[kind].make('a')
      sys.link('a', 'b')
      equal(sys.lstat('a').ino, sys.lstat('b').ino)
      equal(sys.lstat('a').nlink, 2)
      equal(sys.lstat('b').type, KINDS[kind].type)
      sys.unlink('a')
      equal(sys.lstat('b').nlink, 1)
    },
  ),
  ...each(
    ALL_KINDS,
    kind => `link over a ${kind} fails with EEXIST`,
    kind => () => {
      file('a')
      KINDS[kind].make('b')
      fails('EEXIST', () => sys.link('a', 'b'))
      equal(sys.lstat('a').nlink, 1)
    },
  ),
  'link of a directory fails with EPERM': () => {
    sys.mkdir('d')
    fails('EPERM', () => sys.link('d', 'e'))
  },
  'link of a missing file fails with ENOENT': () => fails('ENOENT', () => sys.link('missing', 'b')),
  'link follows a symlink when asked to': () => {
    file('f', 'x')
    sys.symlink('f', 'l')
    sys.link('l', 'b', sys.AT_SYMLINK_FOLLOW)
    equal(sys.lstat('b').ino, sys.lstat('f').ino)
  },
  'content, mode and times are one through all names': () => {
    file('a', 'x')
    sys.mkdir('d')
    sys.link('a', 'd/b')
    withFile('d/b', sys.O_WRONLY | sys.O_APPEND, fd => sys.write(fd, 'yz'))
    sys.chmod('d/b', 0o600)
    sys.utimens('d/b', { atime: 1n, mtime: 2n })
    equal(content('a'), 'xyz')
    equal(sys.lstat('a').permissions, 0o600)
    equal(sys.lstat('a').mtime, 2n)
  },
  'link moves ctime of the file and mtime of the directory': () => {
    file('a')
    sys.mkdir('d')
    expectTimes('a', 'c', () => sys.link('a', 'd/b'))
    expectTimes('d', 'mc', () => sys.link('a', 'd/c'))
    expectTimes('a', 'c', () => sys.unlink('d/c'))
  },
  'linkat is relative to both descriptors': () => {
    sys.mkdir('p')
    sys.mkdir('q')
    file('p/f', 'x')
    withFile('p', sys.O_RDONLY, p => withFile('q', sys.O_RDONLY, q => sys.link('f', 'g', 0, { from: p, to: q })))
    equal(content('q/g'), 'x')
  },
  'a file takes a thousand names and loses them again': () => {
    file('f', 'x')
    sys.mkdir('d')
    for (let count = 1; count <= 1000; count++) sys.link('f', `d/${count}`)
    equal(sys.lstat('f').nlink, 1001)
    equal(names('d').length, 1000)
    for (let count = 1; count <= 1000; count++) sys.unlink(`d/${count}`)
    equal(sys.lstat('f').nlink, 1)
  },
  'link needs write permission on the directory of the new name': root(() => {
    folder('d', 0o755)
    file('f', '', 0o666)
    sys.chown('f', ANN.uid, ANN.gid)
    as(ANN, () => fails('EACCES', () => sys.link('f', 'd/g')))
  }),
}

const SOFT: CaseTable = {
  ...each(
    [1, 2, 59, 60, 255, 256, 1000, 4000, 4094, 4095],
    length => `a symlink of ${length} bytes is kept whole`,
    length => () => {
      const target = 't'.repeat(length)
      sys.symlink(target, 'l')
      equal(sys.readlink('l', 5000).toString(), target)
      equal(sys.lstat('l').size, length)
      equal(sys.lstat('l').permissions, 0o777)
    },
  ),
  'a symlink of 4096 bytes fails with ENAMETOOLONG': () =>
    fails('ENAMETOOLONG', () => sys.symlink('t'.repeat(4096), 'l')),
  'an empty symlink fails with ENOENT': () => fails('ENOENT', () => sys.symlink('', 'l')),
  'a symlink holds any bytes': () => {
    const target = Buffer.from(Array.from({ length: 255 }, (_, index) => index + 1))
    sys.symlink(target, 'l')
    equal(sys.readlink('l').equals(target), true)
  },
  'readlink cuts to the buffer without a word': () => {
    sys.symlink('abcdef', 'l')
    equal(sys.readlink('l', 3).toString(), 'abc')
  },
  'readlink of what is not a symlink fails with EINVAL': () => {
    for (const kind of ['file', 'empty directory', 'fifo'] as const) {
      KINDS[kind].make(kind)
      fails('EINVAL', () => sys.readlink(kind))
    }
  },
  'a dangling symlink can be read and not opened': () => {
    sys.symlink('nowhere/at/all', 'l')
    equal(sys.readlink('l').toString(), 'nowhere/at/all')
    fails('ENOENT', () => sys.open('l'))
    fails('ENOENT', () => sys.stat('l'))
  },
  ...each(
    ALL_KINDS,
    kind => `symlink over a ${kind} fails with EEXIST`,
    kind => () => {
      KINDS[kind].make('x')
      fails('EEXIST', () => sys.symlink('t', 'x'))
    },
  ),
  'two symlinks that name each other fail with ELOOP': () => {
    sys.symlink('b', 'a')
    sys.symlink('a', 'b')
    fails('ELOOP', () => sys.stat('a'))
    fails('ELOOP', () => sys.open('a', sys.O_CREAT | sys.O_WRONLY))
  },
  'an absolute symlink leads back into the folder': ({ dir }) => {
    file('f', 'x')
    sys.symlink(`${dir}/f`, 'l')
    equal(content('l'), 'x')
  },
  'a symlink to a directory is walked through': () => {
    sys.mkdir('d')
    file('d/f', 'x')
    sys.symlink('d', 'l')
    equal(content('l/f'), 'x')
    equal(content('l/../d/f'), 'x')
    deepEqual(names('l'), ['f'])
  },
  'a symlink to the parent is walked through': () => {
    sys.mkdir('d')
    sys.symlink('..', 'd/up')
    file('f', 'x')
    equal(content('d/up/d/up/f'), 'x')
  },
  'symlinkat and readlinkat are relative to the descriptor': () => {
    sys.mkdir('d')
    withFile('d', sys.O_RDONLY, at => {
      sys.symlink('t', 'l', at)
      equal(sys.readlink('l', 100, at).toString(), 't')
    })
    equal(exists('d/l'), true)
  },
}

const NAMES: CaseTable = {
  'every byte but NUL and slash makes a name of its own': () => {
    const bytes = Array.from({ length: 255 }, (_, index) => index + 1).filter(byte => byte !== 0x2f && byte !== 0x2e)
    for (const byte of bytes) file(Buffer.of(byte), `${byte}`)
    deepEqual(names('.'), bytes.map(byte => String.fromCharCode(byte)).sort())
    for (const byte of bytes) equal(content(Buffer.of(byte)), `${byte}`)
    for (const byte of bytes) sys.unlink(Buffer.of(byte))
    deepEqual(names('.'), [])
  },
  ...each(
    [
      { what: 'a lone continuation byte', name: Buffer.of(0x80) },
      { what: 'an overlong slash', name: Buffer.of(0xc0, 0xaf) },
      { what: 'a cut sequence', name: Buffer.of(0xe2, 0x82) },
      { what: 'a UTF-16 surrogate', name: Buffer.of(0xed, 0xa0, 0x80) },
      { what: 'bytes beyond Unicode', name: Buffer.of(0xf8, 0x88, 0x80, 0x80, 0x80) },
      { what: '255 bytes of 0xff', name: Buffer.alloc(255, 0xff) },
      { what: 'a newline and a tab', name: Buffer.from('a\n\tb') },
      { what: 'a leading dash', name: Buffer.from('-rf') },
      { what: 'three dots', name: Buffer.from('...') },
      { what: 'spaces only', name: Buffer.from('   ') },
    ],
    ({ what }) => `a name of ${what} is made, listed, renamed, linked and removed`,
    ({ name }) =>
      () => {
        sys.mkdir('d')
        sys.chdir('d')
        file(name, 'x')
        deepEqual(names('.'), [name.toString('latin1')])
        equal(content(name), 'x')
        sys.link(name, 'plain')
        sys.unlink(name)
        sys.rename('plain', name)
        sys.symlink(name, 'l')
        equal(content('l'), 'x')
        sys.unlink('l')
        sys.unlink(name)
        sys.mkdir(name)
        sys.rmdir(name)
      },
  ),
  'composed and decomposed letters are two names': () => {
    file('\u00e9', 'one')
    file('e\u0301', 'two')
    equal(content('\u00e9'), 'one')
    equal(names('.').length, 2)
  },
  'capitals and small letters are two names': () => {
    file('Name', 'one')
    file('name', 'two')
    equal(content('Name'), 'one')
  },
  'five hundred names of random bytes are all listed': () => {
    const wanted = new Set<string>()
    for (let index = 0; wanted.size < 500; index++) {
      const bytes = pattern(1 + (index % 255), index + 7).map(byte =>
        byte === 0 || byte === 0x2f || byte === 0x2e ? 0x41 : byte,
      )
      if (bytes.length < 4) continue
      wanted.add(Buffer.from(bytes).toString('latin1'))
    }
    for (const name of wanted) file(Buffer.from(name, 'latin1'))
    deepEqual(names('.'), [...wanted].sort())
  },
}

export const link: CaseTable = { ...HARD, ...SOFT, ...NAMES }
