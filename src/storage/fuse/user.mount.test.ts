import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { findMount } from '#storage/fuse'
import { sh, whyNoMounts } from './test/mounted.ts'

const NOBODY = 65534

suite('mounting as an ordinary user', { skip: await whyNoUserMounts() }, () => {
  test('works through fusermount3', { timeout: 30_000 }, async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'cairn-fuse-user-'))
    if (isRoot()) chownSync(folder, NOBODY, NOBODY)
    try {
      const child = asUser(new URL('./test/user-mount.ts', import.meta.url).pathname, folder)
      const [code] = await once(child, 'exit')
      assert.equal(code, 0)
      assert.equal(findMount(folder), undefined)
    } finally {
      if (findMount(folder) !== undefined) await sh(`umount -l '${folder}' || fusermount3 -uz '${folder}'`, '/')
      rmSync(folder, { recursive: true })
    }
  })
})

function isRoot(): boolean {
  return process.geteuid?.() === 0
}

function asUser(script: string, ...words: readonly string[]) {
  const ids = ['--reuid', `${NOBODY}`, '--regid', `${NOBODY}`, '--clear-groups', '--reset-env']
  const [program, prefix] = isRoot() ? ['setpriv', [...ids, process.execPath]] : [process.execPath, []]
  return spawn(program, [...prefix, script, ...words], { stdio: ['ignore', 'inherit', 'inherit'] })
}

async function whyNoUserMounts(): Promise<string | false> {
  const why = whyNoMounts()
  if (why !== false) return why
  for (const program of ['fusermount3', 'setpriv']) {
    const there = await sh(`command -v ${program}`, '/').catch(() => '')
    if (there === '') return `${program} is not installed`
  }
  // Ordinary systems have 0666 here.
  if (isRoot() && (statSync('/dev/fuse').mode & 0o666) !== 0o666) chmodSync('/dev/fuse', 0o666)
  return false
}
