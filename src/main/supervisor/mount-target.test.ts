import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#base'
import { mountTarget } from './mount-target.ts'

function temporary(): { readonly root: string; readonly data: string } & Disposable {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-target-')))
  fs.mkdirSync(`${root}/data`)
  return { root, data: `${root}/data`, [Symbol.dispose]: () => fs.rmSync(root, { recursive: true }) }
}

test('an empty folder and one that is not there yet are answered by their real path, and nothing is made', async () => {
  using t = temporary()
  fs.mkdirSync(`${t.root}/empty`)
  fs.symlinkSync('empty', `${t.root}/link`)
  assert.equal(await mountTarget(`${t.root}/empty/`, t.data), `${t.root}/empty`)
  assert.equal(await mountTarget(`${t.root}/link`, t.data), `${t.root}/empty`)
  assert.equal(await mountTarget(`${t.root}/link/new/deep`, t.data), `${t.root}/empty/new/deep`)
  assert.deepEqual(fs.readdirSync(`${t.root}/empty`), [])
})

const refusals: readonly [string, string, string, RegExp][] = [
  ['a folder with files', 'full', 'NotEmpty', /not empty: it holds "x"/],
  ['a file', 'full/x', 'WrongKind', /no folder/],
  ['a path below a file', 'full/x/y', 'Invalid', /cannot be a mount point/],
  ['the data folder', 'data', 'Occupied', /inside the data folder/],
  ['a folder in the data folder', 'data/mount', 'Occupied', /inside the data folder/],
  ['a symlink into the data folder', 'into-data', 'Occupied', /inside the data folder/],
  ['a folder around the data folder', '.', 'Occupied', /would hide the data folder/],
  ['the root of the machine', '../../../../../..', 'Occupied', /would hide the data folder/],
]

for (const [what, name, code, message] of refusals) {
  test(`${what} is refused with a remedy`, async () => {
    using t = temporary()
    fs.mkdirSync(`${t.root}/full`)
    fs.writeFileSync(`${t.root}/full/x`, '')
    fs.symlinkSync('data', `${t.root}/into-data`)
    await assert.rejects(mountTarget(path.join(t.root, name), t.data), error => {
      assert.ok(isFault(error, code), String(error))
      assert.match(error.message, message)
      assert.ok(error.hint !== undefined)
      return true
    })
  })
}

test('a mount point of something else is refused', async () => {
  using t = temporary()
  await assert.rejects(
    mountTarget('/proc', t.data),
    error => isFault(error, 'Occupied') && /\/proc is a mount point already \(proc from /.test(error.message),
  )
})
