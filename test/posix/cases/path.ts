import { deepEqual, equal } from 'node:assert/strict'
import { type CaseTable, each, root, type Step } from '../case.ts'
import { ANN, as, exists, fails, file, folder, names } from './common.ts'
import * as sys from '../sys/index.ts'

// path_resolution(7): every call that takes a path fails alike on a bad one.

const CALLS: Readonly<Record<string, (path: string) => unknown>> = {
  stat: path => sys.stat(path),
  lstat: path => sys.lstat(path),
  'open for reading': path => sys.open(path),
  'open with O_CREAT': path => sys.open(path, sys.O_RDWR | sys.O_CREAT),
  mkdir: path => sys.mkdir(path),
  rmdir: path => sys.rmdir(path),
  unlink: path => sys.unlink(path),
  'mknod of a fifo': path => sys.mknod(path, sys.S_IFIFO | 0o644),
  symlink: path => sys.symlink('target', path),
  readlink: path => sys.readlink(path),
  'link from': path => sys.link(path, 'new'),
  'link to': path => sys.link('here', path),
  'rename from': path => sys.rename(path, 'new'),
  'rename to': path => sys.rename('here', path),
  chmod: path => sys.chmod(path, 0o600),
  chown: path => sys.chown(path, -1, -1),
  lchown: path => sys.lchown(path, -1, -1),
  truncate: path => sys.truncate(path, 0),
  utimensat: path => sys.touch(path),
  access: path => sys.access(path, sys.F_OK),
  chdir: path => sys.chdir(path),
  statfs: path => sys.statfs(path),
  getxattr: path => sys.getxattr(path, 'user.x'),
  setxattr: path => sys.setxattr(path, 'user.x', 'value'),
  listxattr: path => sys.listxattr(path),
  removexattr: path => sys.removexattr(path, 'user.x'),
}

interface BadPath {
  readonly what: string
  readonly code: string
  readonly path: string
  readonly prepare?: () => void
}

const BAD_PATHS: readonly BadPath[] = [
  { what: 'below a missing directory', code: 'ENOENT', path: 'missing/x' },
  { what: 'below a file', code: 'ENOTDIR', path: 'f/x', prepare: () => file('f') },
  {
    what: 'below a symlink that leads to itself',
    code: 'ELOOP',
    path: 'loop/x',
    prepare: () => sys.symlink('loop', 'loop'),
  },
  { what: 'with a name of 256 bytes', code: 'ENAMETOOLONG', path: 'n'.repeat(256) },
  { what: 'below a name of 256 bytes', code: 'ENAMETOOLONG', path: `${'n'.repeat(256)}/x` },
  { what: 'of 4096 bytes', code: 'ENAMETOOLONG', path: `${'./'.repeat(2047)}xx` },
  { what: 'that is empty', code: 'ENOENT', path: '' },
]

const badPaths: CaseTable = Object.assign(
  {},
  ...BAD_PATHS.map(bad =>
    each(
      Object.entries(CALLS),
      ([call]) => `${call} of a path ${bad.what} fails with ${bad.code}`,
      ([, call]): Step =>
        () => {
          file('here')
          bad.prepare?.()
          fails(bad.code, () => call(bad.path))
          equal(exists('here'), true)
        },
    ),
  ),
)

const closedFolders: CaseTable = each(
  Object.entries(CALLS),
  ([call]) => `${call} of a path below a directory without search permission fails with EACCES`,
  ([, call]) =>
    root(() => {
      folder('open', 0o777)
      folder('open/closed', 0o666)
      file('open/closed/x')
      file('open/here', '', 0o666)
      sys.chown('open/here', ANN.uid, ANN.gid)
      sys.chdir('open')
      as(ANN, () => fails('EACCES', () => call('closed/x')))
    }),
)

const PLAIN: CaseTable = {
  'a path of 4095 bytes resolves': () => {
    file('x')
    equal(sys.stat(`${'./'.repeat(2047)}x`).size, 0)
  },
  'a name of 255 bytes can be made, found and removed': () => {
    const name = 'n'.repeat(255)
    file(name, 'long')
    equal(sys.stat(name).size, 4)
    sys.rename(name, 'm'.repeat(255))
    sys.unlink('m'.repeat(255))
    equal(exists('m'.repeat(255)), false)
  },
  'a directory tree deeper than PATH_MAX can be built and walked step by step': () => {
    const name = 'd'.repeat(200)
    for (let depth = 0; depth < 25; depth++) {
      sys.mkdir(name)
      sys.chdir(name)
    }
    file('bottom', 'deep')
    equal(sys.stat('bottom').size, 4)
    for (let depth = 0; depth < 25; depth++) sys.chdir('..')
    deepEqual(names('.'), [name])
  },
  'dot and dot-dot lead to the directory and its parent': () => {
    sys.mkdir('a')
    sys.mkdir('a/b')
    equal(sys.stat('a/b/..').ino, sys.stat('a').ino)
    equal(sys.stat('a/.').ino, sys.stat('a').ino)
    equal(sys.stat('a/b/../../a/b').ino, sys.stat('a/b').ino)
  },
  'slashes repeat without meaning': () => {
    sys.mkdir('a')
    file('a/f', 'x')
    equal(sys.stat('a////f').ino, sys.stat('a/f').ino)
  },
}

const SLASHES: CaseTable = {
  'stat of a file with a slash behind fails with ENOTDIR': () => {
    file('f')
    fails('ENOTDIR', () => sys.stat('f/'))
  },
  'open with O_CREAT of a name with a slash behind fails with EISDIR': () =>
    fails('EISDIR', () => sys.open('f/', sys.O_CREAT | sys.O_RDWR)),
  'mkdir of a name with a slash behind makes the directory': () => {
    sys.mkdir('d/')
    equal(sys.stat('d').type, sys.S_IFDIR)
  },
  'rmdir of a name with a slash behind removes the directory': () => {
    sys.mkdir('d')
    sys.rmdir('d/')
    equal(exists('d'), false)
  },
  'unlink of a file with a slash behind fails with ENOTDIR': () => {
    file('f')
    fails('ENOTDIR', () => sys.unlink('f/'))
  },
  'link to a name with a slash behind fails with ENOENT': () => {
    file('f')
    fails('ENOENT', () => sys.link('f', 'g/'))
  },
  'symlink at a name with a slash behind fails with ENOENT': () => fails('ENOENT', () => sys.symlink('t', 'l/')),
  'mknod at a name with a slash behind fails with ENOENT': () =>
    fails('ENOENT', () => sys.mknod('p/', sys.S_IFIFO | 0o644)),
  'rename of a file to a name with a slash behind fails with ENOTDIR': () => {
    file('f')
    fails('ENOTDIR', () => sys.rename('f', 'g/'))
  },
  'rename of a directory to a name with a slash behind works': () => {
    sys.mkdir('d')
    sys.rename('d', 'e/')
    equal(sys.stat('e').type, sys.S_IFDIR)
  },
  'lstat of a symlink with a slash behind follows it': () => {
    sys.mkdir('d')
    sys.symlink('d', 'l')
    equal(sys.lstat('l/').type, sys.S_IFDIR)
  },
}

export const path: CaseTable = { ...PLAIN, ...SLASHES, ...badPaths, ...closedFolders }
