import { deepEqual, equal, ok } from 'node:assert/strict'
import { type CaseTable, cairn, each } from '../case.ts'
import { content, expectTimes, fails, file, KINDS, pattern, readAll, withFile, writeAll } from './common.ts'
import * as sys from '../sys/index.ts'

const MIB = 1 << 20
const NEW = sys.O_RDWR | sys.O_CREAT
const KEEP = sys.FALLOC_FL_KEEP_SIZE
const PUNCH = sys.FALLOC_FL_PUNCH_HOLE | KEEP
const ZERO = sys.FALLOC_FL_ZERO_RANGE

/** A file of 3 MiB of unlike bytes, the step on it, and what it must hold then. */
function changed(step: (fd: number) => void, expect: (bytes: Buffer) => Buffer | void): void {
  const bytes = pattern(3 * MIB, 31)
  file('f', bytes)
  withFile('f', sys.O_RDWR, step)
  const wanted = expect(bytes) ?? bytes
  const found = withFile('f', sys.O_RDONLY, fd => readAll(fd))
  equal(found.length, wanted.length)
  ok(found.equals(wanted), 'content')
}

const RANGES = [
  { offset: 0, length: 4096 },
  { offset: 1, length: 1 },
  { offset: 4095, length: 4098 },
  { offset: 100_000, length: 1_500_000 },
  { offset: MIB, length: MIB },
  { offset: 3 * MIB - 10, length: 10 },
]

const FALLOCATE: CaseTable = {
  ...each(
    RANGES,
    ({ offset, length }) => `punching ${length} bytes at ${offset} leaves zeros there alone`,
    ({ offset, length }) =>
      () =>
        changed(
          fd => sys.fallocate(fd, PUNCH, offset, length),
          b => void b.fill(0, offset, offset + length),
        ),
  ),
  ...each(
    RANGES,
    ({ offset, length }) => `zeroing ${length} bytes at ${offset} leaves zeros there alone`,
    ({ offset, length }) =>
      () =>
        changed(
          fd => sys.fallocate(fd, ZERO, offset, length),
          b => void b.fill(0, offset, offset + length),
        ),
  ),
  'punching beyond the end changes nothing': () =>
    changed(
      fd => sys.fallocate(fd, PUNCH, 2 * MIB, 5 * MIB),
      b => void b.fill(0, 2 * MIB),
    ),
  'punching wholly beyond the end changes nothing': () =>
    changed(
      fd => sys.fallocate(fd, PUNCH, 4 * MIB, MIB),
      () => {},
    ),
  'zeroing beyond the end grows the file': () =>
    changed(
      fd => sys.fallocate(fd, ZERO, 3 * MIB - 10, 100),
      b => Buffer.concat([b.subarray(0, 3 * MIB - 10), Buffer.alloc(100)]),
    ),
  'zeroing beyond the end with KEEP_SIZE keeps the size': () =>
    changed(
      fd => sys.fallocate(fd, ZERO | KEEP, 3 * MIB - 10, 100),
      b => void b.fill(0, 3 * MIB - 10),
    ),
  'fallocate inside the file changes nothing': () =>
    changed(
      fd => sys.fallocate(fd, 0, 0, 3 * MIB),
      () => {},
    ),
  'fallocate beyond the end grows the file with zeros': () =>
    changed(
      fd => sys.fallocate(fd, 0, 3 * MIB, 100_000),
      b => Buffer.concat([b, Buffer.alloc(100_000)]),
    ),
  'fallocate with KEEP_SIZE beyond the end keeps the size': () =>
    changed(
      fd => sys.fallocate(fd, KEEP, 3 * MIB, 100_000),
      () => {},
    ),
  'a write into allocated space behind the end is read back': () => {
    withFile('f', NEW, fd => {
      sys.fallocate(fd, KEEP, 0, MIB)
      equal(sys.stat(fd).size, 0)
      sys.write(fd, 'data', 500_000)
      equal(sys.stat(fd).size, 500_004)
      ok(
        readAll(fd)
          .subarray(0, 500_000)
          .every(byte => byte === 0),
      )
    })
  },
  'a punched hole gives space back': () => {
    file('f', pattern(4 * MIB))
    withFile('f', sys.O_RDWR, fd => {
      sys.fsync(fd)
      const before = sys.stat(fd).blocks
      sys.fallocate(fd, PUNCH, 0, 3 * MIB)
      sys.fsync(fd)
      ok(sys.stat(fd).blocks < before, `${sys.stat(fd).blocks} blocks after, ${before} before`)
    })
  },
  'a hole punched, written and punched again holds zeros': () =>
    changed(
      fd => {
        sys.fallocate(fd, PUNCH, 0, MIB)
        writeAll(fd, pattern(MIB, 77), 0)
        sys.fallocate(fd, PUNCH, 100, 1000)
      },
      b => void pattern(MIB, 77).fill(0, 100, 1100).copy(b),
    ),
  'fallocate of no bytes fails with EINVAL': () =>
    withFile('f', NEW, fd => fails('EINVAL', () => sys.fallocate(fd, 0, 0, 0))),
  'fallocate at a negative offset fails with EINVAL': () =>
    withFile('f', NEW, fd => fails('EINVAL', () => sys.fallocate(fd, 0, -1, 10))),
  'punching without KEEP_SIZE is refused': () =>
    withFile('f', NEW, fd => fails(['EOPNOTSUPP', 'EINVAL'], () => sys.fallocate(fd, sys.FALLOC_FL_PUNCH_HOLE, 0, 10))),
  'fallocate of a read-only descriptor fails with EBADF': () => {
    file('f')
    withFile('f', sys.O_RDONLY, fd => fails('EBADF', () => sys.fallocate(fd, 0, 0, 10)))
  },
  'fallocate of a directory and of a fifo fails': () => {
    KINDS.fifo.make('p')
    withFile('p', sys.O_RDWR, fd => fails('ESPIPE', () => sys.fallocate(fd, 0, 0, 10)))
    withFile('.', sys.O_RDONLY, fd => fails(['EBADF', 'EISDIR'], () => sys.fallocate(fd, 0, 0, 10)))
  },
  'an unknown fallocate mode fails with EOPNOTSUPP': () =>
    withFile('f', NEW, fd => fails('EOPNOTSUPP', () => sys.fallocate(fd, 0x8000, 0, 4096))),
  ...each(
    [
      { name: 'COLLAPSE_RANGE', mode: sys.FALLOC_FL_COLLAPSE_RANGE },
      { name: 'INSERT_RANGE', mode: sys.FALLOC_FL_INSERT_RANGE },
      { name: 'UNSHARE_RANGE', mode: sys.FALLOC_FL_UNSHARE_RANGE },
    ],
    ({ name }) => `fallocate with ${name} fails with EOPNOTSUPP and changes nothing`,
    ({ mode }) =>
      cairn(() =>
        changed(
          fd => fails('EOPNOTSUPP', () => sys.fallocate(fd, mode, 0, 4096)),
          () => {},
        ),
      ),
  ),
  'punching moves mtime and ctime': () => {
    file('f', pattern(10_000))
    expectTimes('f', 'mc', () => withFile('f', sys.O_RDWR, fd => sys.fallocate(fd, PUNCH, 0, 4096)))
  },
}

