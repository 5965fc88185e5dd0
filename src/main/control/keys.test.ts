import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import tls from 'node:tls'
import { suite, test } from 'node:test'
import { Hono } from 'hono'
import { createApp, listen, Objects, ObjectStore, Registry } from '#api'
import { isFault, type World } from '#base'
import { machineWorld } from '#host'
import type { Authority } from '#identity'
import { type Keyspace, openEmbeddedKeyspace, openMemoryKeyspace, sqliteIndex } from '#keyspace'
import { makeMasterKey, readMasterKey, writeMasterKey } from '../keys/master-key-file.ts'
import { SERVER_CERTIFICATE_MS, SERVER_RENEW_MS } from '../limits.ts'
import { openClusterKeys } from './cluster-keys.ts'
import { Issuing } from './issuing.ts'
import { keepKubeconfig } from './kubeconfig.ts'
import { listenOn } from './listen.ts'
import { serverCertificate } from './server-certificate.ts'
import { localUrl, serverNames } from './server-names.ts'

const { signal } = new AbortController()
const quiet: World = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }

const revoked = new Set<string>()
const isRevoked = (serial: string) => revoked.has(serial)

function temporary(): Disposable & { readonly at: string } {
  const at = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-keys-'))
  return { at, [Symbol.dispose]: () => fs.rmSync(at, { recursive: true }) }
}

suite('the keys of a cloud', () => {
  test('are made once, and are the same for the next server on the keyspace', async () => {
    using folder = temporary()
    await using keyspace = openMemoryKeyspace({ world: quiet })
    const masterKeyFile = `${folder.at}/etc/master.key`
    const open = () => openClusterKeys({ world: quiet, keyspace, masterKeyFile }, signal)
    const [one, two] = await Promise.all([open(), open()])
    const later = await open()
    assert.equal(one.authority.certificatePem, two.authority.certificatePem)
    assert.equal(later.authority.certificatePem, one.authority.certificatePem)
    assert.equal(Buffer.from(later.keyring.open(one.keyring.seal(Buffer.from('x'), 'p'), 'p')).toString(), 'x')
    assert.equal(later.recoveryPhrase, undefined, 'shown once')
    assert.equal((one.recoveryPhrase ?? two.recoveryPhrase)?.split(' ').length, 24)
    assert.equal(fs.statSync(masterKeyFile).mode & 0o777, 0o600)
    assert.equal(fs.statSync(path.dirname(masterKeyFile)).mode & 0o777, 0o700)
    assert.deepEqual(fs.readdirSync(path.dirname(masterKeyFile)), ['master.key'])
  })

  test('do not open without their master key, nor with another one, and both are told with remedies', async () => {
    using folder = temporary()
    await using keyspace = openMemoryKeyspace({ world: quiet })
    const open = (name: string) =>
      openClusterKeys({ world: quiet, keyspace, masterKeyFile: `${folder.at}/${name}` }, signal)
    const refused = (name: string, message: RegExp) =>
      assert.rejects(open(name), error => {
        assert.ok(isFault(error, 'MasterKey'))
        assert.match(error.message, message)
        assert.match(error.hint ?? '', /Put the right file back, .* `cairn key restore`.* CAIRN_MASTER_KEY/)
        return true
      })
    await open('right')
    const revision = keyspace.revision
    await refused('missing', /missing is missing; the data needs master key [0-9a-f]{16}$/)
    makeMasterKey(`${folder.at}/other`, quiet)
    await refused('other', /other is of another Cairn: this is master key .*; the data needs/)
    fs.writeFileSync(`${folder.at}/broken`, 'cairn-master-key 1 0000\n')
    await refused('broken', /holds no master key/)
    assert.equal(keyspace.revision, revision, 'nothing is written')
    assert.ok(!fs.existsSync(`${folder.at}/missing`), 'none is made in the place of one that is missing')
  })

  test('lie in the data folder sealed only', async () => {
    using folder = temporary()
    const data = `${folder.at}/data`
    const keyspace = await openEmbeddedKeyspace({ world: quiet, folder: `${data}/keyspace`, index: sqliteIndex })
    const parts = { world: quiet, keyspace, masterKeyFile: `${folder.at}/master.key` }
    const { authority, keyring } = await openClusterKeys(parts, signal)
    const file = `${data}/server.json`
    await serverCertificate({ world: quiet, authority, keyring, file }, serverNames('127.0.0.1'))
    await keyspace[Symbol.asyncDispose]()
    const master = fs.readFileSync(parts.masterKeyFile, 'latin1').split(' ')[3]!.trim()
    const all = filesBelow(data).map(name => fs.readFileSync(name))
    assert.ok(
      all.some(bytes => bytes.includes('BEGIN CERTIFICATE')),
      'certificates are for everybody',
    )
    assert.ok(all.some(bytes => bytes.includes('sealed:v1:')))
    for (const secret of ['PRIVATE KEY', master, Buffer.from(master, 'hex')]) {
      assert.ok(!all.some(bytes => bytes.includes(secret)))
    }
  })

  test('are not taken from who was there first', () => {
    using folder = temporary()
    const file = `${folder.at}/master.key`
    const first = makeMasterKey(file, quiet)
    assert.ok(makeMasterKey(file, quiet).is(first))
    assert.equal(writeMasterKey(file, first), false)
    assert.ok(readMasterKey(file)?.is(first))
    assert.throws(
      () => makeMasterKey('/proc/none/master.key', quiet),
      error => isFault(error, 'MasterKey'),
    )
  })
})

