import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SteppedClock } from '../../../test/clocks/stepped-clock.ts'
import type { FilesystemRow } from '#rpc'
import { DELETE_FILES, type KubeObject, type ObjectMeta } from '#schema'
import { accessStep } from './access.ts'
import { wantedLimits } from './limits.ts'
import { mountStep } from './mounting.ts'
import { FILESYSTEM_FINALIZER, filesystemStep } from './plan.ts'
import { statusIn } from './status.ts'
import { UsageTold } from './usage-told.ts'

const finalizers = [FILESYSTEM_FINALIZER]
const row: FilesystemRow = {
  name: 'photos',
  id: 'f',
  metadataBytes: 0,
  freeBytes: 0,
  bytesUsed: 1_000_000,
  inodesUsed: 300,
  snapshots: 1,
}

function filesystem(metadata: Partial<ObjectMeta>, more: object = {}): KubeObject {
  const all = { name: 'photos', uid: 'u', creationTimestamp: '', generation: 3, ...metadata }
  return { apiVersion: 'cairn.dev/v1', kind: 'Filesystem', metadata: all, ...more }
}

test('a filesystem without an object gets one, and an object without a filesystem gets that, protected first', () => {
  assert.deepEqual(filesystemStep(undefined, row), { kind: 'adopt' })
  assert.deepEqual(filesystemStep(undefined, undefined), { kind: 'none' })
  assert.deepEqual(filesystemStep(filesystem({}), undefined), { kind: 'protect' })
  assert.deepEqual(filesystemStep(filesystem({ finalizers }), undefined), { kind: 'make' })
})

test('one that was served and is gone is told lost, never made anew', () => {
  const step = filesystemStep(filesystem({ finalizers }, { status: { phase: 'Ready' } }), undefined)
  assert.equal(step.kind === 'tell' && step.state.reason, 'Lost')
  const later = filesystemStep(filesystem({ finalizers }, { status: { phase: 'Failed', home: 'here' } }), undefined)
  assert.equal(later.kind === 'tell' && later.state.reason, 'Lost')
  const never = filesystemStep(filesystem({ finalizers }, { status: { phase: 'Failed' } }), undefined)
  assert.equal(never.kind, 'make', 'one that could not be made is tried again')
})

test('one that lives on another machine is not lost while that does not answer, and goes with nobody asked', () => {
  const served = filesystem({ finalizers }, { status: { phase: 'Ready', home: 'm1' } })
  const step = filesystemStep(served, undefined, 'm1')
  assert.equal(step.kind === 'tell' && step.state.reason, 'HomeUnreachable')
  const deleted = filesystem({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers })
  assert.equal(filesystemStep(deleted, undefined, 'm1').kind, 'tell')
})

test('a deleted one is removed from storage before its object goes, with its files only when its name says so', () => {
  const deletionTimestamp = '2026-01-01T00:00:00Z'
  const deleted = (more: Partial<ObjectMeta> = {}) => filesystem({ deletionTimestamp, finalizers, ...more })
  const marked = (name: string) => deleted({ annotations: { [DELETE_FILES]: name } })
  assert.deepEqual(filesystemStep(deleted(), row), { kind: 'remove', isForced: false })
  assert.deepEqual(filesystemStep(marked('true'), row), { kind: 'remove', isForced: false })
  assert.deepEqual(filesystemStep(marked('photos'), row), { kind: 'remove', isForced: true })
  assert.deepEqual(filesystemStep(deleted(), undefined), { kind: 'release' })
  assert.deepEqual(filesystemStep(deleted({ finalizers: ['other.dev/x'] }), row), { kind: 'none' })
})

test('a status that says the same is the same, to the time of its condition', () => {
  const state = { phase: 'Ready', reason: 'Served', message: '' } as const
  const holds = [{ type: 'Mounted', isTrue: true, reason: 'Mounted', message: '' }] as const
  const first = statusIn(filesystem({}), state, { fields: { home: 'here', gone: undefined }, holds, time: 'then' })
  const again = filesystem({}, { status: first })
  assert.deepEqual(statusIn(again, state, { holds, time: 'now' }), first)
  assert.deepEqual(statusIn(again, state, { time: 'now' }), first, 'what is not told stays')
  assert.equal('gone' in first, false)
})