const HOLES: CaseTable = {
  'data and the virtual hole at the end are found': () => {
    file('f', pattern(10_000))
    withFile('f', sys.O_RDONLY, fd => {
      equal(sys.lseek(fd, 0, sys.SEEK_DATA), 0)
      equal(sys.lseek(fd, 5000, sys.SEEK_DATA), 5000)
      equal(sys.lseek(fd, 0, sys.SEEK_HOLE), 10_000)
      equal(sys.lseek(fd, 9999, sys.SEEK_HOLE), 10_000)
    })
  },
  'SEEK_DATA and SEEK_HOLE at or beyond the end fail with ENXIO': () => {
    file('f', 'abc')
    withFile('f', sys.O_RDONLY, fd => {
      for (const whence of [sys.SEEK_DATA, sys.SEEK_HOLE]) {
        fails('ENXIO', () => sys.lseek(fd, 3, whence))
        fails('ENXIO', () => sys.lseek(fd, 1000, whence))
        fails('ENXIO', () => sys.lseek(fd, -1, whence))
      }
    })
  },
  'SEEK_DATA of a file that is all hole fails with ENXIO': () =>
    withFile('f', NEW, fd => {
      sys.truncate(fd, 8 * MIB)
      fails('ENXIO', () => sys.lseek(fd, 0, sys.SEEK_DATA))
      equal(sys.lseek(fd, 0, sys.SEEK_HOLE), 0)
      equal(sys.lseek(fd, MIB + 1, sys.SEEK_HOLE), MIB + 1)
    }),
  'data in the middle of a sparse file is found at its place': () =>
    withFile('f', NEW, fd => {
      sys.truncate(fd, 16 * MIB)
      writeAll(fd, pattern(MIB), 8 * MIB)
      equal(sys.lseek(fd, 0, sys.SEEK_DATA), 8 * MIB)
      equal(sys.lseek(fd, 8 * MIB, sys.SEEK_HOLE), 9 * MIB)
      fails('ENXIO', () => sys.lseek(fd, 9 * MIB, sys.SEEK_DATA))
      equal(sys.lseek(fd, 9 * MIB, sys.SEEK_HOLE), 9 * MIB)
    }),
  'a punched hole is found': () => {
    file('f', pattern(6 * MIB))
    withFile('f', sys.O_RDWR, fd => {
      sys.fsync(fd)
      sys.fallocate(fd, PUNCH, 2 * MIB, 2 * MIB)
      equal(sys.lseek(fd, 0, sys.SEEK_HOLE), 2 * MIB)
      equal(sys.lseek(fd, 2 * MIB, sys.SEEK_DATA), 4 * MIB)
      equal(sys.lseek(fd, 4 * MIB, sys.SEEK_HOLE), 6 * MIB)
    })
  },
  'walking data and holes covers every byte that was written': () => {
    withFile('f', NEW, fd => {
      const islands = [0, 3, 10, 40].map(at => ({ offset: at * MIB + 123, bytes: pattern(70_000, at + 1) }))
      for (const { offset, bytes } of islands) writeAll(fd, bytes, offset)
      sys.truncate(fd, 50 * MIB)
      const covered = dataRanges(fd)
      for (const { offset, bytes } of islands) {
        ok(covered.some(({ start, end }) => start <= offset && offset + bytes.length <= end))
      }
      ok(covered.reduce((sum, { start, end }) => sum + end - start, 0) < 20 * MIB)
    })
  },
  'SEEK_HOLE and SEEK_DATA move the position': () => {
    file('f', pattern(10_000))
    withFile('f', sys.O_RDONLY, fd => {
      sys.lseek(fd, 500, sys.SEEK_DATA)
      equal(sys.lseek(fd, 0, sys.SEEK_CUR), 500)
    })
  },
  'a sparse file uses little space': () =>
    withFile('f', NEW, fd => {
      sys.truncate(fd, 1 << 30)
      ok(sys.stat(fd).blocks < 64)
    }),
  'a file full of data uses about its size': () => {
    file('f', pattern(4 * MIB))
    withFile('f', sys.O_RDWR, fd => sys.fsync(fd))
    const bytes = sys.lstat('f').blocks * 512
    ok(bytes >= 3.9 * MIB && bytes < 6 * MIB, `${bytes} bytes`)
  },
}

