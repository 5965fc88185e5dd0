import { equal, ok, rejects } from 'node:assert/strict'
import { type CaseTable, type Context, each } from '../case.ts'
import { fails, file } from './common.ts'
import type { Peer } from '../peer-client.ts'
import * as sys from '../sys/index.ts'

type Range = { readonly type: number; readonly start?: number; readonly length?: number }
const READ = (start = 0, length = 0): Range => ({ type: sys.F_RDLCK, start, length })
const WRITE = (start = 0, length = 0): Range => ({ type: sys.F_WRLCK, start, length })
const UNLOCK = (start = 0, length = 0): Range => ({ type: sys.F_UNLCK, start, length })

const BUSY = (error: unknown) => error instanceof sys.SysError && ['EAGAIN', 'EACCES'].includes(error.code)

/** A file open here and in a second process. */
async function shared({ peer, dir }: Context): Promise<{ fd: number; other: Peer; theirs: number }> {
  file('f', 'x'.repeat(1000))
  const other = await peer()
  const theirs = await other.call('open', `${dir}/f`, sys.O_RDWR)
  return { fd: sys.open('f', sys.O_RDWR), other, theirs }
}

interface Pair {
  readonly mine: Range
  readonly theirs: Range
  readonly clash: boolean
}

const PAIRS: readonly (Pair & { what: string })[] = [
  { what: 'two read locks', mine: READ(), theirs: READ(), clash: false },
  { what: 'a read and a write lock', mine: READ(), theirs: WRITE(), clash: true },
  { what: 'a write and a read lock', mine: WRITE(), theirs: READ(), clash: true },
  { what: 'two write locks', mine: WRITE(), theirs: WRITE(), clash: true },
  { what: 'write locks of neighbouring ranges', mine: WRITE(0, 100), theirs: WRITE(100, 100), clash: false },
  { what: 'write locks that share one byte', mine: WRITE(0, 101), theirs: WRITE(100, 100), clash: true },
  { what: 'a write lock to the end and one far beyond', mine: WRITE(10), theirs: WRITE(1_000_000, 1), clash: true },
  { what: 'a write lock and one before it', mine: WRITE(500, 10), theirs: WRITE(0, 500), clash: false },
  {
    what: 'write locks beyond 4 GiB that meet',
    mine: WRITE(5 * 2 ** 30, 10),
    theirs: WRITE(5 * 2 ** 30 + 9, 1),
    clash: true,
  },
]

const byKind = (kind: 'POSIX' | 'OFD', set: number): CaseTable =>
  each(
    PAIRS,
    ({ what, clash }) => `${kind} locks: ${what} of two processes ${clash ? 'clash' : 'go together'}`,
    ({ mine, theirs, clash }) =>
      async context => {
        const { fd, other, theirs: their } = await shared(context)
        sys.setLock(fd, set, mine)
        if (clash) await rejects(other.call('setLock', their, set, theirs), BUSY)
        else await other.call('setLock', their, set, theirs)
        sys.setLock(fd, set, UNLOCK())
        await other.call('setLock', their, set, theirs)
      },
  )

