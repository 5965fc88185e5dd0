import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { test } from 'node:test'

const PROGRAM = new URL('./cairn.ts', import.meta.url).pathname

test('output that finds a full disk is one line of error and exit code 1', () => {
  const full = fs.openSync('/dev/full', 'w')
  try {
    const words = ['--disable-warning=ExperimentalWarning', PROGRAM, '--help']
    const { status, stderr } = spawnSync(process.execPath, words, { stdio: ['ignore', full, 'pipe'], encoding: 'utf8' })
    assert.match(stderr, /^error: the output cannot be written: ENOSPC.*\nhint: .*\n$/)
    assert.equal(status, 1)
    assert.equal(spawnSync(process.execPath, words, { stdio: ['ignore', full, full] }).status, 1)
  } finally {
    fs.closeSync(full)
  }
})
