import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isOwnDisk } from './own-disk.ts'

test('a disk is Cairn its own when it is mounted at the data folder', () => {
  const devices: Readonly<Record<string, number>> = { '/': 1, '/srv': 1, '/srv/disk': 2, '/srv/disk/below': 2 }
  const isOwn = (folder: string) => isOwnDisk(folder, each => devices[each] ?? 0)
  assert.deepEqual(['/', '/srv', '/srv/disk', '/srv/disk/below'].map(isOwn), [false, false, true, false])
})

test('a folder among others is no disk, /proc is one', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-own-disk-'))
  try {
    assert.equal(isOwnDisk(folder), false)
    assert.equal(isOwnDisk('/proc'), true)
  } finally {
    fs.rmdirSync(folder)
  }
})
