import { deepEqual, equal, ok } from 'node:assert/strict'
import { writevSync, readvSync } from 'node:fs'
import { type CaseTable, cairn, each } from '../case.ts'
import { content, fails, file, pattern, readAll, withFile, writeAll } from './common.ts'
import * as sys from '../sys/index.ts'

const KIB = 1024
const MIB = 1 << 20
const GIB = 1 << 30
const TIB = 2 ** 40
const NEW = sys.O_RDWR | sys.O_CREAT

const SIZES = [1, 511, 4095, 4096, 4097, 65535, 65536, 65537, MIB - 1, MIB, MIB + 1, 3 * MIB + 5]
const OFFSETS = [0, 1, 4095, 4096, 65536, MIB - 1, MIB]

const READ_WRITE: CaseTable = {
  ...each(
    SIZES,
    size => `${size} bytes written at once are read back`,
    size => () => {
      const bytes = pattern(size, size)
      file('f', bytes)
      equal(sys.lstat('f').size, size)
      ok(withFile('f', sys.O_RDONLY, fd => readAll(fd)).equals(bytes))
    },
  ),
  ...each(
    OFFSETS.flatMap(offset => [1, 4096, 100_000].map(size => ({ offset, size }))),
    ({ offset, size }) => `${size} bytes written at ${offset} of 2 MiB change those alone`,
    ({ offset, size }) =>
      () => {
        const bytes = pattern(2 * MIB, 5)
        const patch = pattern(size, 9)
        file('f', bytes)
        withFile('f', sys.O_RDWR, fd => writeAll(fd, patch, offset))
        patch.copy(bytes, offset)
        ok(withFile('f', sys.O_RDONLY, fd => readAll(fd)).equals(bytes))
      },
  ),
  'reads and writes move the position, pread and pwrite do not': () => {
    withFile('f', NEW, fd => {
      sys.write(fd, 'abcdef')
      equal(sys.lseek(fd, 0, sys.SEEK_CUR), 6)
      sys.write(fd, 'X', 1)
      equal(sys.lseek(fd, 0, sys.SEEK_CUR), 6)
      sys.lseek(fd, 2, sys.SEEK_SET)
      equal(sys.read(fd, 2).toString(), 'cd')
      equal(sys.lseek(fd, 0, sys.SEEK_CUR), 4)
      equal(sys.read(fd, 2, 0).toString(), 'aX')
      equal(sys.lseek(fd, 0, sys.SEEK_CUR), 4)
    })
  },
  'read at and beyond the end gives nothing': () => {
    file('f', 'abc')
    withFile('f', sys.O_RDONLY, fd => {
      equal(sys.read(fd, 10, 3).length, 0)
      equal(sys.read(fd, 10, 1_000_000).length, 0)
      equal(sys.read(fd, 10, 1).toString(), 'bc')
    })
  },
  'a write beyond the end leaves zeros between': () => {
    withFile('f', NEW, fd => {
      sys.write(fd, 'a')
      sys.write(fd, 'z', 100_000)
      const all = readAll(fd)
      equal(all.length, 100_001)
      ok(all.subarray(1, 100_000).every(byte => byte === 0))
    })
  },
  'lseek from the end and before the start': () => {
    file('f', 'abcdef')
    withFile('f', sys.O_RDONLY, fd => {
      equal(sys.lseek(fd, -2, sys.SEEK_END), 4)
      equal(sys.read(fd, 5).toString(), 'ef')
      fails('EINVAL', () => sys.lseek(fd, -7, sys.SEEK_END))
      equal(sys.lseek(fd, 1000, sys.SEEK_SET), 1000)
    })
  },
  'pwrite at a negative offset fails with EINVAL': () =>
    withFile('f', NEW, fd => fails('EINVAL', () => sys.write(fd, 'x', -1))),
  'a write of no bytes changes nothing': () => {
    file('f', 'abc')
    withFile('f', sys.O_WRONLY, fd => equal(sys.write(fd, ''), 0))
    equal(content('f'), 'abc')
  },
  'vectors of many parts are written and read in order at an offset': () => {
    const parts = Array.from({ length: 100 }, (_, index) => pattern(index * 37, index + 1))
    withFile('f', NEW, fd => {
      equal(writevSync(fd, parts, 1000), Buffer.concat(parts).length)
      ok(readAll(fd).subarray(1000).equals(Buffer.concat(parts)))
      const back = parts.map(part => Buffer.alloc(part.length))
      readvSync(fd, back, 1000)
      deepEqual(Buffer.concat(back), Buffer.concat(parts))
    })
  },
  'two descriptors of one file see each other at once': () => {
    file('f', 'aaaa')
    withFile('f', sys.O_RDWR, one =>
      withFile('f', sys.O_RDWR, two => {
        sys.write(one, 'b', 0)
        equal(sys.read(two, 4, 0).toString(), 'baaa')
        sys.write(two, 'c', 4)
        equal(sys.read(one, 5, 0).toString(), 'baaac')
        equal(sys.stat(one).size, 5)
      }),
    )
  },
  'another process sees a write at once': async ({ peer, dir }) => {
    const other = await peer()
    file('f', 'one')
    const theirs = await other.call('open', `${dir}/f`, sys.O_RDWR)
    await withFileAsync('f', sys.O_RDWR, async fd => {
      sys.write(fd, 'two!', 0)
      equal(Buffer.from(await other.call('read', theirs, 10, 0)).toString(), 'two!')
      await other.call('write', theirs, 'three', 0)
      equal(sys.read(fd, 10, 0).toString(), 'three')
      equal(sys.stat(fd).size, 5)
    })
  },
  'a file written in thousands of small steps is whole': () => {
    const bytes = pattern(300_000, 11)
    withFile('f', NEW, fd => {
      for (let at = 0; at < bytes.length; at += 100) sys.write(fd, bytes.subarray(at, at + 100), at)
    })
    ok(withFile('f', sys.O_RDONLY, fd => readAll(fd)).equals(bytes))
  },
  'a file written backwards is whole': () => {
    const bytes = pattern(300_000, 12)
    withFile('f', NEW, fd => {
      for (let at = bytes.length - 1000; at >= 0; at -= 1000) sys.write(fd, bytes.subarray(at, at + 1000), at)
    })
    ok(withFile('f', sys.O_RDONLY, fd => readAll(fd)).equals(bytes))
  },
}

