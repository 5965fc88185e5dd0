import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '../../object.ts'
import { bytesText } from './amounts.ts'
import { mayDeleteFiles } from './delete-files.ts'
import { disk } from './disk.ts'
import { filesystem } from './filesystem.ts'
import { pool } from './pool.ts'
import { user } from './user.ts'

function object(kind: string, name: string, spec: object, more: object = {}): KubeObject {
  const metadata = { name, uid: 'u', creationTimestamp: '', ...more }
  return { apiVersion: 'cairn.dev/v1', kind, metadata, spec: { ...spec } }
}

const wrong = (wanted: KubeObject, old?: KubeObject): readonly string[] => {
  const kind = [filesystem, pool, disk].find(each => each.kind === wanted.kind)
  return (kind?.validate?.(wanted, old) ?? []).map(each => each.field)
}

test('copies of a pool: no fewer than are needed, no more than machines can be asked for', () => {
  const fields = (spec: object) => wrong(object('Pool', 'default', spec))
  assert.deepEqual(fields({}), [])
  assert.deepEqual(fields({ minReplicas: 2 }), [])
  assert.deepEqual(fields({ minReplicas: 3 }), ['spec.minReplicas'])
  assert.deepEqual(fields({ replicas: 3, minReplicas: 3 }), [])
  assert.deepEqual(fields({ replicas: 17 }), ['spec.replicas'])
  assert.deepEqual(fields({ replicas: 0 }), ['spec.replicas', 'spec.minReplicas'])
})

test('there is one pool: others are refused when they are made, and may still be changed and deleted', () => {
  assert.deepEqual(wrong(object('Pool', 'default', {})), [])
  assert.deepEqual(wrong(object('Pool', 'fast', {})), ['metadata.name'])
  assert.deepEqual(wrong(object('Pool', 'fast', {}), object('Pool', 'fast', {})), [])
  assert.deepEqual(wrong(object('Filesystem', 'photos', { pool: 'fast' })), ['spec.pool'])
})

test('a filesystem needs no spec', () => {
  const { spec: _, ...bare } = object('Filesystem', 'photos', {})
  assert.deepEqual(filesystem.defaults?.(bare)['spec'], { pool: 'default' })
})

test('a user needs no spec, and something acts on it: nobody is warned', () => {
  const { spec: _, ...bare } = object('User', 'ada', {})
  assert.deepEqual(user.defaults(bare)['spec'], { disabled: false })
  assert.deepEqual([...user.shape.required], [])
  assert.equal(user.hasController, true)
})

test('limits are above zero, and a mount path is absolute and plain', () => {
  const fields = (spec: object) => wrong(object('Filesystem', 'photos', spec))
  assert.deepEqual(fields({ bytesMax: '1Gi', inodesMax: 1, mountPath: '/mnt/a b/ä' }), [])
  assert.deepEqual(fields({ bytesMax: '0', inodesMax: 0 }), ['spec.bytesMax', 'spec.inodesMax'])
  for (const mountPath of ['/', 'a', '/a/', '/a//b', '/a/../b', '/./a', `/${'a'.repeat(1024)}`, '/a\0']) {
    assert.deepEqual(fields({ mountPath }), ['spec.mountPath'], mountPath)
  }
})

test('a filesystem names the machines that may use it, not more than one message holds', () => {
  const fields = (access: object) => wrong(object('Filesystem', 'photos', { access }))
  assert.deepEqual(fields({ machines: ['m1'], readOnly: ['tv'], rootSquash: false }), [])
  assert.deepEqual(fields({ machines: Array.from({ length: 257 }, (_, at) => `m${at}`) }), ['spec.access.machines'])
})

test('a disk is in a machine that may have a domain', () => {
  assert.deepEqual(wrong(object('Disk', 'nas.lan', { nodeName: 'nas.lan', path: '/data' })), [])
  assert.deepEqual(wrong(object('Disk', 'nas', { nodeName: 'NAS', path: 'data' })), ['spec.nodeName', 'spec.path'])
})

test('files go with a filesystem only by its own name', () => {
  const marked = (value: string) =>
    object('Filesystem', 'photos', {}, { annotations: { 'cairn.dev/delete-files': value } })
  assert.deepEqual(
    ['true', 'home', 'photos'].map(value => mayDeleteFiles(marked(value))),
    [false, false, true],
  )
})

test('amounts are shown with three digits', () => {
  const shown = ['0', '1023', '1Ki', '1500', '3328599655', '64Mi', '1Ti', '123456789k', 'x'].map(bytesText)
  assert.deepEqual(shown, ['0', '1023', '1Ki', '1.5Ki', '3.1Gi', '64Mi', '1Ti', '115Gi', undefined])
  const used = filesystem.columns.find(({ name }) => name === 'Used')
  assert.equal(used?.cell({ ...object('Filesystem', 'a', {}), status: { bytesUsed: '64Mi' } }, 0), '64Mi')
})
