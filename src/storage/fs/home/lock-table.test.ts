import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { ERRNO } from '../errno.ts'
import { LOCKS_PER_SESSION_MAX } from '../limits.ts'
import { LOCK_END, type LockRequest, type LockType } from '../lock.ts'
import type { Ino } from '../vfs.ts'
import { LockTable } from './lock-table.ts'

const [A, B] = [7 as Ino, 8 as Ino]

function range(type: LockType, owner: string, [from, to]: readonly [number, number] = [0, LOCK_END]): LockRequest {
  return { way: 'range', type, from, to, owner, handle: 1, pid: 1 }
}

function whole(type: LockType, owner: string, handle = 1): LockRequest {
  return { way: 'whole', type, from: 0, to: LOCK_END, owner, handle, pid: 1 }
}

suite('locks of fcntl(2)', () => {
  test('exclude those of other owners where they overlap, whatever machine they are on', () => {
    const table = new LockTable()
    assert.equal(table.set(A, { session: 1, lock: range('exclusive', 'x', [0, 10]) }), 'held')
    assert.equal(table.set(A, { session: 2, lock: range('shared', 'x', [9, 20]) }), ERRNO.EAGAIN)
    assert.equal(table.set(A, { session: 2, lock: range('shared', 'x', [10, 20]) }), 'held')
    assert.equal(table.set(A, { session: 1, lock: range('shared', 'x', [0, 30]) }), 'held')
    assert.equal(table.set(A, { session: 1, lock: range('exclusive', 'x', [25, 30]) }), 'held')
    assert.equal(table.set(B, { session: 2, lock: range('exclusive', 'x') }), 'held')
    const found = table.conflict(A, { session: 2, lock: range('shared', 'x') })
    assert.deepEqual([found?.session, found?.type, found?.from, found?.to], [1, 'exclusive', 25, 30])
    assert.equal(table.conflict(A, { session: 1, lock: range('shared', 'x') }), undefined)
  })

  test('are split and joined as ranges of them are given up and taken', () => {
    const table = new LockTable()
    const own = () => table.of(1).map(({ type, from, to }) => [type, from, to])
    table.set(A, { session: 1, lock: range('exclusive', 'x', [0, 100]) })
    table.set(A, { session: 1, lock: range('none', 'x', [40, 60]) })
    assert.deepEqual(own(), [
      ['exclusive', 0, 40],
      ['exclusive', 60, 100],
    ])
    table.set(A, { session: 1, lock: range('shared', 'x', [20, 80]) })
    assert.deepEqual(
      own().sort(([, one], [, other]) => Number(one) - Number(other)),
      [
        ['exclusive', 0, 20],
        ['shared', 20, 80],
        ['exclusive', 80, 100],
      ],
    )
    table.set(A, { session: 1, lock: range('exclusive', 'x', [20, 80]) })
    assert.deepEqual(own(), [['exclusive', 0, 100]])
    table.set(A, { session: 1, lock: range('none', 'x') })
    assert.deepEqual([own(), table.size], [[], 0])
  })

  test('are what a table of single bytes says', () => {
    const step = fc.record({
      session: fc.integer({ min: 1, max: 2 }),
      owner: fc.constantFrom('x', 'y'),
      type: fc.constantFrom<LockType>('shared', 'exclusive', 'none'),
      from: fc.integer({ min: 0, max: 9 }),
      bytes: fc.integer({ min: 1, max: 5 }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), steps => {
        const table = new LockTable()
        const bytes = Array.from({ length: 16 }, () => new Map<string, LockType>())
        for (const { session, owner, type, from, bytes: length } of steps) {
          const name = `${session}${owner}`
          const cells = bytes.slice(from, from + length)
          const isFree = cells.every(cell =>
            [...cell].every(([who, held]) => who === name || (held === 'shared' && type === 'shared')),
          )
          const answer = table.set(A, { session, lock: range(type, owner, [from, from + length]) })
          assert.equal(answer, type === 'none' || isFree ? 'held' : ERRNO.EAGAIN)
          if (answer !== 'held') continue
          for (const cell of cells) {
            if (type === 'none') cell.delete(name)
            else cell.set(name, type)
          }
        }
        for (const [at, cell] of bytes.entries()) {
          const one: readonly [number, number] = [at, at + 1]
          const free = table.conflict(A, { session: 9, lock: range('shared', 'z', one) }) === undefined
          assert.equal(free, ![...cell.values()].includes('exclusive'))
          assert.equal(
            table.conflict(A, { session: 9, lock: range('exclusive', 'z', one) }) === undefined,
            cell.size === 0,
          )
        }
      }),
    )
  })

  test('are had in the order of asking by those who wait', () => {
    const table = new LockTable()
    const granted: string[] = []
    table.onGranted = (session, wait) => granted.push(`${session}:${wait}`)
    table.set(A, { session: 1, lock: range('exclusive', 'x') })
    assert.equal(table.set(A, { session: 2, lock: range('exclusive', 'x'), wait: 1 }), 'waits')
    assert.equal(table.set(A, { session: 3, lock: range('shared', 'x'), wait: 1 }), 'waits')
    assert.equal(table.set(A, { session: 3, lock: range('shared', 'y'), wait: 2 }), 'waits')
    table.set(A, { session: 1, lock: range('none', 'x') })
    assert.deepEqual(granted, ['2:1'])
    assert.equal(table.cancel(3, 2), true)
    table.drop(2)
    assert.deepEqual(granted, ['2:1', '3:1'])
    assert.equal(table.cancel(3, 2), false)
  })

  test('of which two would wait for each other for ever are refused', () => {
    const table = new LockTable()
    table.set(A, { session: 1, lock: range('exclusive', 'x') })
    table.set(B, { session: 2, lock: range('exclusive', 'y') })
    assert.equal(table.set(B, { session: 1, lock: range('exclusive', 'x'), wait: 1 }), 'waits')
    assert.equal(table.set(A, { session: 2, lock: range('shared', 'y'), wait: 1 }), ERRNO.EDEADLK)
    assert.equal(table.set(A, { session: 2, lock: range('shared', 'other'), wait: 2 }), 'waits')
  })
})

