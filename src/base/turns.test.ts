import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Turns } from './turns.ts'

const never = new AbortController().signal

/** A clock that is moved by work, and an event loop that goes round when it is told to. */
function loop() {
  const wakers: (() => void)[] = []
  const state = { nowMs: 0, rounds: 0 }
  const clock = {
    monotonicMs: () => state.nowMs,
    sleep: () => new Promise<void>(resolve => wakers.push(resolve)),
  }
  const settle = () => new Promise(resolve => setImmediate(resolve))
  const goRound = async (): Promise<void> => {
    await settle()
    while (wakers.length > 0) {
      state.rounds += 1
      for (const wake of wakers.splice(0)) {
        wake()
        await settle() // each has a callback of its own
      }
    }
  }
  return { state, clock, goRound }
}

test('work goes on while its turn lasts, and then lets the event loop go round', async () => {
  const { state, clock, goRound } = loop()
  const turns = new Turns(clock, 4)
  const seen: number[] = []
  const work = async () => {
    for (let step = 0; step < 8; step++) {
      await turns.take(never)
      seen.push(state.rounds)
      state.nowMs += 2
    }
  }
  const done = work()
  await goRound()
  await done
  // The first round may end in the middle: what is called while sockets are looked at comes before the end of the same one.
  assert.deepEqual(seen, [0, 0, 2, 2, 3, 3, 4, 4])
})

test('however many have long work, one turn of it is all that lies between two rounds', async () => {
  const { state, clock, goRound } = loop()
  const turns = new Turns(clock, 4)
  const workedMs = new Map<number, number>()
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  const left = new Map(names.map(name => [name, 6]))
  const work = async (name: string) => {
    for (let step = 6; step > 0; step--) {
      await turns.take(never)
      left.set(name, step - 1)
      state.nowMs += 1
      workedMs.set(state.rounds, (workedMs.get(state.rounds) ?? 0) + 1)
    }
  }
  const done = Promise.all(names.map(work))
  await goRound()
  await done
  assert.equal(Math.max(...workedMs.values()), 4)
  assert.deepEqual(new Set(left.values()), new Set([0]))
})

test('steps wait when the turn is used up, by whomever, and what is aborted does not go on', async () => {
  const { state, clock, goRound } = loop()
  const turns = new Turns(clock, 4)
  const step = turns.steps(never)
  await step()
  state.nowMs += 3
  await step()
  assert.equal(state.rounds, 0)
  await turns.take(never)
  state.nowMs += 1
  const stepped = Promise.resolve(step()).then(() => state.rounds)
  await goRound()
  assert.equal(await stepped, 2)
  await assert.rejects(turns.take(AbortSignal.abort(new Error('gone'))), /gone/)
})

test('those who wait follow one another while the turn lasts', async () => {
  const { state, clock, goRound } = loop()
  const turns = new Turns(clock, 4)
  const roundOf: number[] = []
  const work = async () => {
    await turns.take(never)
    roundOf.push(state.rounds)
    state.nowMs += 1
  }
  const done = Promise.all(Array.from({ length: 21 }, work))
  await goRound()
  await done
  const perRound = Map.groupBy(roundOf, round => round)
  assert.equal(state.rounds <= 7, true, `${state.rounds} rounds`)
  assert.deepEqual(new Set([...perRound.values()].slice(2, -1).map(each => each.length)), new Set([4]))
})

test('who has begun goes before those who have not, but does not keep them out', async () => {
  const { state, clock, goRound } = loop()
  const turns = new Turns(clock, 4)
  const seen: string[] = []
  const request = async (name: string) => {
    await turns.take(never)
    seen.push(`${name} begins`)
    state.nowMs += 1
    for (let piece = 0; piece < 2; piece++) {
      await turns.takeAhead(never)
      state.nowMs += 1
    }
    seen.push(`${name} ends`)
  }
  const done = Promise.all(Array.from({ length: 30 }, (_, index) => request(`r${index}`)))
  await goRound()
  await done
  const waitedFor = (name: string) => seen.indexOf(`${name} ends`) - seen.indexOf(`${name} begins`)
  const waits = Array.from({ length: 30 }, (_, index) => waitedFor(`r${index}`))
  assert.ok(Math.max(...waits) < 20, `begun and not ended: ${Math.max(...waits)}`)
  assert.deepEqual(seen.filter(each => each.endsWith('begins')).length, 30)
})
