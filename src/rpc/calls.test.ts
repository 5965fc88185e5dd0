import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { test } from 'node:test'
import { defineFaults, isFault } from '#base'
import { machineClock } from '#host'
import { type Client, openClient } from './client.ts'
import { type Message, message } from './message.ts'
import { answerDownload, answerUnary, answerUpload, download, type Handler, unary, upload } from './method.ts'
import { duplexPair } from './pair.ts'
import { type ServedConnection, serveConnection, type ServeOptions } from './server.ts'
import { integer, nothing, shape, text } from './shape.ts'

const echo = unary({
  name: 'test.echo',
  version: 1,
  params: shape({ say: text(20) }),
  result: shape({ said: text(20) }),
})
const hang = unary({ name: 'test.hang', version: 1, params: nothing, result: nothing })
const late = unary({ name: 'test.late', version: 1, params: nothing, result: nothing, timeoutMs: 20 })
const broken = unary({ name: 'test.broken', version: 1, params: nothing, result: nothing })
const missing = unary({ name: 'test.missing', version: 1, params: nothing, result: nothing })
const count = download({
  name: 'test.count',
  version: 1,
  params: shape({ to: integer() }),
  item: integer(),
  result: integer(),
})
const sum = upload({
  name: 'test.sum',
  version: 1,
  params: nothing,
  item: integer(),
  result: shape({ sum: integer(), bytes: integer() }),
})

const none = new AbortController().signal
const testFault = defineFaults({ Broken: { status: 418, retry: 'reread' } })

interface Ends extends AsyncDisposable {
  readonly client: Client
  readonly served: ServedConnection
}

async function connect(handlers: readonly Handler[], more: Partial<ServeOptions> = {}): Promise<Ends> {
  const [near, far] = duplexPair()
  const options = { clock: machineClock, software: 'test 1', log: { info: () => undefined, warn: () => undefined } }
  const served = serveConnection(far, { ...options, ...more, handlers })
  const client = await openClient(near, options, none)
  return {
    client,
    served,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await served[Symbol.asyncDispose]()
    },
  }
}

const answerEcho = answerUnary(echo, async ({ say }, { body }) => message({ said: say }, body))

test('a call carries parameters, raw bytes and a result', async () => {
  await using ends = await connect([answerEcho])
  const reply = await ends.client.exchange(echo, message({ say: 'hello' }, Buffer.from('raw')), none)
  assert.deepEqual([reply.head, Buffer.from(reply.body).toString()], [{ said: 'hello' }, 'raw'])
})

test('parameters are checked and the field is named', async () => {
  await using ends = await connect([answerEcho])
  await assert.rejects(ends.client.call(echo, { say: 'x'.repeat(21) }, none), /say must be text of at most 20/)
  assert.deepEqual(await ends.client.call(echo, { say: 'still here' }, none), { said: 'still here' })
})

test('an unknown method and an unknown version are refused by name', async () => {
  await using ends = await connect([answerEcho])
  await assert.rejects(ends.client.call(missing, undefined, none), /Unsupported: method test\.missing/)
  await assert.rejects(
    ends.client.call({ ...echo, version: 9 }, { say: '' }, none),
    /Unsupported: version 9 of method test\.echo/,
  )
})

test('a fault arrives with code, hint, retry and status', async () => {
  const answer = answerUnary(broken, async () => {
    throw testFault('Broken', 'it broke', { hint: 'Mend it.' })
  })
  await using ends = await connect([answer])
  await assert.rejects(ends.client.call(broken, undefined, none), error => {
    assert.ok(isFault(error, 'Broken'))
    assert.deepEqual([error.message, error.hint, error.retry, error.status], ['it broke', 'Mend it.', 'reread', 418])
    return true
  })
})

test('a download yields its items in order and then its result, beyond the window', async () => {
  const body = Buffer.alloc(600_000, 1)
  const answer = answerDownload(count, async function* ({ to }) {
    for (let i = 0; i < to; i++) yield message(i, body)
    return message(to)
  })
  await using ends = await connect([answer])
  const items: number[] = []
  const stream = ends.client.download(count, { to: 40 }, none)
  let next = await stream.next()
  for (; next.done !== true; next = await stream.next()) items.push(next.value.head)
  assert.deepEqual([items, next.value], [Array.from({ length: 40 }, (_, i) => i), 40])
})

test('a download that nobody reads is held at the window and stopped when the reader leaves', async () => {
  const body = Buffer.alloc(1_000_000)
  let sent = 0
  const stopped = Promise.withResolvers<void>()
  const answer = answerDownload(count, async function* () {
    try {
      for (;;) {
        sent += 1
        yield message(0, body)
      }
    } finally {
      stopped.resolve()
    }
  })
  await using ends = await connect([answer])
  for await (const _ of ends.client.download(count, { to: 0 }, none)) {
    for (let i = 0; i < 50; i++) await turn()
    assert.ok(sent <= 7, `${sent} messages were sent into a window of 4`)
    break
  }
  await stopped.promise
})

