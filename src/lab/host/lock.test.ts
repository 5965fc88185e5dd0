import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { takeLock } from './lock.ts'

test('a lock is had by one at a time, and again when it was given back', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-lab-lock-'))
  try {
    const file = path.join(folder, 'labs', 'nodes.lock')
    {
      using first = takeLock(file)
      assert.ok(first !== undefined)
      assert.equal(takeLock(file), undefined)
    }
    using again = takeLock(file)
    assert.ok(again !== undefined)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})
