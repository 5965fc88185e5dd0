import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isSystemError } from '#base'
import { makeFolders } from './folders.ts'

function temporary(): { readonly root: string } & Disposable {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-folders-'))
  return { root, [Symbol.dispose]: () => fs.rmSync(root, { recursive: true }) }
}

test('a folder is made with those above it, and one that is there stays as it is', () => {
  using t = temporary()
  makeFolders(`${t.root}/a/b/c`, 0o700)
  for (const name of ['a', 'a/b', 'a/b/c']) assert.equal(fs.statSync(`${t.root}/${name}`).mode & 0o777, 0o700)
  makeFolders(`${t.root}/a/b`, 0o755)
  assert.equal(fs.statSync(`${t.root}/a/b`).mode & 0o777, 0o700)
  fs.symlinkSync('a', `${t.root}/link`)
  makeFolders(`${t.root}/link`, 0o700)
  makeFolders(`${t.root}/link/b/d`, 0o700)
  assert.deepEqual(fs.readdirSync(`${t.root}/a/b`), ['c', 'd'])
})

test('where nothing can be made it fails instead of trying for ever', () => {
  for (const folder of ['/proc/none', '/proc/none/below']) {
    assert.throws(
      () => makeFolders(folder, 0o700),
      error => isSystemError(error, 'ENOENT'),
    )
  }
})

test('a file in the place or on the way is an error', () => {
  using t = temporary()
  fs.writeFileSync(`${t.root}/file`, '')
  fs.symlinkSync('none', `${t.root}/dangling`)
  for (const [name, code] of [
    ['file', 'EEXIST'],
    ['file/below', 'ENOTDIR'],
    ['dangling', 'ENOENT'],
    ['dangling/below', 'ENOENT'],
  ]) {
    assert.throws(
      () => makeFolders(`${t.root}/${name}`, 0o700),
      error => isSystemError(error, code),
      name,
    )
  }
})
