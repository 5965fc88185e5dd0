import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject, ObjectMeta } from '#schema'
import { DELETE_FILES, FILESYSTEM_FINALIZER, filesystemStep, statusIn } from './plan.ts'

const finalizers = [FILESYSTEM_FINALIZER]

function filesystem(metadata: Partial<ObjectMeta>, more: object = {}): KubeObject {
  const all = { name: 'photos', uid: 'u', creationTimestamp: '', generation: 3, ...metadata }
  return { apiVersion: 'cairn.dev/v1', kind: 'Filesystem', metadata: all, ...more }
}

test('a filesystem without an object gets one, and an object without a filesystem gets that, protected first', () => {
  assert.deepEqual(filesystemStep(undefined, true), { kind: 'adopt' })
  assert.deepEqual(filesystemStep(undefined, false), { kind: 'none' })
  assert.deepEqual(filesystemStep(filesystem({}), false), { kind: 'protect' })
  assert.deepEqual(filesystemStep(filesystem({ finalizers }), false), { kind: 'make' })
})

test('one that was served and is gone is told lost, never made anew', () => {
  const step = filesystemStep(filesystem({ finalizers }, { status: { phase: 'Ready' } }), false)
  assert.equal(step.kind === 'tell' && step.state.reason, 'Lost')
  const later = filesystemStep(filesystem({ finalizers }, { status: { phase: 'Failed', home: 'here' } }), false)
  assert.equal(later.kind === 'tell' && later.state.reason, 'Lost')
  const never = filesystemStep(filesystem({ finalizers }, { status: { phase: 'Failed' } }), false)
  assert.equal(never.kind, 'make', 'one that could not be made is tried again')
})

test('a deleted one is removed from storage before its object goes, with its files only when that is said', () => {
  const deletionTimestamp = '2026-01-01T00:00:00Z'
  const deleted = (more: Partial<ObjectMeta> = {}) => filesystem({ deletionTimestamp, finalizers, ...more })
  assert.deepEqual(filesystemStep(deleted(), true), { kind: 'remove', isForced: false })
  assert.deepEqual(filesystemStep(deleted({ annotations: { [DELETE_FILES]: 'yes' } }), true), {
    kind: 'remove',
    isForced: false,
  })
  assert.deepEqual(filesystemStep(deleted({ annotations: { [DELETE_FILES]: 'true' } }), true), {
    kind: 'remove',
    isForced: true,
  })
  assert.deepEqual(filesystemStep(deleted(), false), { kind: 'release' })
  assert.deepEqual(filesystemStep(deleted({ finalizers: ['other.dev/x'] }), true), { kind: 'none' })
})

test('a status that says the same is the same, to the time of its condition', () => {
  const state = { phase: 'Ready', reason: 'Served', message: '' } as const
  const first = statusIn(filesystem({}), state, { home: 'here', time: 'then' })
  assert.deepEqual(statusIn(filesystem({}, { status: first }), state, { home: 'here', time: 'now' }), first)
})
