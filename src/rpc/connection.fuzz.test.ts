import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { isFault } from '#base'
import { machineClock } from '#host'
import { ACCEPTOR, encodeFrame, FRAME, type Frame } from './frame.ts'
import { PROTOCOL } from './hello.ts'
import { encodeHead, message } from './message.ts'
import { openClient } from './client.ts'
import { answerUnary, answerUpload, unary, upload } from './method.ts'
import { duplexPair } from './pair.ts'
import { openPeer } from './peer.ts'
import { serveConnection } from './server.ts'
import { integer, nothing, shape, text } from './shape.ts'

const echo = unary({ name: 'test.echo', version: 1, params: shape({ say: text(20) }), result: text(20) })
const take = upload({ name: 'test.take', version: 1, params: nothing, item: integer(), result: nothing })
const options = { clock: machineClock, software: 'test 1', log: { info: () => undefined, warn: () => undefined } }
const handlers = [
  answerUnary(echo, async ({ say }) => message(say)),
  answerUpload(take, async (_, items) => {
    for await (const _item of items);
    return message(undefined)
  }),
]

const hello = frameOf(
  FRAME.hello,
  0,
  encodeHead({ protocol: PROTOCOL, oldest: 1, software: 'fuzz', windowBytes: 4 * 1024 * 1024 }),
)
const heads = fc.oneof(
  fc.constant({ method: 'test.echo', version: 1, params: { say: 'x' } }),
  fc.constant({ method: 'test.take', version: 1 }),
  fc.constant({ code: 'X', message: 'm', retry: 'never', status: 1 }),
  fc.integer(),
  fc.jsonValue(),
)
const frames = fc.record({
  kind: fc.integer({ min: 0, max: 9 }),
  flags: fc.constantFrom(0, ACCEPTOR),
  stream: fc.integer({ min: 0, max: 6 }),
  head: heads.map(encodeHead),
  body: fc.uint8Array({ maxLength: 64 }),
})
const garbage = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) })

test('whatever frames a server gets, its connection ends and no handler is left', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frames, { maxLength: 30 }),
      fc.array(garbage, { maxLength: 3 }),
      async (script, noise) => {
        const [near, far] = duplexPair()
        const served = serveConnection(far, { ...options, handlers })
        near.write(spoiled(script, noise))
        near.close()
        await served.done
      },
    ),
    { numRuns: 300 },
  )
})

test('whatever frames a client gets, its call ends', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(frames, { maxLength: 30 }),
      fc.array(garbage, { maxLength: 3 }),
      async (script, noise) => {
        const [near, far] = duplexPair()
        far.write(hello)
        const client = await openClient(near, options, new AbortController().signal)
        const call = client.call(echo, { say: 'x' }, new AbortController().signal)
        const ended = call.then(
          said => assert.equal(typeof said, 'string'),
          error => assert.ok(isFault(error), String(error)),
        )
        far.write(spoiled(script, noise).slice(hello.length))
        far.close()
        await ended
        await client[Symbol.asyncDispose]()
      },
    ),
    { numRuns: 300 },
  )
})

test('whatever frames a peer gets that calls and answers, all of its calls end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('dialler', 'acceptor'),
      fc.array(frames, { maxLength: 30 }),
      fc.array(garbage, { maxLength: 3 }),
      async (side, script, noise) => {
        const [near, far] = duplexPair()
        far.write(hello)
        const peer = await openPeer(near, { ...options, handlers, side }, new AbortController().signal)
        const ended = peer.call(echo, { say: 'x' }, new AbortController().signal).then(
          said => assert.equal(typeof said, 'string'),
          error => assert.ok(isFault(error), String(error)),
        )
        far.write(spoiled(script, noise).slice(hello.length))
        far.close()
        await ended
        await peer.done
      },
    ),
    { numRuns: 300 },
  )
})

test('a peer that says nothing of ours is told why and closed', async () => {
  const [near, far] = duplexPair()
  const served = serveConnection(far, { ...options, handlers })
  near.write([Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')])
  await served.done
  const [first, second] = await Array.fromAsync(near.incoming, chunk => Buffer.from(chunk))
  assert.match(String(first), /test 1/)
  assert.match(String(second), /BadFrame/)
})

test('a peer of another protocol is refused by name', async () => {
  const [near, far] = duplexPair()
  const later = { protocol: 9, oldest: 7, software: 'cairn 99', windowBytes: 4 * 1024 * 1024 }
  far.write(frameOf(FRAME.hello, 0, encodeHead(later)))
  await assert.rejects(
    openClient(near, options, new AbortController().signal),
    /no protocol in common: test 1 speaks 1, cairn 99 7 to 9/,
  )
})

test('a peer that ignores the window is cut off', async () => {
  const [near, far] = duplexPair()
  const stuck = answerUpload(
    take,
    (_, __, { signal }) => new Promise((_r, reject) => signal.addEventListener('abort', reject)),
  )
  const served = serveConnection(far, { ...options, handlers: [stuck] })
  near.write(hello)
  near.write(frameOf(FRAME.call, 1, encodeHead({ method: 'test.take', version: 1 })))
  const body = Buffer.alloc(1024 * 1024)
  for (let i = 0; i < 5; i++) near.write(frameOf(FRAME.item, 1, encodeHead(1), body))
  await served.done
  const said = Buffer.concat(await Array.fromAsync(near.incoming, chunk => chunk))
  assert.match(said.toString('latin1'), /more than its window/)
})

function spoiled(script: readonly Frame[], noise: readonly { at: number; byte: number }[]): Uint8Array[] {
  const parts = script.map(frame => Buffer.concat(encodeFrame(frame)))
  for (const { at, byte } of noise) {
    const part = parts[at % Math.max(parts.length, 1)]
    if (part !== undefined) part[at % part.byteLength] = byte
  }
  return [...hello, ...parts]
}

function frameOf(kind: number, stream: number, head: Uint8Array, body = new Uint8Array(0)): readonly Uint8Array[] {
  return encodeFrame({ kind, flags: 0, stream, head, body })
}
