import assert from 'node:assert/strict'
import { test } from 'node:test'
import { digestOf, Fault } from '#base'
import { chunkCheck, diskCheck, remoteCheck, restartCheck, spaceCheck, unheldCheck } from './health.ts'

const none = { chunks: 0, bytes: 0 }
const states = { held: { chunks: 7, bytes: 70 }, cached: none, condemned: none, quarantined: none }

test('a storage process that never died is well, one that did is told with its last end', () => {
  assert.equal(restartCheck({ count: 0 }).state, 'ok')
  assert.match(restartCheck({ count: 1, last: 'signal SIGKILL' }).detail, /^died once .* signal SIGKILL$/)
  const often = restartCheck({ count: 9, last: 'exit code 1' })
  assert.deepEqual([often.state, often.detail], ['warn', 'died 9 times since the start, last by exit code 1'])
  assert.ok(often.remedy !== undefined)
})

const bad = { states: { ...states, quarantined: { chunks: 2, bytes: 20 } }, segments: 1 }

test('damage that somebody needs fails the check, with who it is and what to do', () => {
  assert.equal(chunkCheck({ states, segments: 1 }).state, 'ok')
  const places = ['/a', 'photos:/.snapshots/old']
  const { state, detail, remedy } = chunkCheck(bad, { places, kinds: new Set(['file', 'snapshot']), isAll: false })
  assert.equal(state, 'fail')
  assert.equal(detail, '7 held in 1 segments, 2 damaged, needed by /a, photos:/.snapshots/old and perhaps others')
  assert.match(remedy ?? '', /put it again.*cairn fs gc.*cairn fs snapshot rm.*disk/)
})

test('damage that nothing needs is a warning until it is collected', () => {
  const { state, detail, remedy } = chunkCheck(bad, { places: [], kinds: new Set(), isAll: true })
  assert.deepEqual([state, detail], ['warn', '7 held in 1 segments, 2 damaged, which nothing needs any more'])
  const shared = chunkCheck(bad, { places: [], kinds: new Set(), isAll: true }, true)
  const unsure = chunkCheck(bad, { places: [], kinds: new Set(), isAll: false }, true)
  assert.equal(unsure.state, 'fail', 'who has not looked through all does not say that nothing needs it')
  assert.match(`${shared.detail}. ${shared.remedy}`, /no file here needs.*other machines/, 'files of other homes may')
  assert.match(remedy ?? '', /next collection.*cairn fs gc/)
})

test('a filesystem of another machine that this one may not use says so, and who can change it', () => {
  assert.equal(remoteCheck('photos', undefined).state, 'ok')
  const refused = new Fault('Forbidden', { status: 403, retry: 'never' }, 'the filesystem photos is not for m2')
  const { state, detail, remedy } = remoteCheck('photos', refused)
  assert.deepEqual([state, detail], ['fail', 'the filesystem photos is not for m2'])
  assert.match(remedy ?? '', /cairn fs access photos --machines all/)
  assert.match(remoteCheck('photos', new Error('no way')).remedy ?? '', /cairn node ls/)
})

test('what no machine has fails the check, with who needs it, and whom to start', () => {
  const digests = new Set([digestOf(Buffer.alloc(32))])
  assert.equal(unheldCheck({ digests: new Set(), silent: ['m2'] }).state, 'ok')
  const users = { places: ['/a', '/b'], kinds: new Set(['file'] as const), isAll: false }
  const lost = unheldCheck({ digests, silent: [] }, users)
  assert.deepEqual([lost.state, lost.detail], ['fail', '1 is on no machine, needed by /a, /b and perhaps others'])
  assert.match(lost.remedy ?? '', /They are lost.*put it again/)
  const away = unheldCheck({ digests, silent: ['m2', 'm3'] }, { ...users, isAll: true })
  assert.equal(away.detail, '1 is on no machine that answers, needed by /a, /b')
  assert.equal(away.remedy, 'Start m2, m3, or let this machine reach them: see cairn node ls.')
})

test('damage fails the check when there was no time to find out who needs it', () => {
  const { state, detail, remedy } = chunkCheck(bad, { places: [], kinds: new Set(), isAll: false })
  assert.equal(state, 'fail')
  assert.match(detail, /too long$/)
  assert.match(remedy ?? '', /cannot be read/)
})

test('little room warns, none fails', () => {
  assert.equal(spaceCheck({ totalBytes: 100, freeBytes: 5 }).state, 'ok')
  assert.equal(spaceCheck({ totalBytes: 100, freeBytes: 4 }).state, 'warn')
  const full = spaceCheck({ totalBytes: 100 * 2 ** 30, freeBytes: 0 })
  assert.deepEqual([full.state, full.detail], ['fail', '0.0 GiB free of 100.0 GiB: nothing can be written'])
  assert.match(full.remedy ?? '', /cairn fs gc/)
  const small = spaceCheck({ totalBytes: 0, freeBytes: 0 })
  assert.deepEqual([small.state, small.remedy?.includes('--data')], ['fail', true])
})

test('a disk that is missing or fails is named with what to do, a full one warns', () => {
  const disk = { id: 'd'.repeat(32), path: '/mnt/attic', state: 'Ready', chunks: 7, damaged: 0 } as const
  const sizes = { capacityMiB: 100, usedMiB: 10, freeMiB: 90 }
  assert.deepEqual(diskCheck({ ...disk, ...sizes }), { name: 'disk', state: 'ok', detail: '/mnt/attic: 7 chunks held' })
  const missing = diskCheck({ ...disk, ...sizes, state: 'Missing', message: 'not mounted' })
  assert.deepEqual([missing.state, missing.detail], ['fail', '/mnt/attic: Missing; not mounted'])
  assert.match(missing.remedy ?? '', /mount it.*cairn disk remove \/mnt\/attic/)
  assert.match(diskCheck({ ...disk, ...sizes, state: 'Failing' }).remedy ?? '', /kernel log/)
  assert.equal(diskCheck({ ...disk, ...sizes, state: 'Full' }).state, 'warn')
})
