import { equal } from 'node:assert/strict'
import { type CaseTable, each, root } from '../case.ts'
import { ANN, as, BEN, CLUB, expectTimes, fails, file, folder, KINDS, withFile } from './common.ts'
import * as sys from '../sys/index.ts'

const MODES = [0o000, 0o001, 0o010, 0o100, 0o444, 0o644, 0o755, 0o777, 0o1777, 0o2755, 0o4755, 0o6777, 0o7777]

const MODE: CaseTable = {
  ...each(
    MODES.flatMap(mode => (['file', 'empty directory', 'fifo', 'socket'] as const).map(kind => ({ mode, kind }))),
    ({ mode, kind }) => `chmod ${mode.toString(8).padStart(4, '0')} of a ${kind} is kept`,
    ({ mode, kind }) =>
      () => {
        KINDS[kind].make('x')
        sys.chmod('x', mode)
        equal(sys.lstat('x').permissions, mode)
        equal(sys.lstat('x').type, KINDS[kind].type)
      },
  ),
  'chmod follows a symlink': () => {
    file('f')
    sys.symlink('f', 'l')
    sys.chmod('l', 0o600)
    equal(sys.lstat('f').permissions, 0o600)
    equal(sys.lstat('l').permissions, 0o777)
  },
  'fchmod works on a read-only descriptor': () => {
    file('f')
    withFile('f', sys.O_RDONLY, fd => sys.chmod(fd, 0o610))
    equal(sys.lstat('f').permissions, 0o610)
  },
  'chmod moves only ctime': () => {
    file('f')
    expectTimes('f', 'c', () => sys.chmod('f', 0o600))
  },
  'chmod by a stranger fails with EPERM': root(() => {
    file('f', '', 0o666)
    sys.chown('f', ANN.uid, ANN.gid)
    as(BEN, () => fails('EPERM', () => sys.chmod('f', 0o777)))
    as(ANN, () => sys.chmod('f', 0o640))
    equal(sys.lstat('f').permissions, 0o640)
  }),
  'chmod drops setgid when the owner is not in the group': root(() => {
    file('f')
    sys.chown('f', ANN.uid, CLUB)
    as(ANN, () => sys.chmod('f', 0o2755))
    equal(sys.lstat('f').permissions, 0o755)
    as({ ...ANN, groups: [CLUB] }, () => sys.chmod('f', 0o2755))
    equal(sys.lstat('f').permissions, 0o2755)
  }),
}

interface Clearing {
  readonly what: string
  readonly act: () => void
  readonly before: number
  readonly after: number
}

const write = () => withFile('f', sys.O_WRONLY, fd => void sys.write(fd, 'x'))

const CLEARINGS: readonly Clearing[] = [
  { what: 'a write', act: write, before: 0o6777, after: 0o777 },
  { what: 'a write', act: write, before: 0o4755 | 0o022, after: 0o777 },
  { what: 'a write', act: write, before: 0o2777, after: 0o777 },
  { what: 'a write', act: write, before: 0o777, after: 0o777 },
  { what: 'truncate', act: () => sys.truncate('f', 1), before: 0o6777, after: 0o777 },
  {
    what: 'ftruncate',
    act: () => withFile('f', sys.O_WRONLY, fd => sys.truncate(fd, 1)),
    before: 0o6777,
    after: 0o777,
  },
  { what: 'O_TRUNC', act: () => sys.close(sys.open('f', sys.O_WRONLY | sys.O_TRUNC)), before: 0o6777, after: 0o777 },
  {
    what: 'fallocate',
    act: () => withFile('f', sys.O_WRONLY, fd => sys.fallocate(fd, 0, 0, 9000)),
    before: 0o6777,
    after: 0o777,
  },
  {
    what: 'punching a hole',
    act: () =>
      withFile('f', sys.O_WRONLY, fd => sys.fallocate(fd, sys.FALLOC_FL_PUNCH_HOLE | sys.FALLOC_FL_KEEP_SIZE, 0, 10)),
    before: 0o6777,
    after: 0o777,
  },
  {
    what: 'copy_file_range',
    act: () =>
      withFile('source', sys.O_RDONLY, from =>
        withFile('f', sys.O_WRONLY, to => void sys.copyFileRange({ fd: from, offset: 0 }, { fd: to, offset: 0 }, 10)),
      ),
    before: 0o6777,
    after: 0o777,
  },
]

const CLEAR: CaseTable = {
  ...each(
    CLEARINGS,
    ({ what, before, after }) => `${what} by a stranger turns mode ${before.toString(8)} into ${after.toString(8)}`,
    ({ act, before, after }) =>
      root(() => {
        file('f', 'some content')
        file('source', 'other content')
        sys.chmod('f', before)
        as(ANN, act)
        equal(sys.lstat('f').permissions, after)
      }),
  ),
  'a write by root keeps setuid and setgid': root(() => {
    file('f', 'x')
    sys.chmod('f', 0o6777)
    write()
    equal(sys.lstat('f').permissions, 0o6777)
  }),
  'setgid without group execution survives a write by an owner in the group': root(() => {
    file('f', 'x')
    sys.chown('f', ANN.uid, ANN.gid)
    sys.chmod('f', 0o2666)
    as(ANN, write)
    equal(sys.lstat('f').permissions, 0o2666)
  }),
}

