import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { promisify } from 'node:util'
import { GROUPS } from './groups.ts'
import { HOST_EXCEPTIONS } from './host-exceptions.ts'
import { type Cloud, openCloud, whyNoFuse } from '../cloud.ts'
import { type CaseResult, runSuite } from './runner.ts'
import { statfs } from './sys/index.ts'

const STRESS = new URL('./stress.ts', import.meta.url).pathname
const TIMEOUT_MS = 120_000
const SEEDS = [1, 2] as const

suite('POSIX cases on the filesystem of the host', { timeout: TIMEOUT_MS }, () => {
  const dir = mkdtempSync(join(tmpdir(), 'posix-host-'))
  // Cases act as other users, who must be able to come this far.
  chmodSync(dir, 0o711)
  const known = HOST_EXCEPTIONS.find(({ magic }) => magic === statfs(dir).type)
  const isKnown = ({ group, name }: CaseResult) =>
    known?.fails.some(pattern => pattern.test(`${group}: ${name}`)) ?? false
  let results: readonly CaseResult[] = []
  before(async () => {
    results = (await runSuite({ dir })).filter(result => !isKnown(result))
  })
  after(() => rmSync(dir, { recursive: true, force: true }))
  judge(() => results)
  stress(() => dir)
})

suite('POSIX cases on Cairn', { timeout: TIMEOUT_MS, skip: whyNoFuse() }, () => {
  let cairn: Cloud
  let results: readonly CaseResult[] = []
  before(async () => {
    cairn = await openCloud()
    results = await runSuite({ dir: cairn.mount, rules: 'cairn' })
  })
  after(async () => {
    await cairn?.[Symbol.asyncDispose]()
  })
  judge(() => results)
  stress(() => cairn.mount)
})

/** One test per group; its message lists every case that failed. */
function judge(results: () => readonly CaseResult[]): void {
  for (const group of Object.keys(GROUPS)) {
    test(`${group}: every case holds`, () => {
      const own = results().filter(result => result.group === group)
      const failed = own
        .filter(({ outcome }) => outcome === 'failed')
        .map(({ name, reason }) => `${name}\n    ${reason}`)
      assert.ok(own.length > 0, 'no case was run')
      assert.ok(failed.length === 0, `${failed.length} of ${own.length} failed:\n  ${failed.join('\n  ')}`)
    })
  }
}

/** A few hundred random operations of each kind; the soak runs many more. */
function stress(dir: () => string): void {
  for (const seed of SEEDS) {
    test(`random operations of seed ${seed} leave what the model says`, async () => {
      await promisify(execFile)(process.execPath, [STRESS, dir(), '--seed', `${seed}`, '--ops', '600'])
    })
  }
}
