import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#base'
import { openDataFolder } from './data-folder.ts'

function temporary(): { readonly root: string } & Disposable {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-data-'))
  return { root, [Symbol.dispose]: () => fs.rmSync(root, { recursive: true }) }
}

/** Expects a fault with a hint, and that nothing below the folder changed. */
async function refused(folder: string, code: string, message: RegExp): Promise<void> {
  const before = fs.existsSync(folder) ? fs.readdirSync(folder) : undefined
  await assert.rejects(openDataFolder(folder), error => {
    assert.ok(isFault(error, code), String(error))
    assert.match(error.message, message)
    assert.ok(error.hint !== undefined)
    return true
  })
  assert.deepEqual(fs.existsSync(folder) ? fs.readdirSync(folder) : undefined, before)
}

test('a new folder is made with its parents, for its owner alone, and says its version', async () => {
  using t = temporary()
  const folder = await openDataFolder(`${t.root}/a/b`)
  assert.equal(folder, fs.realpathSync(`${t.root}/a/b`))
  assert.equal(fs.statSync(folder).mode & 0o7777, 0o700)
  assert.equal(fs.readFileSync(`${folder}/version`, 'utf8'), 'cairn-data 1\n')
  assert.deepEqual(fs.readdirSync(folder), ['version'])
})

test('an empty folder is taken and closed to others', async () => {
  using t = temporary()
  fs.chmodSync(t.root, 0o755)
  await openDataFolder(t.root)
  assert.equal(fs.statSync(t.root).mode & 0o7777, 0o700)
})

test('a folder that is ours is taken as it is', async () => {
  using t = temporary()
  await openDataFolder(t.root)
  fs.writeFileSync(`${t.root}/anything`, '')
  assert.equal(await openDataFolder(t.root), fs.realpathSync(t.root))
})

test('a first start that was cut off is finished, also on a disk of its own', async () => {
  using t = temporary()
  fs.writeFileSync(`${t.root}/version.new`, 'cairn')
  fs.mkdirSync(`${t.root}/lost+found`)
  await openDataFolder(t.root)
  assert.equal(fs.readFileSync(`${t.root}/version`, 'utf8'), 'cairn-data 1\n')
})

test('a folder of other files is refused unchanged', async () => {
  using t = temporary()
  fs.writeFileSync(`${t.root}/thesis.odt`, '')
  await refused(t.root, 'DataFolder', /not empty and not a data folder/)
})

test('a folder of a newer version is refused unchanged', async () => {
  using t = temporary()
  fs.writeFileSync(`${t.root}/version`, 'cairn-data 2\n')
  await refused(t.root, 'DataNewer', /newer Cairn \(data version 2, known 1\)/)
})

for (const text of [
  '',
  'cairn-data\n',
  'cairn-data 1',
  'cairn-data -1\n',
  'cairn-data 0\n',
  'cairn-data 99999999999\n',
  '\0\0\0\0',
]) {
  test(`a version file that says ${JSON.stringify(text)} is refused unchanged`, async () => {
    using t = temporary()
    fs.writeFileSync(`${t.root}/version`, text)
    await refused(t.root, 'DataFolder', /does not say which version/)
  })
}

test('a file in its place, and below one, is refused', async () => {
  using t = temporary()
  fs.writeFileSync(`${t.root}/file`, '')
  for (const folder of [`${t.root}/file`, `${t.root}/file/below`]) {
    await assert.rejects(openDataFolder(folder), error => isFault(error, 'DataFolder'))
  }
})

test('a folder that cannot be made is refused', async () => {
  await refused('/proc/none/below', 'DataFolder', /the data folder \/proc\/none\/below cannot be used: ENOENT/)
})

test('a path too long for the socket is refused before anything is made', async () => {
  using t = temporary()
  await refused(`${t.root}/${'x'.repeat(100)}`, 'DataFolder', /bytes too long/)
})

test('a symlink to a folder is followed', async () => {
  using t = temporary()
  fs.mkdirSync(`${t.root}/real`)
  fs.symlinkSync('real', `${t.root}/link`)
  assert.equal(await openDataFolder(`${t.root}/link`), fs.realpathSync(`${t.root}/real`))
})
