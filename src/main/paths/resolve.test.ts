import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { isFault } from '#base'
import { fileMake, type Place } from '#rpc'
import { ROOT_INO, type Vfs } from '#storage/fs'
import { openTestDoor, type TestDoor } from '../testing/door.ts'
import { find, placeOf, resolve } from './resolve.ts'

const never = new AbortController().signal
const at = (path: string): Place => ({ filesystem: 'home', path })

suite('a path inside a filesystem', () => {
  let door: TestDoor
  let vfs: Vfs
  const inoOf = async (path: string) => (await find(vfs, path, 'parents')).ino

  before(async () => {
    door = await openTestDoor()
    vfs = door.filesystems.get('home').filesystem.vfs
    const link = (path: string, target: string) =>
      door.client.call(fileMake, { place: at(path), kind: 'symlink', target }, never)
    for (const path of ['/a', '/a/b', '/a/b/c', '/x']) {
      await door.client.call(fileMake, { place: at(path), kind: 'directory' }, never)
    }
    await door.client.call(fileMake, { place: at('/fifo'), kind: 'fifo' }, never)
    await link('/a/up', '..')
    await link('/a/to-c', 'b/c')
    await link('/x/to-b', '../a/b/.')
    await link('/out', '/etc/passwd')
    await link('/loop', 'loop2')
    await link('/loop2', 'loop')
    await link('/dangling', 'a/none')
    await link('/self', '.')
    await link('/above', '../../../x')
  })
  after(() => door[Symbol.asyncDispose]())

  const same: readonly [string, string][] = [
    ['/a/b', '/a/./b'],
    ['/a/b', '//a///b/'],
    ['/a/b', '/a/b/c/..'],
    ['/x', '/a/b/../../x'],
    ['/x', '/../../x'],
    ['/a/b', '/a/up/a/b'],
    ['/a/b/c', '/x/to-b/c'],
    ['/a', '/x/to-b/..'],
    ['/x', '/self/self/self/x'],
    ['/x', '/above/.'],
    ['/a/b/c', '/a/to-c/'],
  ]
  for (const [plain, other] of same) {
    test(`${other} is ${plain}`, async () => {
      assert.equal(await inoOf(other), await inoOf(plain))
    })
  }

  test('the root has no name, whichever way one comes to it', async () => {
    for (const path of ['/', '//', '/.', '/..', '/a/..', '/a/up/.']) {
      const { place, attributes } = await resolve(vfs, path, 'all')
      assert.deepEqual([place, attributes?.ino], [undefined, ROOT_INO], path)
    }
    await assert.rejects(placeOf(vfs, '/'), error => isFault(error, 'Invalid'))
  })

  test('a last symlink is looked behind only when asked', async () => {
    assert.equal((await find(vfs, '/a/to-c', 'parents')).kind, 'symlink')
    assert.equal((await find(vfs, '/a/to-c', 'all')).ino, await inoOf('/a/b/c'))
  })

  test('a free name is answered with its directory', async () => {
    const { place, attributes } = await resolve(vfs, '/x/to-b/new', 'all')
    assert.deepEqual([place, attributes], [{ parent: await inoOf('/a/b'), name: 'new' }, undefined])
  })

  test('behind a dangling symlink there is a free name too', async () => {
    const { place } = await resolve(vfs, '/dangling', 'all')
    assert.deepEqual(place, { parent: await inoOf('/a'), name: 'none' })
  })

  const refusals: readonly [string, string, RegExp][] = [
    ['/none/x', 'NotFound', /\/none\/x: the directory none on the way is not there/],
    ['/fifo/x', 'WrongKind', /is no directory/],
    ['/fifo/', 'WrongKind', /is no directory/],
    ['/fifo/..', 'WrongKind', /is no directory/],
    ['/none/', 'NotFound', /is not there/],
    ['/loop', 'Symlink', /too many symlinks/],
    ['/loop/x', 'Symlink', /too many symlinks/],
    ['/out', 'Symlink', /symlink to \/etc\/passwd/],
    ['/out/x', 'Symlink', /symlink to \/etc\/passwd/],
    ['a', 'Invalid', /no absolute path/],
    ['', 'Invalid', /no absolute path/],
    ['/a\0b', 'Invalid', /no absolute path/],
    [`/${'x'.repeat(256)}`, 'Invalid', /more than 255 bytes/],
  ]
  for (const [path, code, message] of refusals) {
    test(`${JSON.stringify(path.slice(0, 20))} is refused: ${code}`, async () => {
      await assert.rejects(resolve(vfs, path, 'all'), error => {
        assert.ok(isFault(error, code), String(error))
        assert.match(error.message, message)
        assert.ok(error.hint !== undefined)
        return true
      })
    })
  }
})
