import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { makeMasterKey, nextMasterKey, readMasterKey } from './master-key-file.ts'

function temporary(): Disposable & { readonly at: string } {
  const at = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-master-'))
  return { at, [Symbol.dispose]: () => fs.rmSync(at, { recursive: true }) }
}

test('a link that somebody has put in the way of a new key is not followed', () => {
  using folder = temporary()
  const [file, elsewhere] = [`${folder.at}/master.key`, `${folder.at}/elsewhere`]
  fs.writeFileSync(elsewhere, 'mine', { mode: 0o644 })
  fs.symlinkSync(elsewhere, `${file}.${process.pid}.new`)
  const made = makeMasterKey(file, machineWorld)
  assert.equal(fs.readFileSync(elsewhere, 'utf8'), 'mine')
  assert.ok(fs.lstatSync(file).isFile())
  assert.equal(fs.statSync(file).mode & 0o777, 0o600)
  assert.ok(readMasterKey(file)?.is(made))
  assert.deepEqual(fs.readdirSync(folder.at).sort(), ['elsewhere', 'master.key'])
})

test('a file of before, readable by all, is no place for a new key', () => {
  using folder = temporary()
  const file = `${folder.at}/master.key`
  fs.writeFileSync(`${file}.${process.pid}.new`, 'left over', { mode: 0o644 })
  makeMasterKey(file, machineWorld)
  assert.equal(fs.statSync(file).mode & 0o777, 0o600)
})

test('a link in the place of the next key is refused', () => {
  using folder = temporary()
  const file = `${folder.at}/master.key`
  makeMasterKey(file, machineWorld)
  makeMasterKey(`${folder.at}/known`, machineWorld)
  fs.symlinkSync(`${folder.at}/known`, `${file}.next`)
  assert.throws(
    () => nextMasterKey(file, machineWorld),
    error => isFault(error, 'MasterKey') && /is a link, or of another user/.test(error.message),
  )
})
