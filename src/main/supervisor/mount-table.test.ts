import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#base'
import { readMountTable, writeMountTable } from './mount-table.ts'

function temporary(): { readonly root: string } & Disposable {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-mounts-'))
  return { root, [Symbol.dispose]: () => fs.rmSync(root, { recursive: true }) }
}

const MOUNTS = [
  { filesystem: 'home', path: '/mnt/cairn' },
  { filesystem: 'photos', path: '/mnt/ü b' },
]

test('before the first start there is none', () => {
  using t = temporary()
  assert.equal(readMountTable(t.root), undefined)
})

test('what was written is read, and nothing else is left in the folder', () => {
  using t = temporary()
  writeMountTable(t.root, MOUNTS)
  assert.deepEqual(readMountTable(t.root), MOUNTS)
  writeMountTable(t.root, [])
  assert.deepEqual(readMountTable(t.root), [])
  assert.deepEqual(fs.readdirSync(t.root), ['mounts.json'])
})

test('the file is version 1', () => {
  using t = temporary()
  writeMountTable(t.root, MOUNTS.slice(0, 1))
  assert.deepEqual(JSON.parse(fs.readFileSync(`${t.root}/mounts.json`, 'utf8')), {
    version: 'v1',
    mounts: [{ filesystem: 'home', path: '/mnt/cairn' }],
  })
})

for (const text of ['', '{', '{"version":"v2","mounts":[]}', '{"version":"v1","mounts":[{"filesystem":"home"}]}']) {
  test(`a file that says ${JSON.stringify(text)} is refused with what to do`, () => {
    using t = temporary()
    fs.writeFileSync(`${t.root}/mounts.json`, text)
    assert.throws(
      () => readMountTable(t.root),
      error => isFault(error, 'DataFolder') && error.message.includes('mounts.json') && error.hint !== undefined,
    )
  })
}
