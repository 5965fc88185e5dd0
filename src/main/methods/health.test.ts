import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chunkCheck, restartCheck, spaceCheck } from './health.ts'

const none = { chunks: 0, bytes: 0 }
const states = { held: { chunks: 7, bytes: 70 }, cached: none, condemned: none, quarantined: none }

test('a storage process that never died is well, one that did is told with its last end', () => {
  assert.equal(restartCheck({ count: 0 }).state, 'ok')
  assert.match(restartCheck({ count: 1, last: 'signal SIGKILL' }).detail, /^died once .* signal SIGKILL$/)
  const often = restartCheck({ count: 9, last: 'exit code 1' })
  assert.deepEqual([often.state, often.detail], ['warn', 'died 9 times since the start, last by exit code 1'])
  assert.ok(often.remedy !== undefined)
})

test('damaged chunks fail the check and have a remedy', () => {
  assert.equal(chunkCheck({ states, segments: 1 }).state, 'ok')
  const damaged = chunkCheck({ states: { ...states, quarantined: { chunks: 2, bytes: 20 } }, segments: 1 })
  assert.deepEqual([damaged.state, damaged.detail], ['fail', '7 held in 1 segments, 2 damaged'])
  assert.match(damaged.remedy ?? '', /backup/)
})

test('little room warns, none fails', () => {
  assert.equal(spaceCheck({ totalBytes: 100, freeBytes: 5 }).state, 'ok')
  assert.equal(spaceCheck({ totalBytes: 100, freeBytes: 4 }).state, 'warn')
  const full = spaceCheck({ totalBytes: 100 * 2 ** 30, freeBytes: 0 })
  assert.deepEqual([full.state, full.detail], ['fail', '0.0 GiB free of 100.0 GiB'])
  assert.match(full.remedy ?? '', /cairn fs gc/)
})
