import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { SteppedClock } from '../../../test/clocks/stepped-clock.ts'
import { dialFirst } from './dial-first.ts'

const none = new AbortController().signal

/** Dials that answer after so many milliseconds; undefined: never; 'refused' at once. */
function dialler(clock: SteppedClock, answers: Readonly<Record<string, number | 'refused' | undefined>>) {
  const open = new Set<string>()
  const dial = async (address: string, signal: AbortSignal) => {
    const answer = answers[address]
    if (answer === 'refused') throw new Error(`${address} refused`)
    await clock.sleep(answer ?? 3_600_000, signal)
    open.add(address)
    return { address, [Symbol.asyncDispose]: async () => void open.delete(address) }
  }
  return { clock, dial, open }
}

async function run(addresses: readonly string[], tools: ReturnType<typeof dialler>, signal = none) {
  const dialled = dialFirst(addresses, tools, signal)
  dialled.catch(() => undefined)
  await tools.clock.advance(8_000)
  return dialled
}

test('the address that answers first is taken, and no other stays open', async () => {
  const tools = dialler(new SteppedClock(), { slow: 1_000, quick: 200, hole: undefined })
  assert.equal((await run(['hole', 'slow', 'quick'], tools)).address, 'quick')
  assert.deepEqual([...tools.open], ['quick'])
})

test('when none answers it says why one did not, and does not wait for those that are silent', async () => {
  const clock = new SteppedClock()
  const hint = (error: unknown) => isFault(error, 'NoPath') && /refused/.test(error.message)
  await assert.rejects(run(['one', 'two'], dialler(clock, { one: 'refused', two: 'refused' })), hint)
  await assert.rejects(run(['one', 'hole'], dialler(clock, { one: 'refused' })), error => isFault(error, 'NoPath'))
  await assert.rejects(run([], dialler(clock, {})), error => isFault(error, 'NoPath'))
})

test('whoever gives up is let go at once, with his reason', async () => {
  const clock = new SteppedClock()
  const stop = new AbortController()
  const tools = dialler(clock, { hole: undefined })
  const dialled = dialFirst(['hole'], tools, stop.signal)
  const reason = new Error('enough')
  stop.abort(reason)
  await assert.rejects(dialled, reason)
})

test('an address that is only for when no other answers waits for the others', async () => {
  const later = (tools: ReturnType<typeof dialler>) => ({
    ...tools,
    laterMs: (at: string) => (at === 'mesh' ? 1_500 : 0),
  })
  const slow = dialler(new SteppedClock(), { mesh: 10, slow: 1_000 })
  assert.equal((await run(['slow', 'mesh'], later(slow))).address, 'slow')
  const hole = dialler(new SteppedClock(), { mesh: 10 })
  assert.equal((await run(['hole', 'mesh'], later(hole))).address, 'mesh')
})