const POSIX: CaseTable = {
  ...byKind('POSIX', sys.F_SETLK),
  'F_GETLK tells the lock in the way and who holds it': async context => {
    const { fd, other, theirs } = await shared(context)
    await other.call('setLock', theirs, sys.F_SETLK, WRITE(100, 50))
    const found = sys.getLock(fd, sys.F_GETLK, WRITE(0, 0))
    equal(found?.type, sys.F_WRLCK)
    equal(found?.start, 100)
    equal(found?.length, 50)
    equal(found?.pid, other.pid)
    equal(sys.getLock(fd, sys.F_GETLK, WRITE(0, 100)), undefined)
  },
  'locks of one process never clash with themselves': () => {
    file('f', 'abc')
    const [one, two] = [sys.open('f', sys.O_RDWR), sys.open('f', sys.O_RDWR)]
    sys.setLock(one, sys.F_SETLK, WRITE())
    sys.setLock(two, sys.F_SETLK, WRITE())
    sys.setLock(two, sys.F_SETLK, READ())
  },
  'unlocking the middle leaves both ends locked': async context => {
    const { fd, other, theirs } = await shared(context)
    sys.setLock(fd, sys.F_SETLK, WRITE(0, 300))
    sys.setLock(fd, sys.F_SETLK, UNLOCK(100, 100))
    await other.call('setLock', theirs, sys.F_SETLK, WRITE(100, 100))
    await rejects(other.call('setLock', theirs, sys.F_SETLK, WRITE(99, 1)), BUSY)
    await rejects(other.call('setLock', theirs, sys.F_SETLK, WRITE(200, 1)), BUSY)
  },
  'a part turned into a read lock can be shared': async context => {
    const { fd, other, theirs } = await shared(context)
    sys.setLock(fd, sys.F_SETLK, WRITE(0, 300))
    sys.setLock(fd, sys.F_SETLK, READ(100, 100))
    await other.call('setLock', theirs, sys.F_SETLK, READ(100, 100))
    await rejects(other.call('setLock', theirs, sys.F_SETLK, READ(0, 1)), BUSY)
  },
  'closing any descriptor of the file drops the locks of the process': async context => {
    const { fd, other, theirs } = await shared(context)
    sys.setLock(fd, sys.F_SETLK, WRITE())
    sys.close(sys.open('f', sys.O_RDONLY))
    await other.call('setLock', theirs, sys.F_SETLK, WRITE())
  },
  'the locks of a killed process are gone': async context => {
    const { fd, other, theirs } = await shared(context)
    await other.call('setLock', theirs, sys.F_SETLK, WRITE())
    fails(['EAGAIN', 'EACCES'], () => sys.setLock(fd, sys.F_SETLK, WRITE()))
    await other.kill()
    sys.setLock(fd, sys.F_SETLKW, WRITE())
  },
  'F_SETLKW waits until the lock is free': async context => {
    const { fd, other, theirs } = await shared(context)
    sys.setLock(fd, sys.F_SETLK, WRITE())
    let got = false
    const waiting = other.call('setLock', theirs, sys.F_SETLKW, WRITE()).then(() => {
      got = true
    })
    await turns(20)
    equal(got, false)
    sys.setLock(fd, sys.F_SETLK, UNLOCK())
    await waiting
    fails(['EAGAIN', 'EACCES'], () => sys.setLock(fd, sys.F_SETLK, WRITE()))
  },
  'a process killed while it waits for a lock leaves nothing behind': async context => {
    const { fd, other, theirs } = await shared(context)
    sys.setLock(fd, sys.F_SETLK, WRITE())
    const waiting = rejects(other.call('setLock', theirs, sys.F_SETLKW, WRITE()))
    await turns(20)
    await other.kill()
    await waiting
    sys.setLock(fd, sys.F_SETLK, UNLOCK())
    equal(sys.getLock(fd, sys.F_GETLK, WRITE()), undefined)
  },
  'two processes that wait for each other: one gets EDEADLK': async context => {
    const { fd, other, theirs } = await shared(context)
    sys.setLock(fd, sys.F_SETLK, WRITE(0, 1))
    await other.call('setLock', theirs, sys.F_SETLK, WRITE(1, 1))
    const waiting = other.call('setLock', theirs, sys.F_SETLKW, WRITE(0, 1))
    await turns(20)
    fails('EDEADLK', () => sys.setLock(fd, sys.F_SETLKW, WRITE(1, 1)))
    sys.setLock(fd, sys.F_SETLK, UNLOCK())
    await waiting
  },
  'locks survive rename and unlink of the file': async context => {
    const { fd, other, theirs } = await shared(context)
    sys.setLock(fd, sys.F_SETLK, WRITE())
    sys.rename('f', 'g')
    sys.unlink('g')
    await rejects(other.call('setLock', theirs, sys.F_SETLK, WRITE()), BUSY)
  },
  'a write lock needs a writable descriptor and a read lock a readable one': () => {
    file('f')
    const [reader, writer] = [sys.open('f', sys.O_RDONLY), sys.open('f', sys.O_WRONLY)]
    fails('EBADF', () => sys.setLock(reader, sys.F_SETLK, WRITE()))
    fails('EBADF', () => sys.setLock(writer, sys.F_SETLK, READ()))
  },
  'a hundred ranges of one file are kept apart': async context => {
    const { fd, other, theirs } = await shared(context)
    for (let index = 0; index < 100; index++) sys.setLock(fd, sys.F_SETLK, WRITE(index * 10, 5))
    for (const index of [0, 42, 99]) {
      await rejects(other.call('setLock', theirs, sys.F_SETLK, WRITE(index * 10, 1)), BUSY)
      await other.call('setLock', theirs, sys.F_SETLK, WRITE(index * 10 + 5, 5))
    }
  },
}

