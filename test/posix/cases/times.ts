import { equal, ok } from 'node:assert/strict'
import { type CaseTable, each, root } from '../case.ts'
import {
  afterTimesOf,
  age,
  ANN,
  as,
  BEN,
  expectTimes,
  fails,
  file,
  folder,
  movedTimes,
  SECOND,
  withFile,
} from './common.ts'
import * as sys from '../sys/index.ts'

interface Change {
  readonly what: string
  /** Times of the file `f` that move; empty for none. */
  readonly own: string
  /** Times of the directory `d` that holds it. */
  readonly parent: string
  readonly act: () => void
}

const open = (flags: number, step: (fd: number) => void) => withFile('d/f', flags, step)

/** POSIX "marks for update" of each call; the file is `d/f`, old enough that only this call can move its times. */
const CHANGES: readonly Change[] = [
  { what: 'write', own: 'mc', parent: '', act: () => open(sys.O_WRONLY, fd => sys.write(fd, 'x')) },
  { what: 'truncate to a smaller size', own: 'mc', parent: '', act: () => sys.truncate('d/f', 1) },
  { what: 'truncate to a larger size', own: 'mc', parent: '', act: () => sys.truncate('d/f', 9999) },
  { what: 'ftruncate', own: 'mc', parent: '', act: () => open(sys.O_WRONLY, fd => sys.truncate(fd, 1)) },
  { what: 'open with O_TRUNC', own: 'mc', parent: '', act: () => open(sys.O_WRONLY | sys.O_TRUNC, () => {}) },
  { what: 'open and close', own: '', parent: '', act: () => open(sys.O_RDWR, () => {}) },
  {
    what: 'open with O_CREAT of a file that is there',
    own: '',
    parent: '',
    act: () => open(sys.O_RDWR | sys.O_CREAT, () => {}),
  },
  { what: 'write of no bytes', own: '', parent: '', act: () => open(sys.O_WRONLY, fd => sys.write(fd, '')) },
  { what: 'stat and access', own: '', parent: '', act: () => (sys.stat('d/f'), sys.access('d/f', sys.R_OK)) },
  { what: 'chmod', own: 'c', parent: '', act: () => sys.chmod('d/f', 0o600) },
  {
    what: 'chown to the same ids',
    own: 'c',
    parent: '',
    act: () => sys.chown('d/f', sys.stat('d/f').uid, sys.stat('d/f').gid),
  },
  { what: 'setxattr', own: 'c', parent: '', act: () => sys.setxattr('d/f', 'user.x', 'y') },
  { what: 'link', own: 'c', parent: 'mc', act: () => sys.link('d/f', 'd/g') },
  {
    what: 'rename in the directory',
    own: 'c',
    parent: 'mc',
    act: () => (sys.rename('d/f', 'd/g'), sys.link('d/g', 'keep')),
  },
  { what: 'unlink of another name', own: 'c', parent: 'mc', act: () => sys.unlink('d/second') },
  { what: 'create of another file', own: '', parent: 'mc', act: () => file('d/new') },
  { what: 'mkdir beside it', own: '', parent: 'mc', act: () => sys.mkdir('d/newdir') },
  { what: 'rmdir beside it', own: '', parent: 'mc', act: () => sys.rmdir('d/sub') },
  { what: 'symlink beside it', own: '', parent: 'mc', act: () => sys.symlink('t', 'd/l') },
  { what: 'mknod beside it', own: '', parent: 'mc', act: () => sys.mknod('d/p', sys.S_IFIFO | 0o644) },
  { what: 'rename of another file away', own: '', parent: 'mc', act: () => sys.rename('d/other', 'other') },
  { what: 'rename of a file into the directory', own: '', parent: 'mc', act: () => sys.rename('outside', 'd/inside') },
  { what: 'chmod of a file beside it', own: '', parent: '', act: () => sys.chmod('d/other', 0o600) },
  {
    what: 'write to a file beside it',
    own: '',
    parent: '',
    act: () => withFile('d/other', sys.O_WRONLY, fd => sys.write(fd, 'x')),
  },
  { what: 'failed create over it', own: '', parent: '', act: () => fails('EEXIST', () => sys.mkdir('d/f')) },
]