suite("the server's certificate", () => {
  test('is kept while it holds and has all names, and renewed before it ends', async () => {
    using folder = temporary()
    await using keyspace = openMemoryKeyspace({ world: quiet })
    let days = 0
    const wallNs = () => machineWorld.clock.wallNs() + BigInt(days) * 86_400_000_000_000n
    const world = { ...quiet, clock: { ...quiet.clock, wallNs } }
    const keys = await openClusterKeys({ world, keyspace, masterKeyFile: `${folder.at}/master.key` }, signal)
    const parts = { world, ...keys, file: `${folder.at}/server.json` }
    const names = { dnsNames: ['localhost'], addresses: ['127.0.0.1'] }
    const first = await serverCertificate(parts, names)
    assert.deepEqual(await serverCertificate(parts, names), first)
    days = (SERVER_CERTIFICATE_MS - SERVER_RENEW_MS) / 86_400_000 - 1
    assert.deepEqual(await serverCertificate(parts, names), first)
    days += 2
    const second = await serverCertificate(parts, names)
    assert.notEqual(second.certificatePem, first.certificatePem)
    const third = await serverCertificate(parts, { ...names, addresses: ['127.0.0.1', '10.0.0.1'] })
    assert.equal(new X509Certificate(third.certificatePem).checkIP('10.0.0.1'), '10.0.0.1')
    fs.writeFileSync(parts.file, '{"broken')
    assert.notEqual((await serverCertificate(parts, names)).certificatePem, third.certificatePem)
  })

  test('is changed without a restart, and connections of revoked clients are cut', async () => {
    using folder = temporary()
    await using keyspace = openMemoryKeyspace({ world: quiet })
    const keys = await openClusterKeys({ world: quiet, keyspace, masterKeyFile: `${folder.at}/master.key` }, signal)
    const { authority } = keys
    const parts = { world: quiet, ...keys, file: `${folder.at}/server.json` }
    const store = new ObjectStore(keyspace)
    const app = createApp({
      ...quiet,
      registry: new Registry([]),
      objects: new Objects({ store, ...quiet }),
      version: 'test',
      authenticate: () => Promise.reject(new Error('not asked')),
      authorize: () => Promise.resolve(false),
    })
    const names = serverNames('127.0.0.1')
    const first = await serverCertificate(parts, names)
    const options = { host: '127.0.0.1', port: 0, ...first, authorityPem: authority.certificatePem }
    await using listening = await listen(app, options)
    await keepKubeconfig(
      { world: quiet, authority, issuing: issuingOf(keyspace, authority), file: `${folder.at}/kubeconfig`, isRevoked },
      'https://x:1',
      signal,
    )
    const client = credentialIn(`${folder.at}/kubeconfig`)
    const connect = () => connected(listening.port, authority.certificatePem, client)
    const socket = await connect()
    assert.equal(socket.getPeerX509Certificate()?.toString(), first.certificatePem)
    const second = await authority.issue({ ...WISH, ...names })
    listening.renew(second)
    using other = asDisposable(await connect())
    assert.equal(other.socket.getPeerX509Certificate()?.toString(), second.certificatePem)
    const serial = new X509Certificate(client.cert).serialNumber.toLowerCase()
    listening.cut(found => found.serial !== serial)
    assert.equal(socket.destroyed, false)
    const ended = new Promise(resolve => socket.once('close', resolve))
    listening.cut(found => found.serial === serial)
    await ended
  })
})

