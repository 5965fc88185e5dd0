import { deepEqual, equal, ok } from 'node:assert/strict'
import { type CaseTable, each } from '../case.ts'
import { ALL_KINDS, entries, exists, fails, file, KINDS, names, withFile } from './common.ts'
import * as sys from '../sys/index.ts'

const MANY = 20_000
// d_type of <dirent.h> is the type bits of the mode, shifted.
const dirType = (type: number) => type >> 12

/** Makes empty files `name0` to `name(count-1)` in the folder, by the one call that needs no descriptor. */
function fill(folder: string, count: number, name = 'f'): void {
  for (let index = 0; index < count; index++) sys.mknod(`${folder}/${name}${index}`, sys.S_IFREG | 0o644)
}

/** Reads to the end in small blocks; between blocks the step may change the directory. */
function readWhile(folder: string, step: (block: number) => unknown, blockBytes = 4096): string[] {
  return withFile(folder, sys.O_RDONLY | sys.O_DIRECTORY, fd => {
    const found: string[] = []
    for (let block = 0; ; block++) {
      const part = sys.getdents(fd, blockBytes)
      if (part.length === 0) return found.filter(name => name !== '.' && name !== '..')
      found.push(...part.map(entry => entry.name.toString('latin1')))
      step(block)
    }
  })
}

const LIST: CaseTable = {
  'an empty directory lists itself and its parent': () => {
    sys.mkdir('d')
    const found = entries('d')
    deepEqual(found.map(entry => entry.name.toString()).sort(), ['.', '..'])
    const self = found.find(entry => entry.name.toString() === '.')
    equal(self?.ino, sys.stat('d').ino)
    equal(found.find(entry => entry.name.toString() === '..')?.ino, sys.stat('.').ino)
  },
  'entries carry the type and inode number of each file': () => {
    sys.mkdir('d')
    for (const kind of ALL_KINDS) KINDS[kind].make(`d/${kind}`)
    for (const entry of entries('d')) {
      const name = entry.name.toString()
      if (name === '.' || name === '..') continue
      equal(entry.ino, sys.lstat(`d/${name}`).ino)
      ok(entry.type === 0 || entry.type === dirType(sys.lstat(`d/${name}`).type))
    }
  },
  ...each(
    [1, 10, 100, 1000, 5000],
    count => `a directory of ${count} files lists each exactly once`,
    count => () => {
      sys.mkdir('d')
      fill('d', count)
      const found = names('d')
      equal(found.length, count)
      equal(new Set(found).size, count)
    },
  ),
  'names of 255 bytes fill many blocks without loss': () => {
    sys.mkdir('d')
    const wanted = Array.from({ length: 300 }, (_, index) => `${index}`.padStart(255, 'n'))
    for (const name of wanted) file(`d/${name}`)
    deepEqual(names('d'), wanted.sort())
  },
  'a listing in the smallest blocks is complete': () => {
    sys.mkdir('d')
    fill('d', 200)
    equal(new Set(readWhile('d', () => {}, 64)).size, 200)
  },
  'a block too small for one name fails with EINVAL': () => {
    sys.mkdir('d')
    withFile('d', sys.O_RDONLY, fd => fails('EINVAL', () => sys.getdents(fd, 8)))
  },
  'listing a file fails with ENOTDIR': () => {
    file('f')
    withFile('f', sys.O_RDONLY, fd => fails('ENOTDIR', () => sys.getdents(fd)))
  },
  'rewinding shows what was made since': () => {
    sys.mkdir('d')
    file('d/a')
    withFile('d', sys.O_RDONLY, fd => {
      while (sys.getdents(fd).length > 0);
      file('d/b')
      sys.seekdir(fd, 0n)
      deepEqual(
        sys
          .getdents(fd)
          .map(entry => entry.name.toString())
          .sort(),
        ['.', '..', 'a', 'b'],
      )
    })
  },
  'two descriptors list at their own pace': () => {
    sys.mkdir('d')
    fill('d', 500)
    withFile('d', sys.O_RDONLY, one =>
      withFile('d', sys.O_RDONLY, two => {
        const counts = [0, 0]
        for (let more = true; more; ) {
          const [a, b] = [sys.getdents(one, 1024).length, sys.getdents(two, 700).length]
          counts[0] = (counts[0] ?? 0) + a
          counts[1] = (counts[1] ?? 0) + b
          more = a > 0 || b > 0
        }
        deepEqual(counts, [502, 502])
      }),
    )
  },
  'a listing of a removed directory ends': () => {
    sys.mkdir('d')
    withFile('d', sys.O_RDONLY, fd => {
      sys.rmdir('d')
      try {
        equal(sys.getdents(fd).filter(entry => !['.', '..'].includes(entry.name.toString())).length, 0)
      } catch (error) {
        ok(error instanceof sys.SysError && error.code === 'ENOENT')
      }
    })
  },
}

