import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineClock } from '#host'
import { agree, checkHello, type Hello, ownHello } from './hello.ts'
import { duplexPair } from './pair.ts'
import { openPeer } from './peer.ts'

const none = new AbortController().signal
const log = { info: () => undefined, warn: () => undefined }

function says(software: string, oldestLevel: number, level: number): Hello {
  return ownHello(software, { oldestLevel, level, boot: software })
}

test('two machines talk when they have formats in common, and are refused by name when they have none', () => {
  agree(says('cairn 1', 1, 2), says('cairn 2', 2, 3))
  agree(says('cairn 1', 1, 1), ownHello('a program at the local door'))
  for (const [own, theirs] of [
    [says('cairn 1', 1, 2), says('cairn 3', 3, 5)],
    [says('cairn 3', 3, 5), says('cairn 1', 1, 2)],
  ] as const) {
    assert.throws(
      () => agree(own, theirs),
      error =>
        isFault(error, 'Unsupported') &&
        error.message === 'no formats in common: cairn 1 speaks 1 to 2, cairn 3 3 to 5' &&
        error.hint === 'Update the Cairn that speaks formats 1 to 2: both sides are to run the same version.',
    )
  }
})

test('what a machine says of its formats and its start is heard at the other end, and both ends refuse alike', async () => {
  const end = (software: string, level: number) => {
    const machine = { level, oldestLevel: level, boot: `boot of ${software}` }
    return { clock: machineClock, log, handlers: [], software, machine }
  }
  const meet = async (one: ReturnType<typeof end>, other: ReturnType<typeof end>) => {
    const [near, far] = duplexPair()
    return Promise.allSettled([
      openPeer(near, { ...one, side: 'dialler' }, none),
      openPeer(far, { ...other, side: 'acceptor' }, none),
    ])
  }
  const [a, b] = await meet(end('a', 1), end('b', 1))
  assert.ok(a.status === 'fulfilled' && b.status === 'fulfilled')
  assert.deepEqual([a.value.peer.machine?.boot, b.value.peer.machine?.boot], ['boot of b', 'boot of a'])
  await Promise.all([a.value[Symbol.asyncDispose](), b.value[Symbol.asyncDispose]()])
  const refused = await meet(end('old', 1), end('new', 2))
  for (const outcome of refused) {
    assert.ok(outcome.status === 'rejected' && isFault(outcome.reason, 'Unsupported'), JSON.stringify(outcome))
    assert.equal(outcome.reason.message, 'no formats in common: old speaks 1, new 2')
  }
})

test('what cannot be a hello is refused', () => {
  const good = { ...says('cairn', 1, 1) }
  assert.deepEqual(checkHello(good, ''), good)
  for (const machine of [
    {},
    { level: 0, oldestLevel: 0, boot: '' },
    { level: 1, oldestLevel: 1, boot: 'x'.repeat(33) },
  ]) {
    assert.throws(
      () => checkHello({ ...good, machine }, ''),
      error => isFault(error, 'BadMessage'),
    )
  }
})