test('limits are those of the spec; without them those it has set are lifted, and others stay', () => {
  const wanted = (spec: object, status: object, more: Partial<FilesystemRow> = {}) =>
    wantedLimits(filesystem({}, { spec, status }), { ...row, ...more })
  assert.deepEqual(wanted({ bytesMax: '1Ki', inodesMax: 5 }, {}), { bytesMax: 1024, inodesMax: 5 })
  assert.deepEqual(wanted({}, { bytesMax: '1Ki' }, { bytesMax: 1024 }), { bytesMax: undefined, inodesMax: undefined })
  assert.deepEqual(wanted({}, {}, { bytesMax: 4096 }), { bytesMax: 4096, inodesMax: undefined })
})

test('a mount is made, moved and taken away as the spec says, and one that others made stays', () => {
  const step = (spec: object, told: object | undefined, there: string | undefined, mountsNothing = false) => {
    const mounts = there === undefined ? [] : [{ filesystem: 'photos', path: there, state: 'serving' as const }]
    return mountStep(filesystem({}, { spec, status: told }), { mounts, mountsNothing })
  }
  const mounted = (mountPath: string, observedGeneration = 3) => {
    const conditions = [{ type: 'Mounted', status: 'True', observedGeneration }]
    return { mountPath, conditions }
  }
  const none = { kind: 'none' }
  assert.deepEqual(step({}, undefined, '/a'), none)
  assert.deepEqual(step({}, mounted('/a'), '/a'), { kind: 'unmount', path: '/a' })
  assert.deepEqual(step({}, mounted('/a'), '/b'), none, 'somebody has mounted it elsewhere since')
  assert.deepEqual(step({ mountPath: '/a' }, undefined, undefined), { kind: 'mount', path: '/a', isMoved: false })
  assert.deepEqual(step({ mountPath: '/a' }, undefined, undefined, true), none)
  assert.deepEqual(step({ mountPath: '/a' }, mounted('/a'), '/a'), none)
  assert.deepEqual(step({ mountPath: '/b' }, mounted('/a', 2), '/a'), { kind: 'mount', path: '/b', isMoved: true })
  assert.deepEqual(step({ mountPath: '/link' }, mounted('/a'), '/a'), none, 'by way of a symlink')
  assert.deepEqual(step({ mountPath: '/b' }, undefined, '/a'), { kind: 'mount', path: '/b', isMoved: false })
})

test('what it holds is told at first, then when it has changed by more than a hundredth, once a minute', async () => {
  const clock = new SteppedClock()
  const usage = new UsageTold(clock)
  assert.equal(usage.isDue(filesystem({}), row), true)
  const object = filesystem({}, { status: { bytesUsed: '1M', inodesUsed: 300, snapshots: 1 } })
  usage.told(object)
  assert.equal(usage.isDue(object, { ...row, bytesUsed: 5_000_000 }), false)
  await clock.advance(60_000, 60_000)
  assert.equal(usage.isDue(object, { ...row, bytesUsed: 1_009_000, inodesUsed: 302 }), false)
  assert.equal(usage.isDue(object, { ...row, bytesUsed: 1_011_000 }), true)
  assert.equal(usage.isDue(object, { ...row, snapshots: 0 }), true)
})

test('which machines may use it is told to storage when the object says otherwise, and only then', () => {
  const access = { readOnly: [], rootSquash: true }
  const wants = (spec: object) => accessStep(filesystem({}, { spec }), { access })
  assert.equal(wants({}), undefined)
  assert.equal(wants({ access: {} }), undefined)
  assert.deepEqual(wants({ access: { rootSquash: false, readOnly: ['tv'] } }), {
    machines: undefined,
    readOnly: ['tv'],
    rootSquash: false,
  })
  assert.deepEqual(wants({ access: { machines: [] } })?.machines, [])
  assert.equal(
    accessStep(filesystem({}, { spec: { access: { machines: ['m1'] } } }), {}),
    undefined,
    'it lives elsewhere',
  )
})
