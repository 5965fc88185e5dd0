import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { suite, test } from 'node:test'
import { streamOf } from './stream.ts'

async function* lines(signal: AbortSignal) {
  for (let count = 0; !signal.aborted; count++) yield Buffer.from(`${count}\n`)
}

suite('an answer that is made as it is taken', () => {
  test('lets go of what it holds when its request is given up and nobody reads', async () => {
    const asked = new AbortController()
    let ended = 0
    streamOf(lines, asked.signal, () => void (ended += 1))
    await turn()
    assert.equal(ended, 0)
    asked.abort()
    await turn()
    assert.equal(ended, 1)
  })

  test('does so for a request that was given up before', async () => {
    let ended = 0
    streamOf(lines, AbortSignal.abort(), () => void (ended += 1))
    await turn()
    assert.equal(ended, 1)
  })

  test('ends cleanly for who reads', async () => {
    const asked = new AbortController()
    let ended = 0
    const reader = streamOf(lines, asked.signal, () => void (ended += 1)).getReader()
    assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), '0\n')
    asked.abort()
    while (!(await reader.read()).done) await turn()
    assert.equal(ended, 1)
  })

  test('is broken off by what is thrown', async () => {
    let ended = 0
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half')
      throw new Error('the rest cannot be read')
    }
    const reader = streamOf(broken, new AbortController().signal, () => void (ended += 1)).getReader()
    await reader.read()
    await assert.rejects(reader.read(), /the rest/)
    assert.equal(ended, 1)
  })
})