async function withFileAsync(path: string, flags: number, step: (fd: number) => Promise<void>): Promise<void> {
  const fd = sys.open(path, flags)
  try {
    await step(fd)
  } finally {
    sys.close(fd)
  }
}

const CUTS = [0, 1, 4095, 4096, 4097, 65536, MIB - 1, MIB, MIB + 1, 2 * MIB + 17]

const TRUNCATE: CaseTable = {
  ...each(
    CUTS,
    size => `a file cut to ${size} bytes and grown again shows zeros behind`,
    size => () => {
      const bytes = pattern(2 * MIB + 100, 21)
      file('f', bytes)
      sys.truncate('f', size)
      equal(sys.lstat('f').size, size)
      sys.truncate('f', bytes.length)
      bytes.fill(0, size)
      ok(withFile('f', sys.O_RDONLY, fd => readAll(fd)).equals(bytes))
    },
  ),
  ...each(
    CUTS.filter(size => size > 0),
    size => `an empty file grown to ${size} bytes shows zeros`,
    size => () => {
      withFile('f', NEW, fd => {
        sys.truncate(fd, size)
        const all = readAll(fd)
        equal(all.length, size)
        ok(all.every(byte => byte === 0))
      })
    },
  ),
  'a file cut while open is cut for every descriptor': () => {
    file('f', 'abcdef')
    withFile('f', sys.O_RDONLY, fd => {
      sys.read(fd, 4)
      sys.truncate('f', 2)
      equal(sys.read(fd, 4).length, 0)
      equal(sys.read(fd, 4, 0).toString(), 'ab')
    })
  },
  'a write behind a cut leaves zeros, not the old bytes': () => {
    file('f', pattern(10_000, 3))
    sys.truncate('f', 10)
    withFile('f', sys.O_RDWR, fd => {
      sys.write(fd, 'z', 9999)
      ok(
        readAll(fd)
          .subarray(10, 9999)
          .every(byte => byte === 0),
      )
    })
  },
  'truncate to the same size keeps the content': () => {
    file('f', 'abc')
    sys.truncate('f', 3)
    equal(content('f'), 'abc')
  },
  'truncate to a negative size fails with EINVAL': () => {
    file('f')
    fails('EINVAL', () => sys.truncate('f', -1))
  },
  'truncate of a directory fails with EISDIR': () => {
    sys.mkdir('d')
    fails('EISDIR', () => sys.truncate('d', 0))
  },
  'truncate of a fifo fails with EINVAL': () => {
    sys.mknod('p', sys.S_IFIFO | 0o644)
    fails('EINVAL', () => sys.truncate('p', 0))
  },
  'ftruncate of a read-only descriptor fails with EINVAL': () => {
    file('f')
    withFile('f', sys.O_RDONLY, fd => fails(['EINVAL', 'EBADF'], () => sys.truncate(fd, 0)))
  },
  'truncate of a missing file fails with ENOENT': () => fails('ENOENT', () => sys.truncate('missing', 0)),
}

