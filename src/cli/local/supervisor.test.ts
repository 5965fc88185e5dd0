import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { startTicksOf } from '#rpc'
import { runningSupervisor } from './supervisor.ts'

const own = startTicksOf(fs.readFileSync('/proc/self/stat', 'latin1'))

const cases: readonly [string, string | undefined, number | undefined][] = [
  ['no file', undefined, undefined],
  ['this process', `${process.pid} ${own}\n`, process.pid],
  ['another process that got the same id later', `${process.pid} ${own - 1}\n`, undefined],
  ['an id nobody has', `${2 ** 30} 5\n`, undefined],
  ['an empty file', '', undefined],
  ['words', 'not a number\n', undefined],
  ['a group of processes', `-1 ${own}\n`, undefined],
]

for (const [what, text, pid] of cases) {
  test(`the running supervisor, where the file names ${what}, is ${pid === undefined ? 'none' : 'found'}`, () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-pid-'))
    try {
      if (text !== undefined) fs.writeFileSync(`${folder}/cairn.pid`, text)
      assert.equal(runningSupervisor(folder), pid)
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })
}