function dataRanges(fd: number): { start: number; end: number }[] {
  const ranges: { start: number; end: number }[] = []
  const { size } = sys.stat(fd)
  for (let end = 0; end < size; ) {
    try {
      const start = sys.lseek(fd, end, sys.SEEK_DATA)
      end = sys.lseek(fd, start, sys.SEEK_HOLE)
      ranges.push({ start, end })
    } catch (error) {
      if (error instanceof sys.SysError && error.code === 'ENXIO') break
      throw error
    }
  }
  return ranges
}

/** Copies a whole range, however many calls it takes. */
function copyRange(from: { fd: number; offset: number }, to: { fd: number; offset: number }, length: number): number {
  let done = 0
  while (done < length) {
    const step = sys.copyFileRange(
      { fd: from.fd, offset: from.offset + done },
      { fd: to.fd, offset: to.offset + done },
      length - done,
    )
    if (step === 0) break
    done += step
  }
  return done
}

const COPIES = [
  { from: 0, to: 0, length: 3 * MIB },
  { from: 0, to: 0, length: 1 },
  { from: 1, to: 4095, length: 4096 },
  { from: MIB, to: 0, length: MIB },
  { from: 0, to: MIB, length: MIB },
  { from: 12345, to: 54321, length: 2_000_000 },
  { from: 3 * MIB - 5, to: 10 * MIB, length: 5 },
]

