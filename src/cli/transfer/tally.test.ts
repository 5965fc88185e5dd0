import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineFaults, isFault } from '#base'
import { Tally, tellNotes } from './tally.ts'

const fault = defineFaults({
  NotFound: { status: 404, retry: 'never' },
  NoSpace: { status: 507, retry: 'later' },
})

test('failures of single files are gathered, the first twenty by name', () => {
  const tally = new Tally()
  for (let i = 0; i < 23; i++) tally.fail(`/t/${i}`, fault('NotFound', 'is not there'))
  assert.throws(
    () => tally.throwFailures(),
    error =>
      isFault(error, 'Incomplete') &&
      error.message.startsWith('23 files could not be transferred:\n  /t/0: is not there\n') &&
      error.message.endsWith('\n  and 3 more'),
  )
})

test('one failure keeps its own remedy, several share a general one', () => {
  const tally = new Tally()
  tally.fail('/a', fault('NotFound', 'is not there', { hint: 'Look for it.' }))
  const hinted = (hint: RegExp) => (error: unknown) => isFault(error, 'Incomplete') && hint.test(error.hint ?? '')
  assert.throws(() => tally.throwFailures(), hinted(/^Look for it\.$/))
  tally.fail('/b', fault('NotFound', 'is not there', { hint: 'Look for it.' }))
  assert.throws(() => tally.throwFailures(), hinted(/^Run the same command again/))
})

test('a failure that every file would meet ends the transfer', () => {
  const full = fault('NoSpace', 'no space left')
  assert.throws(() => new Tally().fail('/t/a', full), full)
  const bug = new Error('a bug')
  assert.throws(() => new Tally().fail('/t/a', bug), bug)
})

test('a name cannot break out of its line, and its path is not told twice', () => {
  const tally = new Tally()
  tally.fail('/t/a\nb', fault('NotFound', '/t/a\nb is not there'))
  assert.throws(() => tally.throwFailures(), /transferred:\n {2}\/t\/a\?b is not there$/)
})

test('what is left out is told in a line that acts on no terminal', () => {
  const tally = new Tally()
  tally.note('/a\u001b[2J\nb: left out')
  let said = ''
  tellNotes({ terminal: { err: text => void (said += text) } }, tally)
  assert.equal(said, 'note: /a?[2J?b: left out\n')
})

test('the summary counts files, bytes and what was there already', () => {
  const tally = Object.assign(new Tally(), { files: 1, bytes: 2048 })
  assert.equal(tally.summary('Put'), 'Put 1 file (2.0 KiB); verified')
  tally.skipped = 3
  assert.equal(tally.summary('Got'), 'Got 1 file (2.0 KiB), 3 already there (same size and time); verified')
})

test('nothing failed, nothing thrown', () => {
  new Tally().throwFailures()
})
