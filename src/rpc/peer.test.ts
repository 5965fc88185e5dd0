import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineClock } from '#host'
import { openClient } from './client.ts'
import { message } from './message.ts'
import { answerDownload, answerUnary, download, type Handler, type PeerName, unary } from './method.ts'
import { duplexPair } from './pair.ts'
import { openPeer } from './peer.ts'
import { integer, nothing, text } from './shape.ts'

const who = unary({ name: 'test.who', version: 1, params: nothing, result: text(40) })
const count = download({ name: 'test.count', version: 1, params: integer(), item: integer(), result: nothing })
const none = new AbortController().signal
const log = { info: () => undefined, warn: () => undefined }

function handlersOf(self: string): Handler[] {
  return [
    answerUnary(who, async (_, { peer }) => message(`${self} to ${peer?.name}`)),
    answerDownload(count, async function* (to) {
      for (let i = 0; i < to; i++) yield message(i, Buffer.alloc(100_000))
      return message(undefined)
    }),
  ]
}

function optionsOf<S>(self: string, other: string, side: S) {
  const peer: PeerName = { name: other, groups: [], serial: '1' }
  return { clock: machineClock, software: 'test 1', log, handlers: handlersOf(self), peer, side }
}

async function connect() {
  const [near, far] = duplexPair()
  return Promise.all([
    openPeer(near, optionsOf('a', 'b', 'dialler' as const), none),
    openPeer(far, optionsOf('b', 'a', 'acceptor' as const), none),
  ])
}

test('both sides call at once over one connection, and each knows who calls', async () => {
  const [a, b] = await connect()
  await using _a = a
  await using _b = b
  const items = async (peer: typeof a) => (await Array.fromAsync(peer.download(count, 90, none))).length
  const answers = await Promise.all([a.call(who, undefined, none), b.call(who, undefined, none), items(a), items(b)])
  assert.deepEqual(answers, ['b to a', 'a to b', 90, 90])
})

test('a side that only dialled is not called back', async () => {
  const [near, far] = duplexPair()
  const [client, peer] = await Promise.all([
    openClient(near, optionsOf('a', 'b', undefined), none),
    openPeer(far, optionsOf('b', 'a', 'acceptor' as const), none),
  ])
  assert.equal(await client.call(who, undefined, none), 'b to a')
  await assert.rejects(peer.call(who, undefined, none), error => isFault(error))
  await peer.done
  await client[Symbol.asyncDispose]()
})

test('when one side goes, calls of both directions end', async () => {
  const [a, b] = await connect()
  const stream = b.download(count, 1_000_000, none)
  await stream.next()
  await a[Symbol.asyncDispose]()
  await assert.rejects(Array.fromAsync(stream), error => isFault(error, 'Closed'))
  await b.done
  assert.ok(!b.isOpen)
})
