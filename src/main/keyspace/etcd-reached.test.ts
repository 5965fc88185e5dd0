import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { isFault } from '#base'
import { machineWorld } from '#host'
import { type KeyspaceWords } from '#rpc'
import { Load } from '../../../test/etcd/load.ts'
import { keyspaceCheck } from './check.ts'
import { choiceOf } from './choice.ts'
import { openControlKeyspace } from './open.ts'
import { type CertificateFiles, makeCertificates } from '../../../test/etcd/certificates.ts'
import { type EtcdServer, startEtcd, whyNoEtcd } from '../../../test/etcd/server.ts'

const never = new AbortController().signal
const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }

// Each look at the clock is five seconds later: what is tried for long is given up soon.
let nowMs = 0
const hurried = { ...world, clock: { ...world.clock, monotonicMs: () => (nowMs += 5000) } }

function open(words: KeyspaceWords, world = hurried) {
  return openControlKeyspace(choiceOf(words), { world, dataFolder: '/nowhere' }, never)
}

/** Expects a refusal in these words, sooner than anything is tried again. */
async function refused(words: KeyspaceWords, ...patterns: readonly RegExp[]): Promise<void> {
  const beforeMs = performance.now()
  const opening = async () => {
    await using keyspace = await open(words)
    await keyspace.status(never)
  }
  await assert.rejects(opening(), error => {
    assert.ok(isFault(error), String(error))
    for (const pattern of patterns) assert.match(`${error.message}\n${error.hint}`, pattern)
    return true
  })
  assert.ok(performance.now() - beforeMs < 3000, `${patterns[0]} took long`)
}

