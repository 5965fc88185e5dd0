import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineClock } from '#host'
import { message } from '../message.ts'
import { answerDownload, answerUnary, download, unary } from '../method.ts'
import { integer, text } from '../shape.ts'
import { connectSocket } from './connect.ts'
import { socketDuplex } from './duplex.ts'
import { listenSocket } from './listen.ts'

const echo = unary({ name: 'test.echo', version: 1, params: text(100), result: text(100) })
const flood = download({ name: 'test.flood', version: 1, params: integer(), item: integer(), result: integer() })
const none = new AbortController().signal
const options = { clock: machineClock, software: 'test 1', log: { info: () => undefined, warn: () => undefined } }
const handlers = [
  answerUnary(echo, async said => message(said)),
  answerDownload(flood, async function* (times) {
    const body = Buffer.alloc(1024 * 1024, 3)
    for (let i = 0; i < times; i++) yield message(i, body)
    return message(times)
  }),
]

async function inFolder(run: (socket: string) => Promise<void>): Promise<void> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-rpc-'))
  try {
    await run(path.join(folder, 'door.sock'))
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

test('a client calls over a unix socket that only owner and group may open', () =>
  inFolder(async socket => {
    await using _server = await listenSocket(socket, { ...options, handlers })
    assert.equal(fs.statSync(socket).mode & 0o777, 0o660)
    await using client = await connectSocket(socket, options, none)
    assert.equal(client.peer.software, 'test 1')
    assert.equal(await client.call(echo, 'hello', none), 'hello')
  }))

test('64 MiB come through in bounded memory', () =>
  inFolder(async socket => {
    await using _server = await listenSocket(socket, { ...options, handlers })
    await using client = await connectSocket(socket, options, none)
    let bytes = 0
    for await (const item of client.download(flood, 64, none)) bytes += item.body.byteLength
    assert.equal(bytes, 64 * 1024 * 1024)
  }))

test('many calls that wait for the same socket do it without a warning of Node', () =>
  inFolder(async socket => {
    const warnings: string[] = []
    const hear = (warning: Error) => void warnings.push(warning.name)
    process.on('warning', hear)
    await using _server = await listenSocket(socket, { ...options, handlers })
    await using client = await connectSocket(socket, options, none)
    const streams = Array.from({ length: 32 }, () =>
      Array.fromAsync(client.download(flood, 2, none), item => item.head),
    )
    assert.deepEqual(await Promise.all(streams), Array(32).fill([0, 1]))
    process.off('warning', hear)
    assert.deepEqual(warnings, [])
  }))

test('a socket left by a dead process is replaced, and a missing one says what to do', () =>
  inFolder(async socket => {
    await assert.rejects(
      connectSocket(socket, options, none),
      error => isFault(error, 'Unreachable') && /cairn up/.test(String(error.hint)),
    )
    fs.writeFileSync(socket, '')
    await using _server = await listenSocket(socket, { ...options, handlers })
    await using client = await connectSocket(socket, options, none)
    assert.equal(await client.call(echo, 'again', none), 'again')
  }))

test('closing the server ends its clients with Closed', () =>
  inFolder(async socket => {
    const server = await listenSocket(socket, { ...options, handlers })
    await using client = await connectSocket(socket, options, none)
    const stream = client.download(flood, 1_000_000, none)
    await stream.next()
    await server[Symbol.asyncDispose]()
    await assert.rejects(Array.fromAsync(stream), error => isFault(error, 'Closed'))
  }))

test('a slow reader stops its sender, and all comes through whole and in order', () =>
  inFolder(async socket => {
    const sent = createHash('sha256')
    const got = createHash('sha256')
    let isAhead = false
    const ends = Promise.withResolvers<void>()
    const server = net.createServer(async accepted => {
      const duplex = socketDuplex(accepted)
      for (let i = 0; i < 600; i++) {
        const part = Buffer.alloc(i % 7 === 0 ? 100_000 : 10 + i, i)
        sent.update(part)
        duplex.write([part])
        isAhead ||= duplex.congested
        await duplex.drained()
      }
      duplex.close()
    })
    await new Promise<void>(resolve => server.listen(socket, resolve))
    const { incoming } = socketDuplex(net.connect(socket))
    for await (const piece of incoming) {
      got.update(piece)
      await new Promise(resolve => setImmediate(resolve))
    }
    server.close(() => ends.resolve())
    await ends.promise
    assert.ok(isAhead, 'the sender had to wait')
    assert.equal(got.digest('hex'), sent.digest('hex'))
  }))