const MARKS: CaseTable = each(
  CHANGES,
  ({ what, own, parent }) => `${what} moves ${spell(own)} of the file and ${spell(parent)} of its directory`,
  ({ own, parent, act }) =>
    () => {
      sys.mkdir('d')
      file('d/f', 'some content')
      file('d/other', 'x')
      file('outside')
      sys.mkdir('d/sub')
      sys.link('d/f', 'd/second')
      withFile('d/f', sys.O_RDONLY, fd => {
        afterTimesOf('d')
        const [file, folder] = [afterTimesOf('d/f'), sys.lstat('d')]
        act()
        equal(movedTimes(file, sys.stat(fd)), own, 'times of the file that moved')
        equal(movedTimes(folder, sys.lstat('d')), parent, 'times of the directory that moved')
      })
    },
)

function spell(letters: string): string {
  const words = { a: 'atime', m: 'mtime', c: 'ctime' }
  const moved = Object.entries(words).filter(([letter]) => letters.includes(letter))
  return moved.map(([, word]) => word).join(' and ') || 'no time'
}

const SET_TIMES = [
  { what: 'the epoch', time: 0n },
  { what: 'one nanosecond', time: 1n },
  { what: 'a nanosecond before the next second', time: 1_500_000_000n * SECOND + 999_999_999n },
  { what: 'one second before 1970', time: -SECOND },
  { what: 'a nanosecond before 1970', time: -1n },
  { what: 'the year 1902', time: -2_145_916_800n * SECOND + 3n },
  { what: 'the end of 2038', time: 2_147_483_648n * SECOND + 5n },
  { what: 'the year 2100', time: 4_102_444_800n * SECOND + 123_456_789n },
  { what: 'the year 2200', time: 7_258_118_400n * SECOND + 7n },
]

const SET: CaseTable = {
  ...each(
    SET_TIMES,
    ({ what }) => `utimensat keeps ${what} to the nanosecond`,
    ({ time }) =>
      () => {
        file('f')
        sys.utimens('f', { atime: time, mtime: time + 1n })
        equal(sys.lstat('f').atime, time)
        equal(sys.lstat('f').mtime, time + 1n)
        withFile('f', sys.O_RDONLY, fd => equal(sys.stat(fd).mtime, time + 1n))
      },
  ),
  'utimensat with UTIME_OMIT leaves that time': () => {
    file('f')
    sys.utimens('f', { atime: 5n, mtime: 6n })
    sys.utimens('f', { atime: 'omit', mtime: 7n })
    equal(sys.lstat('f').atime, 5n)
    equal(sys.lstat('f').mtime, 7n)
    sys.utimens('f', { atime: 8n, mtime: 'omit' })
    equal(sys.lstat('f').atime, 8n)
    equal(sys.lstat('f').mtime, 7n)
  },
  'utimensat with both omitted changes nothing, ctime neither': () => {
    file('f')
    expectTimes('f', '', () => sys.utimens('f', { atime: 'omit', mtime: 'omit' }))
  },
  'utimensat with UTIME_NOW takes the clock': () => {
    file('f')
    sys.utimens('f', { atime: 5n, mtime: 6n })
    const now = BigInt(Date.now()) * 1_000_000n
    sys.utimens('f', { atime: 'now', mtime: 'omit' })
    ok(near(sys.lstat('f').atime, now))
    equal(sys.lstat('f').mtime, 6n)
    sys.utimens('f', { atime: 'omit', mtime: 'now' })
    ok(near(sys.lstat('f').mtime, now))
  },
  'utimensat without times takes the clock for both': () => {
    file('f')
    sys.utimens('f', { atime: 5n, mtime: 6n })
    sys.touch('f')
    const { atime, mtime } = sys.lstat('f')
    ok(near(atime, BigInt(Date.now()) * 1_000_000n))
    equal(atime, mtime)
  },
  'setting times moves ctime': () => {
    file('f')
    const before = afterTimesOf('f')
    sys.utimens('f', { atime: 5n, mtime: 6n })
    ok(sys.lstat('f').ctime > before.ctime)
  },
  'times of a symlink are its own': () => {
    file('f')
    sys.symlink('f', 'l')
    sys.utimens('f', { atime: 1n, mtime: 2n })
    sys.utimens('l', { atime: 3n, mtime: 4n }, sys.AT_SYMLINK_NOFOLLOW)
    equal(sys.lstat('l').mtime, 4n)
    equal(sys.lstat('f').mtime, 2n)
    sys.utimens('l', { atime: 5n, mtime: 6n })
    equal(sys.lstat('f').mtime, 6n)
    equal(sys.lstat('l').mtime, 4n)
  },
  'times of a directory and a fifo can be set': () => {
    sys.mkdir('d')
    sys.mknod('p', sys.S_IFIFO | 0o644)
    for (const path of ['d', 'p']) {
      sys.utimens(path, { atime: 7n * SECOND, mtime: 8n * SECOND })
      equal(sys.lstat(path).mtime, 8n * SECOND)
    }
  },
  'mtime set on an open file stays after its close': () => {
    withFile('f', sys.O_RDWR | sys.O_CREAT, fd => {
      sys.write(fd, 'data')
      sys.utimens(fd, { atime: 5n, mtime: 6n * SECOND + 7n })
    })
    equal(sys.lstat('f').mtime, 6n * SECOND + 7n)
  },
  'a new file has one time for all three, that of the clock': () => {
    const before = BigInt(Date.now()) * 1_000_000n
    file('f')
    const { atime, mtime } = sys.lstat('f')
    equal(atime, mtime)
    ok(near(mtime, before))
  },
  'a write in a tight loop never sets times back': () => {
    withFile('f', sys.O_RDWR | sys.O_CREAT, fd => {
      let last = sys.stat(fd).mtime
      for (let turn = 0; turn < 300; turn++) {
        sys.write(fd, 'x')
        const { mtime } = sys.stat(fd)
        ok(mtime >= last)
        last = mtime
      }
    })
  },
}

