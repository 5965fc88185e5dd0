import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endSignals } from './signals.ts'

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  test(`${name} asks for the end, a second one for haste`, async () => {
    using signals = endSignals()
    process.emit(name)
    await signals.end
    assert.equal(signals.hurry.aborted, false)
    process.emit(name)
    assert.equal(signals.hurry.aborted, true)
  })
}

test('a signal behind `cairn down` asks for haste at once', async () => {
  using signals = endSignals()
  signals.requestEnd()
  await signals.end
  assert.equal(signals.hurry.aborted, false)
  process.emit('SIGINT')
  assert.equal(signals.hurry.aborted, true)
})

test('nobody listens any more when it is over', () => {
  const before = process.listenerCount('SIGTERM')
  endSignals()[Symbol.dispose]()
  assert.equal(process.listenerCount('SIGTERM'), before)
})
