import assert from 'node:assert/strict'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'
import { withFile } from '../kit.ts'
import { removeTree } from '../remove-tree.ts'
import * as sys from '../sys/index.ts'
import { stressFile } from './file.ts'
import { stressTree } from './tree.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'posix-canary-'))
})
afterEach(() => {
  sys.chdir(tmpdir())
  removeTree(dir)
})

/** Does a wrong thing behind the back of the model before one operation. */
const once = (wanted: number, wrong: () => void) => (number: number) => {
  if (number === wanted) wrong()
}

suite('the random file operations', () => {
  const path = () => join(dir, 'file')
  const wrongs: Readonly<Record<string, () => void>> = {
    'a byte that changed': () => withFile(path(), sys.O_RDWR, fd => sys.write(fd, '\u0001wrong', 0)),
    'a file that grew': () => withFile(path(), sys.O_RDWR, fd => sys.truncate(fd, sys.stat(fd).size + 1)),
    'a file that was cut': () =>
      withFile(path(), sys.O_RDWR, fd => sys.truncate(fd, Math.max(0, sys.stat(fd).size - 1))),
  }
  for (const [what, wrong] of Object.entries(wrongs)) {
    test(`find ${what}, and name the seed`, () => {
      // The last operation but one, so that nothing can mend it before the comparison at the end.
      const run = () => stressFile({ path: path(), seed: 7, ops: 130, beforeOp: once(129, wrong) })
      assert.throws(run, /seed 7/)
    })
  }
  test('are the same for the same seed', () => {
    const run = () => stressFile({ path: path(), seed: 11, ops: 150, sizeMax: 300_000 })
    assert.deepEqual(run(), run())
  })
})

suite('the random tree operations', () => {
  test('find a name that came from nowhere', () => {
    const wrong = () => sys.mkdir(join(dir, 'stranger'))
    assert.throws(() => stressTree({ dir, seed: 5, ops: 100, beforeOp: once(100, wrong) }), /seed 5: .*names of/)
  })
  test('find a tree that vanished', () => {
    const wrong = () => {
      removeTree(dir)
      sys.mkdir(dir)
      sys.chdir(dir)
    }
    assert.throws(() => stressTree({ dir, seed: 5, ops: 200, beforeOp: once(200, wrong) }), /seed 5/)
  })
})
