import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileDescribe, fileList, fileMake, fileSet, fileStat } from '#rpc'
import { isErrno, ROOT_INO } from '#storage/fs'
import { openTestDoor } from '../testing/door.ts'

const never = new AbortController().signal
const caller = { uid: 0, gid: 0, umask: 0o022 }
const place = { filesystem: 'home', path: '/f' }
const YEARS = [
  ['2300', 10_413_792_000_000_000_000n, 2n ** 63n - 1n],
  ['1600', -11_676_096_000_000_000_000n, -(2n ** 63n)],
  ['a far end', 2n ** 80n, 2n ** 63n - 1n],
] as const

for (const [what, ns, kept] of YEARS) {
  test(`a file dated ${what} gets the nearest date that is kept, and its directory can be listed`, async () => {
    await using door = await openTestDoor()
    const { client, filesystems } = door
    const { vfs } = filesystems.get('home').filesystem
    const node = await vfs.make(ROOT_INO, 'f', { kind: 'file', mode: 0o600 }, caller)
    assert.ok(!isErrno(node))
    const set = await vfs.setAttributes(node.ino, { atime: ns, mtime: ns, ctime: ns }, caller)
    assert.ok(!isErrno(set))
    assert.deepEqual([set.atimeNs, set.mtimeNs, set.ctimeNs], [kept, kept, kept])
    const stat = await client.call(fileStat, { place, follow: false }, never)
    const described = await client.call(fileDescribe, { place, cid: true }, never)
    assert.deepEqual([stat.mtimeNs, described.atimeNs, described.cid !== undefined], [kept, kept, true])
    const items = client.download(fileList, { place: { ...place, path: '/' } }, never)
    const rows = []
    for await (const { head } of items) rows.push(head)
    assert.deepEqual(
      rows.map(({ name, ctimeNs }) => [name, ctimeNs]),
      [['f', kept]],
    )
    const made = { place: { ...place, path: '/d' }, kind: 'directory', mtimeNs: kept } as const
    assert.equal((await client.call(fileMake, made, never)).mtimeNs, kept)
    assert.equal((await client.call(fileSet, { place, mtimeNs: 0n }, never)).mtimeNs, 0n)
  })
}
