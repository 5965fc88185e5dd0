import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineFaults } from '#base'
import { faultOf } from './status.ts'

test('a fault of a room below keeps its status, under the nearest reason', () => {
  const fault = defineFaults({
    OutcomeUnknown: { status: 504, retry: 'reread' },
    Unavailable: { status: 503, retry: 'later' },
    DiskFull: { status: 507, retry: 'later' },
    InvalidTxn: { status: 400, retry: 'never' },
    TooLarge: { status: 413, retry: 'never' },
    LogDamaged: { status: 500, retry: 'never' },
  })
  const reasons = (['OutcomeUnknown', 'Unavailable', 'DiskFull', 'InvalidTxn', 'TooLarge', 'LogDamaged'] as const).map(
    code => {
      const { code: reason, status } = faultOf(fault(code, 'words'))
      return `${code}: ${status} ${reason}`
    },
  )
  assert.deepEqual(reasons, [
    'OutcomeUnknown: 504 Timeout',
    'Unavailable: 503 ServiceUnavailable',
    'DiskFull: 503 ServiceUnavailable',
    'InvalidTxn: 400 BadRequest',
    'TooLarge: 413 RequestEntityTooLarge',
    'LogDamaged: 500 InternalError',
  ])
})
