import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DELEGATIONS_MAX, RECALL_MAX_MS } from '../limits.ts'
import type { Ino } from '../vfs.ts'
import { Delegations } from './delegations.ts'
import { Member } from './member.ts'

const ino = (number: number) => number as Ino
const member = (session: number) => new Member({ session, machine: `m${session}`, access: 'full' })

/** A clock that lets who sleeps go on when it is told to. */
function standingClock() {
  const sleeping: { readonly ms: number; readonly wake: () => void }[] = []
  return {
    sleeping,
    monotonicMs: () => 0,
    wallNs: () => 0n,
    sleep: (ms: number) => new Promise<void>(wake => sleeping.push({ ms, wake })),
  }
}

test('a file is wanted back once, and who waits goes on when it is returned, or its session is over', async () => {
  const told: Ino[][] = []
  const delegations = new Delegations(standingClock(), (_, inos) => told.push([...inos]))
  const [a, b] = [member(1), member(2)]
  for (const number of [1, 2]) assert.equal(delegations.grant(a, ino(number)), true)
  assert.equal(delegations.recall([ino(1)], a), undefined, 'its own')
  assert.equal(delegations.recall([ino(3)], b), undefined, 'nobody has it')
  const waits = [delegations.recall([ino(1), ino(2)], b), delegations.recall([ino(1)], undefined)]
  assert.deepEqual(told, [[1, 2]])
  delegations.returned(b, [ino(1)])
  assert.equal(delegations.size, 2, 'another cannot return it')
  delegations.returned(a, [ino(1)])
  await waits[1]
  delegations.drop(a)
  await waits[0]
  assert.equal(delegations.size, 0)
})

test('a machine that lives and returns nothing keeps nobody from a file for longer than the limit', async () => {
  const clock = standingClock()
  const delegations = new Delegations(clock, () => undefined)
  delegations.grant(member(1), ino(1))
  const waits = delegations.recall([ino(1)], undefined)
  assert.deepEqual(
    clock.sleeping.map(({ ms }) => ms),
    [RECALL_MAX_MS],
  )
  clock.sleeping[0]?.wake()
  await waits
  assert.equal(delegations.recall([ino(1)], undefined), undefined)
})

test('a session is lent so many files at a time', () => {
  const delegations = new Delegations(standingClock(), () => undefined)
  const a = member(1)
  for (let number = 1; number <= DELEGATIONS_MAX; number += 1) delegations.grant(a, ino(number))
  assert.equal(delegations.grant(a, ino(DELEGATIONS_MAX + 1)), false)
  delegations.returned(a, [ino(1)])
  assert.equal(delegations.grant(a, ino(DELEGATIONS_MAX + 1)), true)
})
