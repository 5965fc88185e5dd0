import assert from 'node:assert/strict'
import { connect } from 'node:tls'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineClock } from '#host'
import { message } from '../message.ts'
import { answerUnary, unary } from '../method.ts'
import { openPeer, type Peer } from '../peer.ts'
import { nothing, text } from '../shape.ts'
import { connectTls } from './connect.ts'
import type { TlsCredential } from './credential.ts'
import { listenTls, type TlsListening } from './listen.ts'
import { testAuthority } from './testing.ts'

const who = unary({ name: 'test.who', version: 1, params: nothing, result: text(80) })
const none = new AbortController().signal
const options = { clock: machineClock, software: 'test 1', log: { info: () => undefined, warn: () => undefined } }
const handlers = [answerUnary(who, async (_, { peer }) => message(`${peer?.name} of ${peer?.groups.join()}`))]

interface Server extends AsyncDisposable {
  readonly connected: () => number
  readonly listening: TlsListening
  readonly accepted: Promise<Peer>
}

async function serve(credential: TlsCredential): Promise<Server> {
  const accepted = Promise.withResolvers<Peer>()
  let connected = 0
  const listening = await listenTls({
    host: '127.0.0.1',
    port: 0,
    credential,
    accept(duplex, peer) {
      connected += 1
      const all = { ...options, handlers, peer, side: 'acceptor' } as const
      void openPeer(duplex, all, none).then(accepted.resolve, accepted.reject)
    },
  })
  accepted.promise.catch(() => undefined)
  return {
    listening,
    accepted: accepted.promise,
    connected: () => connected,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  }
}

function dial(port: number, credential: TlsCredential, meant = 'b') {
  return connectTls({ host: '127.0.0.1', port, credential, isMeant: ({ name }) => name === meant }, none)
}

test('two machines know each other by their certificates and call both ways', async () => {
  const issue = await testAuthority()
  await using server = await serve(await issue('b'))
  const { duplex, peer } = await dial(server.listening.port, await issue('a'))
  assert.deepEqual([peer.name, peer.groups], ['b', ['machines']])
  await using near = await openPeer(duplex, { ...options, handlers, peer, side: 'dialler' }, none)
  await using far = await server.accepted
  assert.equal(await near.call(who, undefined, none), 'a of machines')
  assert.equal(await far.call(who, undefined, none), 'b of machines')
})

test('another machine, another cloud, an older TLS and no certificate are refused', async () => {
  const [ours, others] = [await testAuthority(), await testAuthority()]
  await using server = await serve(await ours('b'))
  const { port } = server.listening
  const isUnreachable = (error: unknown) => isFault(error, 'Unreachable')
  await assert.rejects(
    dial(port, await ours('a'), 'c'),
    error => isUnreachable(error) && /another machine/.test(String(error)),
  )
  await assert.rejects(dial(port, await others('a')), isUnreachable)
  const { certificatePem, keyPem } = await others('a')
  for (const shown of [{ cert: certificatePem, key: keyPem }, {}, { maxVersion: 'TLSv1.2' } as const]) {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...shown })
    socket.on('error', () => undefined).resume() // TLS 1.3 tells a client with its first read
    await new Promise(resolve => socket.on('close', resolve))
  }
  assert.equal(server.connected(), 0)
})

test('a peer that is cut is gone, the others stay', async () => {
  const issue = await testAuthority()
  await using server = await serve(await issue('b'))
  const open = async (name: string) => {
    const { duplex, peer } = await dial(server.listening.port, await issue(name))
    return openPeer(duplex, { ...options, handlers, peer, side: 'dialler' }, none)
  }
  await using a = await open('a')
  await using c = await open('c')
  server.listening.cut(({ name }) => name === 'a')
  await a.done
  assert.equal(await c.call(who, undefined, none), 'c of machines')
})
