import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CopiesStatus } from '#rpc'
import { type KubeObject, textAt } from '#schema'
import { copiesOf, type PoolMachine, poolStatus } from './plan.ts'

function object(kind: string, more: { readonly spec?: object; readonly status?: object }): KubeObject {
  const metadata = { name: 'default', uid: 'u', creationTimestamp: '', generation: 2 }
  const parts = Object.entries(more).map(([name, part]) => [name, { ...part }])
  return { apiVersion: 'cairn.dev/v1', kind, metadata, ...Object.fromEntries(parts) }
}

const pool = (spec: object) => object('Pool', { spec })

function machine(used: string, free: string, isOnline = true): PoolMachine {
  return { isOnline, disks: [object('Disk', { status: { bytesUsed: used, bytesFree: free, chunks: 10 } })] }
}

test('what a pool leaves open depends on how many machines there are', () => {
  const copies = (spec: object, machines: number) => Object.values(copiesOf(pool(spec), machines))
  assert.deepEqual(
    [0, 1, 2, 3, 9].map(machines => copies({}, machines)),
    [
      [1, 1],
      [1, 1],
      [2, 1],
      [2, 2],
      [2, 2],
    ],
  )
  assert.deepEqual(copies({ replicas: 1 }, 3), [1, 1])
  assert.deepEqual(copies({ replicas: 3, minReplicas: 3 }, 2), [3, 3])
  assert.deepEqual(copies({ placement: 'all' }, 5), [5, 2])
})

test('a pool says how many copies there are for what is wanted, and when nothing can be written', () => {
  const told = (spec: object, machines: readonly PoolMachine[]) => {
    const status = poolStatus(pool(spec), machines)
    return [textAt(status, 'phase'), textAt(status, 'message')].join(': ')
  }
  const [on, off] = [machine('1Gi', '9Gi'), machine('1Gi', '9Gi', false)]
  assert.equal(told({}, [on, on]), 'Ready: ')
  assert.equal(told({ replicas: 2 }, [on]), 'Ready: one machine keeps one copy, whatever is wanted')
  assert.equal(told({ replicas: 3 }, [on, on]), 'Ready: 3 copies are wanted, and there are 2 machines for them')
  assert.equal(told({}, [on, on, off]), 'Ready: 2 of 3 machines can be reached')
  assert.equal(told({}, [on, off]), 'Degraded: 1 of 2 machines can be reached')
  assert.match(told({}, [on, off, off]), /^Degraded: 2 copies are needed .* nothing can be written$/)
})

const SAFE: CopiesStatus = {
  sentence: '',
  isSafe: true,
  missingCopies: 0,
  missingBytes: 0,
  owingGroups: 0,
  damagedChunks: 0,
  lostChunks: 0,
  awayChunks: 0,
  misplacedChunks: 0,
  bytesPerSecond: 0,
  unknown: [],
  machines: [],
}

test('a pool says what is missing in a few digits, and how long it takes; nothing while that is not known', () => {
  const machines = [machine('1Gi', '9Gi'), machine('1Gi', '9Gi')]
  const short = { isSafe: false, missingCopies: 1234, missingBytes: 5 * 2 ** 30, owingGroups: 77, secondsLeft: 123 }
  const status = poolStatus(pool({}), machines, { ...SAFE, ...short })
  assert.deepEqual(
    ['phase', 'missing', 'owingGroups', 'repairSeconds', 'message'].map(name => status[name]),
    ['Degraded', 1200, 77, 120, 'some files have fewer copies than wanted: they are being made'],
  )
  const safe = poolStatus({ ...pool({}), status }, machines, SAFE)
  assert.deepEqual([safe['phase'], safe['missing'], safe['message']], ['Ready', 0, ''])
  assert.equal(Object.hasOwn(safe, 'repairSeconds'), false)
  assert.equal(Object.hasOwn(poolStatus({ ...pool({}), status: safe }, machines), 'missing'), false)
})

test('amounts of a pool are those of all machines, and stay as they were told while they are near', () => {
  const machines = [machine('1Gi', '9Gi'), machine('2Gi', '100Gi')]
  const status = poolStatus({ ...pool({}), status: { missing: 0 } }, machines)
  assert.deepEqual(
    ['chunks', 'bytesUsed', 'bytesFree', 'replicas', 'minReplicas', 'observedGeneration'].map(name => status[name]),
    [20, String(3 * 2 ** 30), String(9 * 2 ** 30), 2, 1, 2],
  )
  assert.equal(Object.hasOwn(status, 'missing'), false)
  const later = poolStatus({ ...pool({}), status }, [machine('1025Mi', '9Gi'), machine('2Gi', '100Gi')])
  assert.deepEqual(later, status)
  const empty = poolStatus({ ...pool({}), status }, [machine('0', '9Gi'), machine('0', '100Gi')])
  assert.equal(empty['bytesUsed'], '0')
})
