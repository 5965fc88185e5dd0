import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { FLAGS } from './supervisor/flags.ts'

const CAIRN = path.join(import.meta.dirname, 'cairn.ts')

test('once everything is compiled, no process that runs for long compiles anything', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-compiled-'))
  const run = (...words: readonly string[]): number => {
    execFileSync(process.execPath, words, { env: { ...process.env, NODE_COMPILE_CACHE: folder }, stdio: 'pipe' })
    return fs.readdirSync(folder, { recursive: true }).length
  }
  try {
    const files = run(CAIRN, 'compile')
    assert.ok(files > 500, `${files} files were compiled`)
    for (const [kind, flags] of Object.entries(FLAGS)) assert.equal(run(...flags, CAIRN, 'compile', kind), files, kind)
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
})