test('an upload is taken at the pace of the handler', async () => {
  const answer = answerUpload(sum, async (_, items) => {
    let total = 0
    let bytes = 0
    for await (const { head, body } of items) {
      await turn()
      total += head
      bytes += body.byteLength
    }
    return message({ sum: total, bytes })
  })
  await using ends = await connect([answer])
  const result = await ends.client.upload(sum, { params: undefined, items: numbers(30) }, none)
  assert.deepEqual(result, { sum: 435, bytes: 30 * 500_000 })
})

test('an upload that the handler refuses ends with its fault though items are left', async () => {
  const answer = answerUpload(sum, async () => {
    throw testFault('Broken', 'enough')
  })
  await using ends = await connect([answer])
  await assert.rejects(ends.client.upload(sum, { params: undefined, items: numbers(1000) }, none), /enough/)
})

test('a fault of the items cancels the upload', async () => {
  const aborted = Promise.withResolvers<void>()
  const answer = answerUpload(sum, async (_, items, { signal }) => {
    signal.addEventListener('abort', () => aborted.resolve())
    for await (const _item of items);
    return message({ sum: 0, bytes: 0 })
  })
  await using ends = await connect([answer])
  const items = async function* (): AsyncGenerator<Message<number>> {
    yield message(1)
    throw testFault('Broken', 'source gone')
  }
  await assert.rejects(ends.client.upload(sum, { params: undefined, items: items() }, none), /source gone/)
  await aborted.promise
})

test('aborting a call stops its handler and keeps the connection', async () => {
  const aborted = Promise.withResolvers<unknown>()
  const answer = answerUnary(hang, (_, { signal }) => {
    return new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        aborted.resolve(signal.reason)
        reject(signal.reason)
      })
    })
  })
  await using ends = await connect([answer, answerEcho])
  const scope = new AbortController()
  const call = ends.client.call(hang, undefined, scope.signal)
  await turn()
  scope.abort(new Error('changed my mind'))
  await assert.rejects(call, /changed my mind/)
  assert.ok(isFault(await aborted.promise, 'Canceled'))
  assert.deepEqual(await ends.client.call(echo, { say: 'on' }, none), { said: 'on' })
})

test('a call that takes longer than its deadline fails at both ends', async () => {
  const aborted = Promise.withResolvers<void>()
  const answer = answerUnary(late, (_, { signal }) => {
    signal.addEventListener('abort', () => aborted.resolve())
    return new Promise(() => undefined)
  })
  const ends = await connect([answer])
  await assert.rejects(ends.client.call(late, undefined, none), error => isFault(error, 'DeadlineExceeded'))
  await aborted.promise
})

test('calls in flight end with Closed when the connection goes, and handlers are awaited', async () => {
  let running = 0
  const answer = answerUnary(hang, async (_, { signal }) => {
    running += 1
    await new Promise(resolve => signal.addEventListener('abort', resolve))
    running -= 1
    throw signal.reason
  })
  const ends = await connect([answer])
  const call = ends.client.call(hang, undefined, none)
  await turn()
  assert.equal(running, 1)
  const refused = assert.rejects(call, error => isFault(error, 'Closed'))
  await ends.served[Symbol.asyncDispose]()
  assert.equal(running, 0)
  await refused
  await assert.rejects(ends.client.call(hang, undefined, none), error => isFault(error, 'Closed'))
})

test('one call more than the limit is refused, and there is room again later', async () => {
  const gate = Promise.withResolvers<void>()
  const answer = answerUnary(hang, async () => {
    await gate.promise
    return message(undefined)
  })
  await using ends = await connect([answer])
  const calls = Array.from({ length: 128 }, () => ends.client.call(hang, undefined, none))
  await assert.rejects(ends.client.call(hang, undefined, none), error => isFault(error, 'Busy'))
  gate.resolve()
  await Promise.all(calls)
  await ends.client.call(hang, undefined, none)
})

async function* numbers(to: number): AsyncGenerator<Message<number>> {
  const body = Buffer.alloc(500_000)
  for (let i = 0; i < to; i++) yield message(i, body)
}

test('who may call nothing hears why, whatever is called', async () => {
  await using ends = await connect([], { otherwise: () => testFault('Broken', 'this machine was removed') })
  for (const method of [missing, hang]) {
    await assert.rejects(ends.client.call(method, undefined, none), { code: 'Broken', message: /removed/ })
  }
})
