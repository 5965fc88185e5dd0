import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Change, revisionOf } from '../change.ts'
import { RANGE_PAGE_ROWS } from '../limits.ts'
import { encodeRecord } from '../record.ts'
import type { RowIndex } from '../row-index.ts'
import { quietWorld, temporaryFolder } from '../test/support.ts'
import { sqliteIndex } from './sqlite-index.ts'

/** As long as an object is: most of it lies on pages of its own. */
const VALUE = Buffer.alloc(1500, 'v')

const SPAN = { start: 'key-', end: 'key.' }

function puts(at: number, keys: readonly string[]): readonly Change[] {
  const revision = revisionOf(at)
  const entry = { value: VALUE, createRevision: revision, modRevision: revision, version: 1, lease: undefined }
  return keys.map(key => ({ kind: 'put', entry: { key, ...entry }, previous: undefined }))
}

function deletes(at: number, keys: readonly string[]): readonly Change[] {
  return keys.map(key => ({ kind: 'delete', key, revision: revisionOf(at), previous: undefined }))
}

/** Reads all rows as of a revision, page by page. */
function read(index: RowIndex, at: number): { readonly revisions: readonly number[]; readonly cpuMs: number } {
  const before = process.cpuUsage()
  const revisions: number[] = []
  const asked = { end: SPAN.end, descending: false, revision: revisionOf(at), limit: RANGE_PAGE_ROWS }
  for (let { start } = SPAN; ; ) {
    const rows = index.range({ ...asked, start })
    revisions.push(...rows.map(({ modRevision }) => modRevision))
    const last = rows.at(-1)
    if (last === undefined) break
    start = `${last.key}\0`
  }
  const { user, system } = process.cpuUsage(before)
  return { revisions, cpuMs: (user + system) / 1000 }
}

test('a late revision is read without all the rows that were replaced before it', async () => {
  using folder = temporaryFolder()
  const index = await sqliteIndex.open({ world: quietWorld, folder: folder.path, keepHistory: true })
  await using closing = new AsyncDisposableStack()
  closing.defer(() => index.close(true))
  const all = Array.from({ length: 20_000 }, (_, at) => `key-${String(at).padStart(6, '0')}`)
  const later = all.slice(0, 5000)
  const steps = [[], [], puts(2, all), deletes(3, all), puts(4, later), puts(5, all.slice(0, 10))]
  for (const [at, changes] of steps.entries()) {
    if (changes.length > 0) await index.apply(encodeRecord(revisionOf(at), changes))
  }
  const early = read(index, 2)
  assert.deepEqual(early.revisions, Array(20_000).fill(2))
  assert.equal(read(index, 3).revisions.length, 0)
  const late = read(index, 4)
  assert.deepEqual(late.revisions, Array(5000).fill(4))
  assert.deepEqual(read(index, 5).revisions, [...Array(10).fill(5), ...Array(4990).fill(4)])
  for (const [at, count] of [20_000, 0, 5000, 5000].entries())
    assert.equal(index.count(SPAN, revisionOf(at + 2)), count)
  // A quarter of the rows; it took four times as long as all of them.
  assert.ok(late.cpuMs < early.cpuMs, `${late.cpuMs} ms for few, ${early.cpuMs} ms for all`)
})
