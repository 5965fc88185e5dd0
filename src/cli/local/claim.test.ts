import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { claimPath } from './claim.ts'

test('a path is claimed once, by whatever way it is reached, until it is let go', async () => {
  const folder = mkdtempSync(`${tmpdir()}/cairn-claim-`)
  symlinkSync(folder, `${folder}/link`)
  try {
    const first = await claimPath(`${folder}/a`)
    assert.ok(first !== undefined)
    assert.equal(await claimPath(`${folder}/a`), undefined)
    assert.equal(await claimPath(`${folder}/link/a`), undefined)
    using other = await claimPath(`${folder}/b`)
    assert.ok(other !== undefined)
    first[Symbol.dispose]()
    using again = await claimPath(`${folder}/a`)
    assert.ok(again !== undefined)
  } finally {
    rmSync(folder, { recursive: true })
  }
})
