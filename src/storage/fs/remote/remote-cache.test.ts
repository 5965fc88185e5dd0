import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExtentList } from '../extent-list.ts'
import type { Attributes, Ino } from '../vfs.ts'
import { RemoteCache } from './remote-cache.ts'

const ino = 5 as Ino

test('a change whose answer comes after its file was sealed is not forgotten', () => {
  const cache = new RemoteCache()
  cache.learn(ino, 99, { attributes: file(4096) })
  const sealed = { number: 1, revision: 105, inos: [], kept: [ino], moved: [ino], entries: [], granted: [] }
  cache.forget(sealed)
  assert.equal(cache.get(ino)?.attributes?.size, 4096, 'it is as it was')
  cache.changed(file(5000), 100)
  assert.equal(cache.get(ino)?.attributes?.size, 5000)
})

test('where bytes were before a file was sealed is not believed', () => {
  const cache = new RemoteCache()
  cache.learn(ino, 99, { attributes: file(1) })
  cache.forget({ number: 1, revision: 105, inos: [], kept: [ino], moved: [ino], entries: [], granted: [] })
  const range = { from: 0, to: 1 }
  const content = { content: { size: 1, extents: ExtentList.none, tree: undefined }, range }
  cache.learnContent(ino, 104, content)
  assert.equal(cache.content(ino, range), undefined)
  cache.learnContent(ino, 105, content)
  assert.notEqual(cache.content(ino, range), undefined)
})

test('what limits an inode is asked for anew in another session, and not unknown until then', () => {
  const cache = new RemoteCache()
  const quotas = [{ id: 0, ino: 1 as Ino, bytesMax: 9, inodesMax: undefined, bytesUsed: 0, inodesUsed: 1 }]
  const { limits: at } = cache
  cache.learn(ino, 99, { attributes: file(1) })
  cache.learnLimits(ino, 99, { quotas, at })
  cache.clear()
  assert.deepEqual(cache.get(ino)?.limits, { quotas, at })
  assert.notEqual(cache.limits, at)
  assert.equal(cache.get(ino)?.attributes, undefined)
  cache.learn(ino, 3, { attributes: file(2) })
  assert.equal(cache.get(ino)?.attributes?.size, 2, 'another home may not have as many revisions')
})

function file(size: number): Attributes {
  const times = { atimeNs: 0n, mtimeNs: 0n, ctimeNs: 0n, btimeNs: 0n }
  return {
    ino,
    kind: 'file',
    mode: 0o644,
    nlink: 1,
    uid: 0,
    gid: 0,
    rdev: 0,
    size,
    blocks: 8,
    hasXattrs: false,
    ...times,
  }
}