suite('locks of flock(2)', () => {
  test('are of the whole file and apart from those of fcntl(2)', () => {
    const table = new LockTable()
    assert.equal(table.set(A, { session: 1, lock: whole('shared', 'f') }), 'held')
    assert.equal(table.set(A, { session: 1, lock: range('exclusive', 'x') }), 'held')
    assert.equal(table.set(A, { session: 2, lock: whole('shared', 'g') }), 'held')
    assert.equal(table.set(A, { session: 2, lock: whole('exclusive', 'h') }), ERRNO.EAGAIN)
  })

  test('are given up before another type is waited for, so that two who share can both ask for more', () => {
    const table = new LockTable()
    const granted: number[] = []
    table.onGranted = session => granted.push(session)
    table.set(A, { session: 1, lock: whole('shared', 'f') })
    table.set(A, { session: 2, lock: whole('shared', 'g') })
    assert.equal(table.set(A, { session: 1, lock: whole('exclusive', 'f'), wait: 1 }), 'waits')
    assert.equal(table.set(A, { session: 2, lock: whole('exclusive', 'g'), wait: 1 }), 'held')
    table.release(A, 2, { handle: 1 })
    assert.deepEqual(granted, [1])
  })

  test('go with the open they were taken through', () => {
    const table = new LockTable()
    table.set(A, { session: 1, lock: whole('exclusive', 'f', 5) })
    table.release(A, 1, { owner: 'f' })
    assert.equal(table.size, 1)
    table.release(A, 1, { handle: 5 })
    assert.equal(table.size, 0)
  })
})

suite('a session', () => {
  test('holds what it says it held, unless others have it by now', () => {
    const table = new LockTable()
    table.set(A, { session: 1, lock: range('exclusive', 'x', [0, 10]) })
    table.set(A, { session: 1, lock: range('exclusive', 'x', [20, 30]) })
    table.set(A, { session: 2, lock: range('exclusive', 'y', [0, 5]), wait: 3 })
    const granted: number[] = []
    table.onGranted = session => granted.push(session)
    const [first] = table.of(1)
    assert.ok(first !== undefined)
    assert.equal(table.reclaim(1, [first]), true)
    assert.deepEqual([table.of(1), granted], [[first], []])
    assert.equal(table.reclaim(1, []), true)
    assert.deepEqual([table.of(1), granted], [[], [2]])
    assert.equal(table.reclaim(1, [first]), false)
    assert.deepEqual(table.of(1), [])
  })

  test('has only so many locks', () => {
    const table = new LockTable()
    for (let at = 0; at < LOCKS_PER_SESSION_MAX; at += 1) {
      assert.equal(table.set((at + 1) as Ino, { session: 1, lock: range('shared', 'x') }), 'held')
    }
    assert.equal(table.set(B, { session: 1, lock: range('shared', 'x') }), ERRNO.ENOLCK)
    assert.equal(table.set(B, { session: 2, lock: range('shared', 'x') }), 'held')
    table.drop(1)
    assert.equal(table.size, 1)
  })
})