test('where client certificates are required, nobody else is even connected', async () => {
  using folder = temporary()
  await using keyspace = openMemoryKeyspace({ world: quiet })
  const keys = await openClusterKeys({ world: quiet, keyspace, masterKeyFile: `${folder.at}/master.key` }, signal)
  const { authority } = keys
  const file = `${folder.at}/server.json`
  const start = { ...START, dataFolder: folder.at, masterKeyFile: `${folder.at}/master.key` }
  const app = new Hono().get('/healthz', context => context.text('ok'))
  const served = await listenOn(app, { start, world: quiet, authority, keyring: keys.keyring, file })
  await using listening = served.listening
  const issuing = issuingOf(keyspace, authority)
  await keepKubeconfig(
    { world: quiet, authority, issuing, file: `${folder.at}/kubeconfig`, isRevoked },
    served.url,
    signal,
  )
  const { certificatePem: ca } = authority
  using known = asDisposable(await connected(listening.port, ca, credentialIn(`${folder.at}/kubeconfig`)))
  assert.equal(known.socket.authorized, true)
  await assert.rejects(connected(listening.port, ca, { cert: '', key: '' }), /certificate required|socket|ECONNRESET/i)
  const busy = { ...start, port: listening.port }
  await assert.rejects(listenOn(app, { start: busy, world: quiet, authority, keyring: keys.keyring, file }), error => {
    assert.ok(isFault(error, 'Listen'))
    assert.match(error.hint ?? '', new RegExp(`--listen 127.0.0.1:${listening.port + 1}`))
    return true
  })
})