const COPY: CaseTable = {
  ...each(
    COPIES,
    ({ from, to, length }) => `copy_file_range of ${length} bytes from ${from} to ${to} of another file`,
    ({ from, to, length }) =>
      () => {
        const bytes = pattern(3 * MIB, 41)
        const target = pattern(2 * MIB, 42)
        file('a', bytes)
        file('b', target)
        withFile('a', sys.O_RDONLY, a =>
          withFile('b', sys.O_RDWR, b => {
            equal(copyRange({ fd: a, offset: from }, { fd: b, offset: to }, length), length)
            const wanted = Buffer.alloc(Math.max(target.length, to + length))
            target.copy(wanted)
            bytes.copy(wanted, to, from, from + length)
            ok(readAll(b).equals(wanted))
            ok(readAll(a).equals(bytes))
          }),
        )
      },
  ),
  'copy_file_range inside one file': () =>
    changed(
      fd => equal(copyRange({ fd, offset: 0 }, { fd, offset: 2 * MIB }, MIB), MIB),
      b => void b.copyWithin(2 * MIB, 0, MIB),
    ),
  'copy_file_range of overlapping parts of one file fails with EINVAL': () =>
    changed(
      fd => fails('EINVAL', () => sys.copyFileRange({ fd, offset: 0 }, { fd, offset: 1000 }, 5000)),
      () => {},
    ),
  'copy_file_range at the end of the source gives 0': () => {
    file('a', 'abc')
    withFile('a', sys.O_RDONLY, a =>
      withFile('b', NEW, b => {
        equal(sys.copyFileRange({ fd: a, offset: 3 }, { fd: b, offset: 0 }, 10), 0)
        equal(sys.copyFileRange({ fd: a, offset: 100 }, { fd: b, offset: 0 }, 10), 0)
        equal(sys.stat(b).size, 0)
      }),
    )
  },
  'copy_file_range stops at the end of the source': () => {
    file('a', 'abcdef')
    withFile('a', sys.O_RDONLY, a =>
      withFile('b', NEW, b => equal(sys.copyFileRange({ fd: a, offset: 2 }, { fd: b, offset: 0 }, 100), 4)),
    )
    equal(content('b'), 'cdef')
  },
  'copy_file_range without offsets moves both positions': () => {
    file('a', 'abcdef')
    withFile('a', sys.O_RDONLY, a =>
      withFile('b', NEW, b => {
        sys.lseek(a, 1, sys.SEEK_SET)
        equal(sys.copyFileRange({ fd: a }, { fd: b }, 3), 3)
        equal(sys.lseek(a, 0, sys.SEEK_CUR), 4)
        equal(sys.lseek(b, 0, sys.SEEK_CUR), 3)
      }),
    )
    equal(content('b'), 'bcd')
  },
  'a copy and its source change apart': () => {
    file('a', pattern(2 * MIB, 1))
    withFile('a', sys.O_RDWR, a =>
      withFile('b', NEW, b => {
        copyRange({ fd: a, offset: 0 }, { fd: b, offset: 0 }, 2 * MIB)
        sys.write(a, 'AAAA', 5000)
        sys.write(b, 'BBBB', 1_500_000)
        ok(readAll(b, 0, MIB).equals(pattern(2 * MIB, 1).subarray(0, MIB)))
        ok(readAll(a, MIB).equals(pattern(2 * MIB, 1).subarray(MIB)))
        sys.truncate(a, 0)
        equal(readAll(b).length, 2 * MIB)
      }),
    )
  },
  'copy_file_range takes what was written and not yet synced': () => {
    withFile('a', NEW, a =>
      withFile('b', NEW, b => {
        writeAll(a, pattern(100_000, 5))
        equal(copyRange({ fd: a, offset: 0 }, { fd: b, offset: 0 }, 100_000), 100_000)
        ok(readAll(b).equals(pattern(100_000, 5)))
      }),
    )
  },
  'copy_file_range to a read-only or O_APPEND descriptor fails with EBADF': () => {
    file('a', 'abc')
    file('b')
    for (const flags of [sys.O_RDONLY, sys.O_WRONLY | sys.O_APPEND]) {
      withFile('a', sys.O_RDONLY, a =>
        withFile('b', flags, b =>
          fails('EBADF', () => sys.copyFileRange({ fd: a, offset: 0 }, { fd: b, offset: 0 }, 3)),
        ),
      )
    }
  },
  'copy_file_range from a directory fails with EISDIR': () => {
    sys.mkdir('d')
    withFile('d', sys.O_RDONLY, d =>
      withFile('b', NEW, b => fails('EISDIR', () => sys.copyFileRange({ fd: d, offset: 0 }, { fd: b, offset: 0 }, 3))),
    )
  },
}

export const fallocate: CaseTable = FALLOCATE
export const holes: CaseTable = HOLES
export const copyFileRange: CaseTable = COPY
export const statfs: CaseTable = {
  'statfs tells a sane size, block size and name length': () => {
    const told = sys.statfs('.')
    ok(told.blockSize >= 512 && told.fragmentSize >= 512)
    ok(told.blocks > 0 && told.blocksFree <= told.blocks && told.blocksAvailable <= told.blocksFree)
    ok(told.filesFree <= told.files)
    equal(told.nameBytesMax, 255)
  },
  'statfs is the same for every path of the mount': () => {
    sys.mkdir('d')
    file('d/f')
    const [a, b] = [sys.statfs('.'), sys.statfs('d/f')]
    deepEqual([a.type, a.blockSize, a.blocks], [b.type, b.blockSize, b.blocks])
  },
  'every file of the mount has the same device and an inode number of its own': () => {
    sys.mkdir('d')
    file('d/f')
    file('g')
    const stats = ['.', 'd', 'd/f', 'g'].map(path => sys.lstat(path))
    equal(new Set(stats.map(stat => stat.dev)).size, 1)
    equal(new Set(stats.map(stat => stat.ino)).size, 4)
  },
  'stat through a path and through a descriptor tell the same': () => {
    file('f', 'abc')
    withFile('f', sys.O_RDONLY, fd => deepEqual(sys.stat(fd), sys.stat('f')))
  },
}