function near(time: bigint, wanted: bigint): boolean {
  const apart = time - wanted
  return apart > -2n * SECOND && apart < 20n * SECOND
}

const setBy = (who: sys.Identity, mode: number) => (step: () => void) =>
  root(() => {
    folder('d', 0o777)
    file('d/f', '', mode)
    sys.chown('d/f', ANN.uid, ANN.gid)
    sys.chdir('d')
    as(who, step)
  })

const RIGHTS: CaseTable = {
  'the owner sets any time': setBy(ANN, 0o400)(() => sys.utimens('f', { atime: 1n, mtime: 2n })),
  'the owner sets the current time without write permission': setBy(ANN, 0o400)(() => sys.touch('f')),
  'a stranger with write permission sets the current time': setBy(BEN, 0o666)(() => sys.touch('f')),
  'a stranger with write permission may not choose the time': setBy(
    BEN,
    0o666,
  )(() => fails('EPERM', () => sys.utimens('f', { atime: 1n, mtime: 2n }))),
  'a stranger may not set one time to now and leave the other': setBy(
    BEN,
    0o666,
  )(() => fails('EPERM', () => sys.utimens('f', { atime: 'now', mtime: 'omit' }))),
  'a stranger without write permission may not set the current time': setBy(
    BEN,
    0o644,
  )(() => fails('EACCES', () => sys.touch('f'))),
}

const nowSeconds = () => BigInt(Math.floor(Date.now() / 1000))
const readOnce = (path: string) => withFile(path, sys.O_RDONLY, fd => void sys.read(fd, 10, 0))

const RELATIME: CaseTable = {
  'reading moves an atime that is older than mtime': () => {
    file('f', 'x')
    age('f', { atime: nowSeconds() - 1000n, mtime: nowSeconds() - 500n })
    expectTimes('f', 'a', () => readOnce('f'))
  },
  'reading leaves an atime that is newer than mtime and ctime and of today': () => {
    file('f', 'x')
    age('f', { atime: nowSeconds() + 100n, mtime: nowSeconds() - 500n })
    const { atime } = sys.lstat('f')
    readOnce('f')
    equal(sys.lstat('f').atime, atime)
  },
  'reading moves an atime that is older than a day': () => {
    file('f', 'x')
    age('f', { atime: nowSeconds() - 90_000n, mtime: nowSeconds() - 100_000n })
    expectTimes('f', 'a', () => readOnce('f'))
  },
  'reading with O_NOATIME leaves atime': () => {
    file('f', 'x')
    age('f', { atime: nowSeconds() - 1000n, mtime: nowSeconds() - 500n })
    expectTimes('f', '', () => withFile('f', sys.O_RDONLY | sys.O_NOATIME, fd => sys.read(fd, 10)))
  },
  'listing a directory moves an atime that is older than mtime': () => {
    sys.mkdir('d')
    file('d/f')
    age('d', { atime: nowSeconds() - 1000n, mtime: nowSeconds() - 500n })
    expectTimes('d', 'a', () => withFile('d', sys.O_RDONLY, fd => sys.getdents(fd)))
  },
  'reading a symlink moves an atime that is older than mtime': () => {
    sys.symlink('t', 'l')
    age('l', { atime: nowSeconds() - 1000n, mtime: nowSeconds() - 500n })
    expectTimes('l', 'a', () => sys.readlink('l'))
  },
}

export const times: CaseTable = { ...MARKS, ...SET, ...RIGHTS, ...RELATIME }
