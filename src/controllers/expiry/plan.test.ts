import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { KubeObject } from '#schema'
import { EXPIRIES } from './plan.ts'

const MADE = '2026-01-01T00:00:00Z'
const HOUR = 3_600_000

function end(plural: string, more: object): number | undefined {
  const metadata = { name: 'x', uid: 'u', creationTimestamp: MADE }
  const object = { apiVersion: 'v1', kind: 'X', metadata, ...more } as KubeObject
  const ms = EXPIRIES.find(each => each.resource.plural === plural)!.endMs(object)
  return ms === undefined ? undefined : (ms - Date.parse(MADE)) / HOUR
}

test('an Event stays an hour after it happened last, whichever field says when', () => {
  assert.equal(end('events', {}), 1)
  assert.equal(end('events', { lastTimestamp: '2026-01-01T05:00:00Z', eventTime: null }), 6)
  assert.equal(end('events', { series: { lastObservedTime: '2026-01-01T07:00:00.000000Z' }, lastTimestamp: null }), 8)
  assert.equal(end('events', { lastTimestamp: 'no time', eventTime: '2026-01-01T02:00:00Z' }), 3)
})

test('a certificate request stays an hour when it is decided, and a day while nobody decides', () => {
  const conditions = (type: string, status?: string) => ({ status: { conditions: [{ type, status }] } })
  assert.equal(end('certificatesigningrequests', {}), 24)
  assert.equal(end('certificatesigningrequests', conditions('Approved', 'True')), 24, 'not signed yet')
  assert.equal(end('certificatesigningrequests', conditions('Denied')), 1)
  assert.equal(end('certificatesigningrequests', conditions('Failed', 'False')), 24)
  assert.equal(end('certificatesigningrequests', { status: { certificate: 'x' } }), 1)
})

test('the Lease of a node stays an hour after it ran out', () => {
  assert.equal(end('leases', { spec: { renewTime: '2026-01-01T01:00:00.000000Z', leaseDurationSeconds: 1800 } }), 2.5)
})

test('a bootstrap token ends when it says, never when it says nothing, and at once when that cannot be read', () => {
  const token = (expiration?: string) => ({
    type: 'bootstrap.kubernetes.io/token',
    data: expiration === undefined ? {} : { expiration: Buffer.from(expiration).toString('base64') },
  })
  assert.equal(end('secrets', token('2026-01-01T03:00:00Z')), 3)
  assert.equal(end('secrets', token()), undefined)
  assert.ok((end('secrets', token('soon')) ?? 0) < 0)
  assert.equal(end('secrets', { ...token('soon'), type: 'Opaque' }), undefined)
})