suite("the administrator's kubeconfig", () => {
  test('is written once, kept when it is right, and written anew for another address', async () => {
    using folder = temporary()
    await using keyspace = openMemoryKeyspace({ world: quiet })
    const { authority } = await openClusterKeys(
      { world: quiet, keyspace, masterKeyFile: `${folder.at}/master.key` },
      signal,
    )
    const file = `${folder.at}/kubeconfig`
    const issuing = issuingOf(keyspace, authority)
    const keep = (url: string) => keepKubeconfig({ world: quiet, authority, issuing, file, isRevoked }, url, signal)
    const serialNow = () => new X509Certificate(credentialIn(file).cert).serialNumber.toLowerCase()
    await keep('https://127.0.0.1:6443')
    const first = fs.readFileSync(file, 'utf8')
    assert.equal(fs.statSync(file).mode & 0o777, 0o600)
    fs.writeFileSync(file, `${first}# mine\n`)
    await keep('https://127.0.0.1:6443')
    assert.equal(fs.readFileSync(file, 'utf8'), `${first}# mine\n`)
    await keep('https://127.0.0.1:7443')
    const second = fs.readFileSync(file, 'utf8')
    assert.equal(second, first.replace('6443', '7443'), 'the same certificate')
    revoked.add(serialNow())
    await keep('https://127.0.0.1:7443')
    assert.equal(isRevoked(serialNow()), false, 'a revoked one is of no use')
    assert.deepEqual(
      (await issuing.list(signal)).map(({ serial, user, groups, from }) => [serial, user, groups, from]),
      [...revoked, serialNow()].map(serial => [serial, 'admin', ['system:masters'], 'cairn up']),
    )
    fs.writeFileSync(file, 'nonsense')
    await keep('https://127.0.0.1:7443')
    assert.notEqual(fs.readFileSync(file, 'utf8'), second)
  })

  test('of a Cairn that kept no list of certificates comes into it', async () => {
    using folder = temporary()
    await using keyspace = openMemoryKeyspace({ world: quiet })
    await using empty = openMemoryKeyspace({ world: quiet })
    const masterKeyFile = `${folder.at}/master.key`
    const { authority } = await openClusterKeys({ world: quiet, keyspace, masterKeyFile }, signal)
    const file = `${folder.at}/kubeconfig`
    const keep = (issuing: Issuing) =>
      keepKubeconfig({ world: quiet, authority, issuing, file, isRevoked }, 'https://127.0.0.1:6443', signal)
    await keep(issuingOf(empty, authority))
    const issuing = issuingOf(keyspace, authority)
    assert.deepEqual(await issuing.list(signal), [])
    await keep(issuing)
    await keep(issuing)
    const [known, ...others] = await issuing.list(signal)
    assert.equal(known?.serial, new X509Certificate(credentialIn(file).cert).serialNumber.toLowerCase())
    assert.deepEqual([known?.user, known?.groups, others], ['admin', ['system:masters'], []])
  })

  test('names an address that this machine reaches', () => {
    assert.equal(localUrl('0.0.0.0', 1), 'https://127.0.0.1:1')
    assert.equal(localUrl('::', 1), 'https://[::1]:1')
    assert.equal(localUrl('fd00::1', 1), 'https://[fd00::1]:1')
    assert.equal(localUrl('box.lan', 1), 'https://box.lan:1')
    assert.ok(serverNames('box.lan').dnsNames.includes('box.lan'))
    assert.deepEqual(serverNames('10.1.2.3').addresses, ['127.0.0.1', '::1', '10.1.2.3'])
    assert.ok(serverNames('0.0.0.0').addresses.length >= 2)
  })
})

const START = {
  supervisorPid: 1,
  host: '127.0.0.1',
  port: 0,
  requiresClientCertificate: true,
  restarts: { count: 0 },
}

const WISH = {
  commonName: 'another server',
  organizations: [],
  usage: 'server' as const,
  notBefore: new Date(Date.now() - 3_600_000),
  notAfter: new Date(Date.now() + 86_400_000),
  serial: new Uint8Array(16).fill(7),
}

function issuingOf(keyspace: Keyspace, authority: Authority): Issuing {
  return new Issuing({ keyspace, authority, world: quiet })
}

function filesBelow(folder: string): readonly string[] {
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => path.join(entry.parentPath, entry.name))
}

function credentialIn(file: string): { readonly cert: string; readonly key: string } {
  const text = fs.readFileSync(file, 'utf8')
  const [cert = '', key = ''] = ['certificate', 'key'].map(name => {
    const [, data = ''] = new RegExp(`client-${name}-data: (\\S+)`).exec(text) ?? []
    return Buffer.from(data, 'base64').toString()
  })
  return { cert, key }
}

function connected(
  port: number,
  ca: string,
  client: { readonly cert: string; readonly key: string },
): Promise<tls.TLSSocket> {
  return new Promise((resolve, reject) => {
    const shown = client.cert === '' ? {} : client
    const socket = tls.connect({ host: '127.0.0.1', port, ca, ...shown, ALPNProtocols: ['h2'] }, () => {
      // TLS 1.3: the server has seen the certificate only when it answers.
      socket.once('data', () => resolve(socket))
    })
    socket.once('close', () => reject(new Error('the socket was closed')))
    socket.once('error', reject)
  })
}

function asDisposable(socket: tls.TLSSocket) {
  return { socket, [Symbol.dispose]: () => void socket.destroy() }
}
