import { equal, ok } from 'node:assert/strict'
import type { CaseTable } from '../case.ts'
import { content, fails, file, pattern, readAll, withFile } from './common.ts'
import * as sys from '../sys/index.ts'

const PAGE = 4096
const NEW = sys.O_RDWR | sys.O_CREAT

/** Maps, hands the mapping to the step, unmaps. */
function withMap<T>(fd: number, length: number, how: sys.MapHow, step: (mapping: sys.Mapping) => T): T {
  const mapping = sys.mmap(fd, length, how)
  try {
    return step(mapping)
  } finally {
    mapping.unmap()
  }
}

const PRIVATE: sys.MapHow = { flags: sys.MAP_PRIVATE }
const READ: sys.MapHow = { protection: sys.PROT_READ }

export const mmap: CaseTable = {
  'a shared mapping shows the content of the file': () => {
    const bytes = pattern(300_000, 5)
    file('f', bytes)
    withFile('f', sys.O_RDONLY, fd =>
      withMap(fd, bytes.length, READ, map => ok(map.get(0, bytes.length).equals(bytes))),
    )
  },
  'a private mapping shows the content of the file': () => {
    file('f', 'abcdef')
    withFile('f', sys.O_RDONLY, fd => withMap(fd, PAGE, PRIVATE, map => equal(map.get(0, 6).toString(), 'abcdef')))
  },
  'a store through a shared mapping is read at once': () => {
    file('f', pattern(2 * PAGE))
    withFile('f', sys.O_RDWR, fd =>
      withMap(fd, 2 * PAGE, {}, map => {
        map.put(PAGE - 2, 'across')
        equal(sys.read(fd, 6, PAGE - 2).toString(), 'across')
      }),
    )
  },
  'a store through a shared mapping is in the file after msync and munmap': () => {
    file('f', pattern(PAGE))
    withFile('f', sys.O_RDWR, fd =>
      withMap(fd, PAGE, {}, map => {
        map.put(10, 'stored')
        map.sync()
      }),
    )
    equal(content('f').slice(10, 16), 'stored')
  },
  'a store without msync is in the file after munmap and close': () => {
    file('f', pattern(PAGE))
    withFile('f', sys.O_RDWR, fd => withMap(fd, PAGE, {}, map => map.put(0, 'kept')))
    equal(content('f').slice(0, 4), 'kept')
  },
  'a mapping outlives its descriptor': () => {
    file('f', pattern(PAGE))
    const fd = sys.open('f', sys.O_RDWR)
    const map = sys.mmap(fd, PAGE)
    sys.close(fd)
    map.put(0, 'late')
    map.sync()
    equal(content('f').slice(0, 4), 'late')
    map.unmap()
  },
  'a mapping outlives the name of its file': () => {
    file('f', 'abcdef')
    withFile('f', sys.O_RDWR, fd =>
      withMap(fd, PAGE, {}, map => {
        sys.unlink('f')
        equal(map.get(0, 6).toString(), 'abcdef')
        map.put(0, 'X')
        map.sync()
        equal(sys.read(fd, 2, 0).toString(), 'Xb')
      }),
    )
  },
  'a write is seen through a shared mapping at once': () => {
    file('f', pattern(PAGE))
    withFile('f', sys.O_RDWR, fd =>
      withMap(fd, PAGE, {}, map => {
        map.get(0, 10)
        sys.write(fd, 'written', 100)
        equal(map.get(100, 7).toString(), 'written')
      }),
    )
  },
  'a store through a private mapping never reaches the file': () => {
    file('f', 'abcdef')
    withFile('f', sys.O_RDWR, fd =>
      withMap(fd, PAGE, PRIVATE, map => {
        map.put(0, 'XXXXXX')
        equal(map.get(0, 6).toString(), 'XXXXXX')
      }),
    )
    equal(content('f'), 'abcdef')
  },
  'two shared mappings of one file are one memory': () => {
    file('f', pattern(PAGE))
    withFile('f', sys.O_RDWR, one =>
      withFile('f', sys.O_RDWR, two =>
        withMap(one, PAGE, {}, a =>
          withMap(two, PAGE, {}, b => {
            a.put(5, 'both')
            equal(b.get(5, 4).toString(), 'both')
          }),
        ),
      ),
    )
  },
  'the rest of the last page is zeros and what is stored there is not kept': () => {
    file('f', 'abc')
    withFile('f', sys.O_RDWR, fd => {
      withMap(fd, PAGE, {}, map => {
        ok(map.get(3, PAGE - 3).every(byte => byte === 0))
        map.put(3, 'beyond')
        map.sync()
      })
      equal(readAll(fd).toString(), 'abc')
    })
    sys.truncate('f', 9)
    withFile('f', sys.O_RDONLY, fd => equal(readAll(fd).length, 9))
  },
  'a mapping of a hole stores data into it': () => {
    withFile('f', NEW, fd => {
      sys.truncate(fd, 1 << 20)
      withMap(fd, 1 << 20, {}, map => {
        equal(map.get(500_000, 1)[0], 0)
        map.put(500_000, 'island')
        map.sync()
      })
      equal(sys.read(fd, 6, 500_000).toString(), 'island')
      ok(sys.lseek(fd, 0, sys.SEEK_DATA) > 0)
    })
  },
  'a mapping from an offset beyond 4 GiB works': () => {
    const offset = 5 * 2 ** 30
    withFile('f', NEW, fd => {
      sys.truncate(fd, offset + PAGE)
      withMap(fd, PAGE, { offset }, map => map.put(0, 'far'))
      equal(sys.read(fd, 3, offset).toString(), 'far')
    })
  },
  'mapping an unaligned offset fails with EINVAL': () => {
    file('f', pattern(2 * PAGE))
    withFile('f', sys.O_RDWR, fd => fails('EINVAL', () => sys.mmap(fd, PAGE, { offset: 100 })))
  },
  'mapping a read-only descriptor shared and writable fails with EACCES': () => {
    file('f', 'x')
    withFile('f', sys.O_RDONLY, fd => fails('EACCES', () => sys.mmap(fd, PAGE)))
  },
  'mapping a directory fails with ENODEV': () => {
    withFile('.', sys.O_RDONLY, fd => fails('ENODEV', () => sys.mmap(fd, PAGE, READ)))
  },
  'growing the file shows the new bytes in a mapping made before': () => {
    file('f', pattern(PAGE))
    withFile('f', sys.O_RDWR, fd =>
      withMap(fd, 2 * PAGE, {}, map => {
        sys.write(fd, 'grown', PAGE)
        equal(map.get(PAGE, 5).toString(), 'grown')
      }),
    )
  },
  'cutting the file clears the rest of the last page in the mapping': () => {
    file('f', pattern(PAGE))
    withFile('f', sys.O_RDWR, fd =>
      withMap(fd, PAGE, {}, map => {
        map.get(0, PAGE)
        sys.truncate(fd, 100)
        ok(map.get(100, PAGE - 100).every(byte => byte === 0))
      }),
    )
  },
  'a load beyond the last page of the file ends the process with SIGBUS': async ({ peer, dir }) => {
    file('f', 'abc')
    const other = await peer()
    other.call('touchBeyondEnd', `${dir}/f`).catch(() => undefined)
    equal(await other.ended, 'SIGBUS')
  },
  'stores of one process are seen by another': async ({ peer, dir }) => {
    file('f', pattern(PAGE))
    const other = await peer()
    const theirs = await other.call('open', `${dir}/f`, sys.O_RDWR)
    const fd = sys.open('f', sys.O_RDWR)
    const map = sys.mmap(fd, PAGE)
    map.put(0, 'mine')
    equal(Buffer.from(await other.call('read', theirs, 4, 0)).toString(), 'mine')
    await other.call('write', theirs, 'their', 10)
    equal(map.get(10, 5).toString(), 'their')
    map.unmap()
    sys.close(fd)
  },
}
