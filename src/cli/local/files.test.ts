import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { byteStringOfText } from '#base'
import { localStat } from './files.ts'

test('a local file dated beyond 2262 is taken for the nearest date that a filesystem of Cairn keeps', async () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-local-'))
  try {
    const file = `${folder}/late`
    fs.writeFileSync(file, '')
    fs.utimesSync(file, 10_413_792_000, 10_413_792_000)
    const { mtimeNs } = fs.statSync(file, { bigint: true }) // some disks end before 2262
    const last = 2n ** 63n - 1n
    assert.equal((await localStat(byteStringOfText(file)))?.mtimeNs, mtimeNs > last ? last : mtimeNs)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})