const SEEK: CaseTable = {
  'seeking to the cookie of any entry goes on right behind it': () => {
    sys.mkdir('d')
    fill('d', 400)
    const all = entries('d')
    withFile('d', sys.O_RDONLY, fd => {
      for (let index = 0; index < all.length; index += 37) {
        sys.seekdir(fd, all[index]?.cookie ?? 0n)
        const next = sys.getdents(fd, 1024)[0]
        equal(next?.name.toString(), all[index + 1]?.name.toString())
      }
    })
  },
  'cookies stay good while other names come and go': () => {
    sys.mkdir('d')
    fill('d', 400)
    const all = entries('d')
    const middle = all[200]
    const after = all.slice(201).map(entry => entry.name.toString())
    withFile('d', sys.O_RDONLY, fd => {
      for (const entry of all.slice(0, 150)) {
        const name = entry.name.toString()
        if (name !== '.' && name !== '..') sys.unlink(`d/${name}`)
      }
      fill('d', 100, 'new')
      sys.seekdir(fd, middle?.cookie ?? 0n)
      const found: string[] = []
      for (let part = sys.getdents(fd); part.length > 0; part = sys.getdents(fd)) {
        found.push(...part.map(entry => entry.name.toString()))
      }
      deepEqual(
        found.filter(name => after.includes(name)),
        after,
      )
    })
  },
  'a cookie is good in another descriptor': () => {
    sys.mkdir('d')
    fill('d', 100)
    const all = entries('d')
    withFile('d', sys.O_RDONLY, fd => {
      sys.seekdir(fd, all[50]?.cookie ?? 0n)
      equal(sys.getdents(fd)[0]?.name.toString(), all[51]?.name.toString())
    })
  },
  'no two entries share a cookie': () => {
    sys.mkdir('d')
    fill('d', 2000)
    const cookies = entries('d').map(entry => entry.cookie)
    equal(new Set(cookies).size, cookies.length)
    ok(cookies.every(cookie => cookie >= 0n))
  },
}

const CHANGE: CaseTable = {
  'names removed while listing: every name that stays is listed once': () => {
    sys.mkdir('d')
    fill('d', 2000)
    let next = 0
    const found = readWhile('d', () => {
      for (let count = 0; count < 20 && next < 2000; count++, next += 2) sys.unlink(`d/f${next}`)
    })
    equal(new Set(found).size, found.length)
    const odd = found.filter(name => Number(name.slice(1)) % 2 === 1)
    equal(odd.length, 1000)
  },
  'names made while listing: every name from before is listed once': () => {
    sys.mkdir('d')
    fill('d', 1000)
    // Not for ever: where new names go to the end, a listing may rightly follow them.
    const found = readWhile('d', block => block < 10 && file(`d/new${block}`))
    equal(new Set(found).size, found.length)
    equal(found.filter(name => name.startsWith('f')).length, 1000)
  },
  'names renamed while listing: every other name is listed once': () => {
    sys.mkdir('d')
    fill('d', 1000)
    fill('d', 100, 'moving')
    let turn = 0
    const found = readWhile('d', () => {
      const index = turn++ % 100
      if (exists(`d/moving${index}`)) sys.rename(`d/moving${index}`, `d/moved${index}`)
    })
    equal(found.filter(name => name.startsWith('f')).length, 1000)
  },
  'everything removed as it is listed, as rm -r does': () => {
    sys.mkdir('d')
    fill('d', 3000)
    withFile('d', sys.O_RDONLY, fd => {
      for (let part = sys.getdents(fd, 4096); part.length > 0; part = sys.getdents(fd, 4096)) {
        for (const { name } of part) if (name.toString().startsWith('f')) sys.unlink(name, fd)
      }
    })
    sys.rmdir('d')
  },
  'another process makes and removes names while twenty thousand are listed': async ({ peer, dir }) => {
    sys.mkdir('d')
    fill('d', MANY)
    const other = await peer()
    let stop = false
    const churn = (async () => {
      for (let turn = 0; !stop; turn++) {
        await other.call('close', await other.call('open', `${dir}/d/churn${turn}`, sys.O_CREAT | sys.O_WRONLY))
        if (turn % 2) await other.call('unlink', `${dir}/d/churn${turn}`)
      }
    })()
    const found: string[] = []
    const fd = sys.open('d', sys.O_RDONLY | sys.O_DIRECTORY)
    for (let part = sys.getdents(fd); part.length > 0; part = sys.getdents(fd)) {
      found.push(...part.map(entry => entry.name.toString()))
      await new Promise(resolve => setImmediate(resolve))
    }
    stop = true
    await churn
    sys.close(fd)
    equal(new Set(found).size, found.length)
    equal(found.filter(name => name.startsWith('f')).length, MANY)
  },
  'two processes make files in one directory and none is lost': async ({ peer, dir }) => {
    sys.mkdir('d')
    const other = await peer()
    const theirs = (async () => {
      for (let index = 0; index < 300; index++) {
        await other.call(
          'close',
          await other.call('open', `${dir}/d/their${index}`, sys.O_CREAT | sys.O_EXCL | sys.O_WRONLY),
        )
      }
    })()
    for (let index = 0; index < 300; index++) {
      file(`d/my${index}`)
      await new Promise(resolve => setImmediate(resolve))
    }
    await theirs
    equal(names('d').length, 600)
  },
}

export const directory: CaseTable = { ...LIST, ...SEEK, ...CHANGE }