const OWNER: CaseTable = {
  'root gives a file to anybody': root(() => {
    file('f')
    sys.chown('f', 12345, 54321)
    equal(sys.lstat('f').uid, 12345)
    equal(sys.lstat('f').gid, 54321)
  }),
  'uids and gids reach up to 4294967294': root(() => {
    file('f')
    sys.chown('f', 0xfffffffe | 0, 0xfffffffe | 0)
    equal(sys.lstat('f').uid, 0xfffffffe)
    equal(sys.lstat('f').gid, 0xfffffffe)
  }),
  'chown with -1 leaves that id as it is': root(() => {
    file('f')
    sys.chown('f', 7, 8)
    sys.chown('f', -1, 9)
    equal(sys.lstat('f').uid, 7)
    equal(sys.lstat('f').gid, 9)
    sys.chown('f', 10, -1)
    equal(sys.lstat('f').uid, 10)
    equal(sys.lstat('f').gid, 9)
  }),
  'chown follows a symlink and lchown does not': root(() => {
    file('f')
    sys.symlink('f', 'l')
    sys.chown('l', 7, 7)
    equal(sys.lstat('f').uid, 7)
    equal(sys.lstat('l').uid, 0)
    sys.lchown('l', 8, 8)
    equal(sys.lstat('l').uid, 8)
    equal(sys.lstat('f').uid, 7)
  }),
  'fchown works on a descriptor': root(() => {
    file('f')
    withFile('f', sys.O_RDONLY, fd => sys.chown(fd, 7, 8))
    equal(sys.lstat('f').gid, 8)
  }),
  'the owner may give the group to one of theirs': root(() => {
    file('f')
    sys.chown('f', ANN.uid, ANN.gid)
    as({ ...ANN, groups: [CLUB] }, () => sys.chown('f', -1, CLUB))
    equal(sys.lstat('f').gid, CLUB)
  }),
  'the owner may not give the group to a strange one': root(() => {
    file('f')
    sys.chown('f', ANN.uid, ANN.gid)
    as(ANN, () => fails('EPERM', () => sys.chown('f', -1, CLUB)))
  }),
  'the owner may not give the file away': root(() => {
    file('f')
    sys.chown('f', ANN.uid, ANN.gid)
    as(ANN, () => fails('EPERM', () => sys.chown('f', BEN.uid, -1)))
  }),
  'a stranger may not take the file': root(() => {
    file('f', '', 0o777)
    as(ANN, () => fails('EPERM', () => sys.chown('f', ANN.uid, ANN.gid)))
  }),
  ...each(
    [
      { mode: 0o6755, after: 0o755 },
      { mode: 0o4755, after: 0o755 },
      { mode: 0o2755, after: 0o755 },
      { mode: 0o2644, after: 0o2644 },
    ],
    ({ mode, after }) => `chown by the owner turns mode ${mode.toString(8)} of a file into ${after.toString(8)}`,
    ({ mode, after }) =>
      root(() => {
        file('f')
        sys.chown('f', ANN.uid, ANN.gid)
        sys.chmod('f', mode)
        as({ ...ANN, groups: [CLUB] }, () => sys.chown('f', -1, ANN.gid))
        equal(sys.lstat('f').permissions, after)
      }),
  ),
  'chown by root clears setuid and setgid of a program': root(() => {
    file('f')
    sys.chmod('f', 0o6755)
    sys.chown('f', 7, 7)
    equal(sys.lstat('f').permissions, 0o755)
  }),
  'chown of a directory keeps its setgid bit': root(() => {
    folder('d')
    sys.chmod('d', 0o2755)
    sys.chown('d', 7, 7)
    equal(sys.lstat('d').permissions, 0o2755)
  }),
  'chown moves only ctime': root(() => {
    file('f')
    expectTimes('f', 'c', () => sys.chown('f', 7, 7))
  }),
  'access asks for the effective user': root(() => {
    file('f', '', 0o640)
    sys.chown('f', ANN.uid, CLUB)
    as(ANN, () => sys.access('f', sys.R_OK | sys.W_OK))
    as({ ...BEN, groups: [CLUB] }, () => sys.access('f', sys.R_OK))
    as({ ...BEN, groups: [CLUB] }, () => fails('EACCES', () => sys.access('f', sys.W_OK)))
    as(BEN, () => fails('EACCES', () => sys.access('f', sys.R_OK)))
    fails('EACCES', () => sys.access('f', sys.X_OK))
  }),
  'listing a directory needs read permission, not search': root(() => {
    folder('d', 0o711)
    file('d/f', 'x')
    as(ANN, () => {
      fails('EACCES', () => sys.open('d', sys.O_RDONLY | sys.O_DIRECTORY))
      equal(sys.stat('d/f').size, 1)
    })
    sys.chmod('d', 0o744)
    as(ANN, () => {
      sys.close(sys.open('d', sys.O_RDONLY | sys.O_DIRECTORY))
      fails('EACCES', () => sys.stat('d/f'))
    })
  }),
}

export const chmod: CaseTable = { ...MODE, ...OWNER, ...CLEAR }
