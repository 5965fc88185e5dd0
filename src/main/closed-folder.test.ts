import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { isFault } from '#base'
import { closedFolder } from './closed-folder.ts'

function thrownBy(step: () => unknown): unknown {
  try {
    step()
  } catch (error) {
    return error
  }
  return assert.fail('nothing was thrown')
}

test('an error of the system or of SQLite that says a folder is closed becomes a fault with a remedy', () => {
  const system = Object.assign(new Error('EROFS: read-only file system, open x'), { code: 'EROFS', errno: -30 })
  for (const error of [system, thrownBy(() => new DatabaseSync('/proc/none/lock'))]) {
    const fault = closedFolder('/d', error)
    assert.ok(isFault(fault, 'DataFolder') && fault.hint?.includes('--data'), String(fault))
    assert.match(fault.message, /^the data folder \/d cannot be used: ./)
  }
})

test('other errors stay what they are', () => {
  const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC', errno: -28 })
  for (const error of [full, new Error('a bug'), 'a word']) assert.equal(closedFolder('/d', error), error)
})