const HUGE: CaseTable = {
  ...each(
    [2 * GIB - 1, 2 * GIB, 4 * GIB - 1, 4 * GIB, 5 * GIB, 100 * GIB, TIB, 8 * TIB, 16 * TIB - 8192],
    offset => `a byte at ${offset} is kept in a sparse file`,
    offset => () => {
      withFile('f', NEW, fd => {
        sys.write(fd, 'head', 0)
        sys.write(fd, 'tail', offset)
        equal(sys.stat(fd).size, offset + 4)
        equal(sys.read(fd, 10, offset).toString(), 'tail')
        equal(sys.read(fd, 4, 0).toString(), 'head')
        ok(sys.read(fd, 4096, Math.floor(offset / 2)).every(byte => byte === 0))
        ok(sys.stat(fd).blocks * 512 < 16 * MIB)
      })
    },
  ),
  'a file grows to almost 16 TiB by truncate and shrinks again': () => {
    withFile('f', NEW, fd => {
      sys.truncate(fd, 16 * TIB - 4096)
      equal(sys.stat(fd).size, 16 * TIB - 4096)
      equal(sys.read(fd, 1, 16 * TIB - 5000)[0], 0)
      sys.truncate(fd, 5)
      equal(readAll(fd).length, 5)
    })
  },
  'truncate beyond the largest file fails with EFBIG': () => {
    file('f', 'kept')
    fails('EFBIG', () => sys.truncate('f', 16 * TIB + 4096))
    equal(content('f'), 'kept')
  },
  'a write beyond the largest file fails with EFBIG': () =>
    withFile('f', NEW, fd => {
      fails('EFBIG', () => sys.write(fd, 'x', 16 * TIB + 4096))
      equal(sys.stat(fd).size, 0)
    }),
  'fallocate beyond the largest file fails with EFBIG': () =>
    withFile('f', NEW, fd => fails('EFBIG', () => sys.fallocate(fd, 0, 16 * TIB, 4096))),
  'a file of exactly 16 TiB is allowed': cairn(() => {
    withFile('f', NEW, fd => {
      sys.truncate(fd, 16 * TIB)
      sys.write(fd, 'z', 16 * TIB - 1)
      equal(sys.stat(fd).size, 16 * TIB)
      equal(sys.read(fd, 2, 16 * TIB - 1).toString(), 'z')
      fails('EFBIG', () => sys.truncate(fd, 16 * TIB + 1))
    })
  }),
}

const SYNC: CaseTable = {
  ...each(
    [sys.O_DSYNC, sys.O_SYNC],
    flag => `writes to a file opened with ${flag === sys.O_SYNC ? 'O_SYNC' : 'O_DSYNC'} are read back`,
    flag => () => {
      withFile('f', NEW | flag, fd => {
        for (let at = 0; at < 20; at++) sys.write(fd, `${at}\n`)
      })
      equal(content('f').split('\n').length, 21)
    },
  ),
  'fsync, fdatasync and sync_file_range succeed on a file': () =>
    withFile('f', NEW, fd => {
      sys.write(fd, pattern(100 * KIB))
      sys.fdatasync(fd)
      sys.write(fd, 'more')
      sys.syncFileRange(fd, 0, 0)
      sys.fsync(fd)
      sys.fsync(fd)
    }),
  'fsync of a read-only descriptor succeeds': () => {
    file('f', 'x')
    withFile('f', sys.O_RDONLY, fd => sys.fsync(fd))
  },
  'fsync and fdatasync of a directory succeed': () => {
    file('f')
    withFile('.', sys.O_RDONLY | sys.O_DIRECTORY, fd => {
      sys.fsync(fd)
      sys.rename('f', 'g')
      sys.fdatasync(fd)
    })
  },
  'sync_file_range with a negative offset fails with EINVAL': () =>
    withFile('f', NEW, fd => fails('EINVAL', () => sys.syncFileRange(fd, -1, 10))),
}

export const write: CaseTable = { ...READ_WRITE, ...SYNC }
export const truncate: CaseTable = { ...TRUNCATE, ...HUGE }
