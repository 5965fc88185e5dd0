import assert from 'node:assert/strict'
import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { test } from 'node:test'
import { isFault } from '#base'
import { machineClock } from '#host'
import { openClient } from '../client.ts'
import { STRANGER_FRAME_BYTES_MAX, STRANGERS_MAX } from '../limits.ts'
import { message } from '../message.ts'
import { answerUnary, unary } from '../method.ts'
import { openPeer } from '../peer.ts'
import { serveStranger } from '../server.ts'
import { nothing, text } from '../shape.ts'
import { connectTls } from './connect.ts'
import type { TlsCredential } from './credential.ts'
import { listenTls, type TlsListening } from './listen.ts'
import { testAuthority } from './testing.ts'

const none = new AbortController().signal
const options = { clock: machineClock, software: 'test 1', log: { info: () => undefined, warn: () => undefined } }
const join = unary({ name: 'test.join', version: 1, params: text(100), result: text(80) })
const secret = unary({ name: 'test.secret', version: 1, params: nothing, result: text(80) })
const never = unary({ name: 'test.never', version: 1, params: nothing, result: nothing })
const forStrangers = [
  answerUnary(join, async token => message(`welcome ${token}`)),
  answerUnary(never, (_, { signal }) => new Promise((_resolve, reject) => signal.addEventListener('abort', reject))),
]
const forMachines = [...forStrangers, answerUnary(secret, async () => message('the secret'))]

function serve(credential: TlsCredential): Promise<TlsListening> {
  return listenTls({
    host: '127.0.0.1',
    port: 0,
    credential,
    accept(duplex, peer) {
      openPeer(duplex, { ...options, handlers: forMachines, peer, side: 'acceptor' }, none).catch(() => undefined)
    },
    acceptStranger: duplex => void serveStranger(duplex, { ...options, handlers: forStrangers }),
  })
}

function fingerprintOf(pem: string): string {
  const key = new X509Certificate(pem).publicKey.export({ type: 'spki', format: 'der' })
  return createHash('sha256').update(key).digest('base64url')
}

async function enter(port: number, authorityFingerprint: string) {
  const credential = { authorityFingerprint }
  const isMeant = ({ name }: { readonly name: string }) => name === 'b'
  const { duplex } = await connectTls({ host: '127.0.0.1', port, credential, isMeant }, none)
  return openClient(duplex, options, none)
}

async function raw(port: number, shown: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...shown })
  socket.on('error', () => undefined).resume()
  await Promise.race([once(socket, 'secureConnect'), once(socket, 'close')])
  return socket
}

test('a stranger believes an authority by its fingerprint, and may join but nothing else', async () => {
  const issue = await testAuthority()
  const credential = await issue('b')
  await using server = await serve(credential)
  await using stranger = await enter(server.port, fingerprintOf(credential.authorityPem))
  assert.equal(await stranger.call(join, 'T', none), 'welcome T')
  await assert.rejects(stranger.call(secret, undefined, none), error => isFault(error, 'Unsupported'))
  await assert.rejects(stranger.call(join, 'x'.repeat(101), none), error => isFault(error, 'BadMessage'))
  const waiting = stranger.call(never, undefined, none)
  await assert.rejects(stranger.call(join, 'second', none), error => isFault(error, 'Busy'))
  const large = message('T', new Uint8Array(STRANGER_FRAME_BYTES_MAX))
  await assert.rejects(stranger.exchange(join, large, none))
  await assert.rejects(waiting, error => isFault(error, 'BadFrame') || isFault(error, 'Closed'))
})

test('another authority, one that only has its name, and a server that holds no certificate of it are not believed', async () => {
  const [ours, others] = [await testAuthority(), await testAuthority()]
  const [mine, theirs] = [await ours('b'), await others('b')]
  const wanted = fingerprintOf(mine.authorityPem)
  const isOther = (error: unknown) => isFault(error, 'Unreachable') && /another cloud/.test(error.message)
  await using other = await serve(theirs)
  await assert.rejects(enter(other.port, wanted), isOther)
  // It sends our authority along, which has not signed what it shows.
  await using liar = await serve({ ...theirs, authorityPem: mine.authorityPem })
  await assert.rejects(enter(liar.port, wanted), isOther)
})

test('strangers are few, and machines come in beside them', async () => {
  const issue = await testAuthority()
  await using server = await serve(await issue('b'))
  const sockets = await Promise.all(Array.from({ length: STRANGERS_MAX }, () => raw(server.port)))
  const late = await raw(server.port)
  if (!late.closed) await once(late, 'close')
  const isMeant = () => true
  const dialled = await connectTls(
    { host: '127.0.0.1', port: server.port, credential: await issue('a'), isMeant },
    none,
  )
  await using machine = await openClient(dialled.duplex, options, none)
  assert.equal(await machine.call(secret, undefined, none), 'the secret')
  assert(sockets.every(socket => !socket.destroyed))
  for (const socket of sockets) socket.destroy()
})

test('who shows a certificate that is not believed is no stranger but refused', async () => {
  const [ours, others] = [await testAuthority(), await testAuthority()]
  await using server = await serve(await ours('b'))
  const { certificatePem, keyPem } = await others('a')
  const socket = await raw(server.port, { cert: certificatePem, key: keyPem })
  if (!socket.closed) await once(socket, 'close')
  assert(socket.destroyed)
})

test('a session of before is not believed again', async () => {
  const issue = await testAuthority()
  await using server = await serve(await issue('b'))
  const { certificatePem, keyPem } = await issue('a')
  const shown = { cert: certificatePem, key: keyPem }
  const first = await raw(server.port, shown)
  const [session] = await once(first, 'session')
  const again = await raw(server.port, { ...shown, session })
  assert(again.isSessionReused())
  if (!again.closed) await once(again, 'close')
  assert(again.destroyed)
  first.destroy()
  again.destroy()
})

test('whatever a stranger sends, it is closed and others are served', async () => {
  const issue = await testAuthority()
  const credential = await issue('b')
  await using server = await serve(credential)
  for (let round = 0; round < 20; round++) {
    const socket = await raw(server.port)
    socket.write(randomBytes(1 + round * 500))
    if (round % 2 === 0) socket.end()
    if (!socket.closed) await once(socket, 'close')
  }
  await using stranger = await enter(server.port, fingerprintOf(credential.authorityPem))
  assert.equal(await stranger.call(join, 'T', none), 'welcome T')
})