suite('an etcd with certificates', { skip: whyNoEtcd(), timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-reached-'))
  let etcd: EtcdServer
  let ours: CertificateFiles
  let theirs: CertificateFiles
  let expired: CertificateFiles
  before(async () => {
    const files = await makeCertificates(folder)
    ours = files.client
    theirs = (await makeCertificates(mkdtempSync(join(folder, 'other-')))).client
    expired = (await makeCertificates(mkdtempSync(join(folder, 'old-')), { endsInMs: -1000 })).client
    etcd = await startEtcd({ tls: files.etcd, ctl: files.client })
  })
  after(async () => {
    await etcd[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const words = (files: Partial<CertificateFiles>, address = `etcd=${etcd.url.origin}`): KeyspaceWords => ({
    address,
    authority: undefined,
    certificate: undefined,
    key: undefined,
    user: undefined,
    password: undefined,
    prefix: undefined,
    ...files,
  })

  test('is refused at once when the two do not trust each other, with the file to blame', async () => {
    await using good = await open(words(ours))
    assert.equal((await keyspaceCheck(good, never)).state, 'ok')
    const { authority, certificate, key } = ours
    await refused(words({ ...ours, authority: theirs.authority }), new RegExp(`not signed by ${theirs.authority}`))
    await refused(words({ certificate, key }), /an authority that this machine trusts/, /--keyspace-ca/)
    const strange = { authority, certificate: theirs.certificate, key: theirs.key }
    await refused(words(strange), new RegExp(`does not accept the certificate in ${theirs.certificate}`))
    await refused(words({ authority }), /does not accept a client that shows no certificate/, /--keyspace-cert/)
    await refused(words({ authority, certificate: expired.certificate, key: expired.key }), /old-.*expired at 20/)
    await refused(words({ authority, certificate, key: theirs.key }), /the key in .*other-.* is not the key of/)
    const text = join(folder, 'words')
    writeFileSync(text, 'no certificate')
    await refused(words({ ...ours, authority: text }), new RegExp(`${text} holds no certificate in PEM`))
    await refused(words({ authority, certificate, key: text }), new RegExp(`${text} holds no private key`))
    await refused(words({ ...ours }, `etcd=https://localhost:${etcd.url.port}`), /is for another name/)
    // One of several that is right is enough.
    await using some = await open(words(ours, `etcd=http://127.0.0.1:1,https://127.0.0.1:1,${etcd.url.origin}`))
    assert.equal((await some.status(never)).keys, 0)
  })

  test('is told from what is no etcd', async () => {
    await refused(words({}, `etcd=http://127.0.0.1:${etcd.url.port}`), /perhaps it wants https:/)
    const web = http2.createServer((_, response) => response.writeHead(404).end('nothing'))
    await new Promise<void>(resolve => void web.listen(0, '127.0.0.1', resolve))
    const address = web.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await refused(words({}, `etcd=http://127.0.0.1:${port}`), /no etcd v3 .*answered 404/)
    web.close()
    assert.throws(
      () => choiceOf(words({}, 'etcd=https://me:hunter2@127.0.0.1:1')),
      error => {
        assert.doesNotMatch(String(error), /hunter2/)
        return isFault(error) && /--keyspace-password-file/.test(error.hint ?? '')
      },
    )
  })
})

suite('an etcd with users', { skip: whyNoEtcd(), timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'cairn-users-'))
  const password = join(folder, 'password')
  let etcd: EtcdServer
  before(async () => {
    writeFileSync(password, 'open sesame\n', { mode: 0o600 })
    etcd = await startEtcd({ durable: true })
    for (const line of [
      'user add root:secret',
      'user grant-role root root',
      'role add cloud',
      'role grant-permission cloud --prefix=true readwrite /cairn/',
      'user grant-role cairn cloud',
      'auth enable',
    ]) {
      if (line.startsWith('user grant-role cairn')) etcd.ctl('user', 'add', 'cairn:open sesame')
      etcd.ctl(...line.split(' '))
    }
  })
  after(async () => {
    await etcd[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const words = (more: Partial<KeyspaceWords>): KeyspaceWords => ({
    address: `etcd=${etcd.url.origin}`,
    authority: undefined,
    certificate: undefined,
    key: undefined,
    user: undefined,
    password: undefined,
    prefix: undefined,
    ...more,
  })

  test('lets in who knows the password, and says what is wrong with all others', async () => {
    await refused(words({}), /user name is empty/, /--keyspace-user.*--keyspace-password-file/)
    const wrong = join(folder, 'wrong')
    writeFileSync(wrong, 'sesame')
    await refused(words({ user: 'cairn', password: wrong }), /another password/, new RegExp(wrong))
    await refused(words({ user: 'cairn' }), /CAIRN_KEYSPACE_PASSWORD holds no password/)
    await refused(words({ user: 'cairn', password, prefix: '/other/' }), /permission denied/, /grant-permission/)
    await refused(words({ password }), /a password needs its user/)
    process.env['CAIRN_KEYSPACE_PASSWORD'] = 'open sesame'
    await using keyspace = await open(words({ user: 'cairn' })).finally(
      () => delete process.env['CAIRN_KEYSPACE_PASSWORD'],
    )
    assert.equal((await keyspace.status(never)).keys, 0)
  })

  test('forgets its tokens, and nothing is lost: calls, leases and watches get new ones', async () => {
    await using keyspace = await open(words({ user: 'cairn', password }), world)
    const lease = await keyspace.grant(60_000, never)
    const load = new Load(keyspace, 4)
    await load.more(50)
    await etcd.kill()
    etcd.launch() // it keeps tokens in memory
    await load.more(50)
    assert.equal(await keyspace.keepAlive(lease, never), 60_000)
    await load.check()
    const [event] = await Promise.all([
      keyspace
        .watch({ keys: { kind: 'key', key: 'new' } }, never)
        [Symbol.asyncIterator]()
        .next(),
      keyspace.txn({ then: [{ kind: 'put', key: 'new', value: Buffer.from('1') }] }, never),
    ])
    assert.equal(event.value?.events.length, 1)
  })
})
