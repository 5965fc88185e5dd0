import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '#schema'
import { scaleOf } from './scale.ts'

const book: KubeObject = {
  apiVersion: 'example.com/v1',
  kind: 'Book',
  metadata: { name: 'a', namespace: 'default', uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: { copies: 3, selector: { matchLabels: { app: 'book' } } },
  status: { copies: 2 },
}
const paths = { replicas: ['spec', 'copies'], status: ['status', 'copies'] }

test('the scale of a kind that names no selector has none', () => {
  assert.deepEqual(scaleOf(book, { ...paths, selector: [] })['status'], { replicas: 2 })
})

test('the scale of a kind that names a selector has it as text', () => {
  const { status } = scaleOf(book, { ...paths, selector: ['spec', 'selector'] })
  assert.deepEqual(status, { replicas: 2, selector: 'app=book' })
})