const OFD: CaseTable = {
  ...byKind('OFD', sys.F_OFD_SETLK),
  'OFD locks of two descriptors of one process clash': () => {
    file('f')
    const [one, two] = [sys.open('f', sys.O_RDWR), sys.open('f', sys.O_RDWR)]
    sys.setLock(one, sys.F_OFD_SETLK, WRITE())
    fails('EAGAIN', () => sys.setLock(two, sys.F_OFD_SETLK, WRITE()))
    equal(sys.getLock(two, sys.F_OFD_GETLK, WRITE())?.type, sys.F_WRLCK)
  },
  'an OFD lock stays when another descriptor is closed and goes with its own': () => {
    file('f')
    const [one, two] = [sys.open('f', sys.O_RDWR), sys.open('f', sys.O_RDWR)]
    sys.setLock(one, sys.F_OFD_SETLK, WRITE())
    sys.close(sys.open('f', sys.O_RDWR))
    fails('EAGAIN', () => sys.setLock(two, sys.F_OFD_SETLK, WRITE()))
    sys.close(one)
    sys.setLock(two, sys.F_OFD_SETLK, WRITE())
  },
  'an OFD lock stays until the last duplicate is closed': () => {
    file('f')
    const [one, two] = [sys.open('f', sys.O_RDWR), sys.open('f', sys.O_RDWR)]
    const duplicate = sys.fcntl(one, sys.F_DUPFD)
    sys.setLock(one, sys.F_OFD_SETLK, WRITE())
    sys.close(one)
    fails('EAGAIN', () => sys.setLock(two, sys.F_OFD_SETLK, WRITE()))
    sys.close(duplicate)
    sys.setLock(two, sys.F_OFD_SETLK, WRITE())
  },
  'an OFD lock and a POSIX lock of one process clash': () => {
    file('f')
    const [one, two] = [sys.open('f', sys.O_RDWR), sys.open('f', sys.O_RDWR)]
    sys.setLock(one, sys.F_OFD_SETLK, WRITE())
    fails(['EAGAIN', 'EACCES'], () => sys.setLock(two, sys.F_SETLK, WRITE()))
  },
}

const FLOCK: CaseTable = {
  ...each(
    [
      { mine: sys.LOCK_SH, theirs: sys.LOCK_SH, clash: false },
      { mine: sys.LOCK_SH, theirs: sys.LOCK_EX, clash: true },
      { mine: sys.LOCK_EX, theirs: sys.LOCK_SH, clash: true },
      { mine: sys.LOCK_EX, theirs: sys.LOCK_EX, clash: true },
    ],
    ({ mine, theirs, clash }) =>
      `flock: ${word(mine)} here and ${word(theirs)} in another process ${clash ? 'clash' : 'go together'}`,
    ({ mine, theirs, clash }) =>
      async context => {
        const { fd, other, theirs: their } = await shared(context)
        sys.flock(fd, mine)
        if (clash) await rejects(other.call('flock', their, theirs | sys.LOCK_NB), BUSY)
        else await other.call('flock', their, theirs | sys.LOCK_NB)
        sys.flock(fd, sys.LOCK_UN)
        await other.call('flock', their, theirs | sys.LOCK_NB)
      },
  ),
  'flock of two descriptors of one process clashes and goes with the close': () => {
    file('f')
    const [one, two] = [sys.open('f', sys.O_RDWR), sys.open('f', sys.O_RDWR)]
    sys.flock(one, sys.LOCK_EX)
    fails('EAGAIN', () => sys.flock(two, sys.LOCK_EX | sys.LOCK_NB))
    sys.close(one)
    sys.flock(two, sys.LOCK_EX | sys.LOCK_NB)
  },
  'flock can be changed from exclusive to shared': async context => {
    const { fd, other, theirs } = await shared(context)
    sys.flock(fd, sys.LOCK_EX)
    sys.flock(fd, sys.LOCK_SH)
    await other.call('flock', theirs, sys.LOCK_SH | sys.LOCK_NB)
  },
  'flock waits until the lock is free': async context => {
    const { fd, other, theirs } = await shared(context)
    sys.flock(fd, sys.LOCK_EX)
    let got = false
    const waiting = other.call('flock', theirs, sys.LOCK_EX).then(() => {
      got = true
    })
    await turns(20)
    equal(got, false)
    sys.flock(fd, sys.LOCK_UN)
    await waiting
    ok(got)
  },
  'flock of a killed process is gone': async context => {
    const { fd, other, theirs } = await shared(context)
    await other.call('flock', theirs, sys.LOCK_EX)
    await other.kill()
    sys.flock(fd, sys.LOCK_EX)
  },
  'flock and POSIX locks do not see each other': async context => {
    const { fd, other, theirs } = await shared(context)
    sys.flock(fd, sys.LOCK_EX)
    await other.call('setLock', theirs, sys.F_SETLK, WRITE())
  },
  'a directory can be locked by flock': () => {
    sys.mkdir('d')
    const [one, two] = [sys.open('d'), sys.open('d')]
    sys.flock(one, sys.LOCK_EX)
    fails('EAGAIN', () => sys.flock(two, sys.LOCK_EX | sys.LOCK_NB))
  },
}

function word(operation: number): string {
  return operation === sys.LOCK_SH ? 'shared' : 'exclusive'
}

/** Lets the event loop turn, so that an answer of the other process, were there one, would have come. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(resolve => setTimeout(resolve, 2))
}

export const locks: CaseTable = { ...POSIX, ...OFD, ...FLOCK }
