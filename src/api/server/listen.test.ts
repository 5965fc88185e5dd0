import assert from 'node:assert/strict'
import { connect, type Settings } from 'node:http2'
import { test } from 'node:test'
import { Hono } from 'hono'
import { machineEntropy as entropy } from '#host'
import { Authority } from '#identity'
import { STREAMS_MAX } from '../limits.ts'
import { listen } from './listen.ts'
import { peerOf } from './peer.ts'

test('a certificate of a server is nobody, and a connection has so many streams', async () => {
  const now = new Date()
  const authority = await Authority.open(await Authority.make('cairn', entropy.bytes(16), now))
  const names = { organizations: [], dnsNames: ['localhost'], addresses: ['127.0.0.1'] }
  const times = { notBefore: now, notAfter: new Date(now.getTime() + 3_600_000), serial: entropy.bytes(16) }
  const issue = (usage: 'server' | 'client') => authority.issue({ commonName: 'x', usage, ...names, ...times })
  const [server, client] = [await issue('server'), await issue('client')]
  const app = new Hono().get('/who', context => context.text(peerOf(context.env)?.commonName ?? 'nobody'))
  const authorityPem = authority.certificatePem
  await using listening = await listen(app, { host: '127.0.0.1', port: 0, ...server, authorityPem })
  for (const [{ certificatePem: cert, keyPem: key }, who] of [
    [server, 'nobody'],
    [client, 'x'],
  ] as const) {
    const session = connect(`https://127.0.0.1:${listening.port}`, { ca: authorityPem, cert, key })
    const settings = new Promise<Settings>(resolve => session.once('remoteSettings', resolve))
    const stream = session.request({ ':path': '/who' })
    let text = ''
    for await (const part of stream) text += String(part)
    assert.equal(text, who)
    assert.equal((await settings).maxConcurrentStreams, STREAMS_MAX)
    session.close()
  }
})

test('one sender has so many connections, and another one when one of them ends', async () => {
  const now = new Date()
  const authority = await Authority.open(await Authority.make('cairn', entropy.bytes(16), now))
  const { certificatePem: authorityPem } = authority
  const wish = { commonName: 'x', organizations: [], dnsNames: ['localhost'], addresses: ['127.0.0.1'] }
  const times = { notBefore: now, notAfter: new Date(now.getTime() + 3_600_000), serial: entropy.bytes(16) }
  const server = await authority.issue({ ...wish, usage: 'server', ...times })
  const options = { host: '127.0.0.1', port: 0, ...server, authorityPem, perSenderMax: 2 }
  await using listening = await listen(new Hono(), options)
  const open = async () => {
    const session = connect(`https://127.0.0.1:${listening.port}`, { ca: authorityPem })
    session.on('error', () => undefined)
    const isOpen = await new Promise<boolean>(resolve => {
      session.once('remoteSettings', () => resolve(true))
      session.once('close', () => resolve(false))
    })
    return { session, isOpen }
  }
  const [one, two] = [await open(), await open()]
  assert.deepEqual([one.isOpen, two.isOpen, (await open()).isOpen], [true, true, false])
  one.session.close()
  await new Promise(resolve => one.session.once('close', resolve))
  for (let tries = 0; ; tries += 1) {
    assert.ok(tries < 100)
    const { session, isOpen } = await open()
    session.destroy()
    if (isOpen) break
  }
  two.session.destroy()
})
