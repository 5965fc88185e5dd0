import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { after, before, suite, test } from 'node:test'
import { isFault, type World } from '#base'
import { machineWorld } from '#host'
import { Authority } from '#identity'
import { openEtcdMembers, openMemoryKeyspace } from '#keyspace'
import { Issuing } from '../control/issuing.ts'
import { Revocations } from '../control/revocations.ts'
import { renewCredential } from '../control/seats/own-member.ts'
import { readEtcdFiles } from '../keyspace/etcd-files.ts'
import { whyNoEtcd } from '../../../test/etcd/server.ts'
import {
  isMemberDue,
  keepMemberCredential,
  keepMemberRevocations,
  memberRequest,
  memberRevocations,
  memberUser,
  signMember,
} from './credential.ts'
import { etcdArguments, etcdProgram } from './etcd-program.ts'
import { memberFilesOf, memberUrl, removeMember, writeMember } from './member-file.ts'

const never = new AbortController().signal
const quiet: World = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-members-'))
const stack = new AsyncDisposableStack()
let authority: Authority
let issuing: Issuing
let revocations: Revocations

function daysLater(days: number): World {
  const wallNs = () => quiet.clock.wallNs() + BigInt(days) * 86_400_000_000_000n
  return { ...quiet, clock: { ...quiet.clock, wallNs } }
}

/** A machine that has a member, with files that were signed for it. */
async function machine(name: string): Promise<string> {
  const folder = path.join(home, name)
  const csrPem = await memberRequest(folder, name)
  keepMemberCredential(folder, await signMember(issuing, { name, host: '127.0.0.1', csrPem }, never))
  return folder
}

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  return typeof address === 'object' ? (address?.port ?? 0) : 0
}

async function revokeAll(name: string): Promise<void> {
  for (const { user, serial } of await issuing.list(never)) {
    if (user === memberUser(name)) await revocations.revoke(serial, 'test', never)
  }
  while ((await memberRevocations(parts(), never)).serials.length === 0) await quiet.clock.sleep(5, never)
}

function parts() {
  return { world: quiet, authority, issuing, revocations }
}

before(async () => {
  const made = await Authority.make('test', quiet.entropy.bytes(16), new Date())
  authority = await Authority.open(made)
  const keyspace = stack.use(openMemoryKeyspace({ world: quiet }))
  issuing = stack.use(new Issuing({ keyspace, authority, world: quiet }))
  revocations = stack.use(await Revocations.open(keyspace, quiet))
})
after(async () => {
  await stack[Symbol.asyncDispose]()
  fs.rmSync(home, { recursive: true })
})

test('the certificate of a member is renewed by itself, long before its end, and etcd is not asked', async () => {
  const dataFolder = await machine('renewed')
  const nobody = { name: 'renewed', host: '127.0.0.1', clientPort: 1, peerPort: 2, isFirst: true, members: [] }
  writeMember(dataFolder, nobody)
  const shown = () => new X509Certificate(fs.readFileSync(memberFilesOf(dataFolder).certificate))
  const first = shown()
  const renew = (world: World) => {
    const later = new Issuing({ keyspace: openMemoryKeyspace({ world }), authority, world })
    return renewCredential({ world, dataFolder, own: 'renewed', issuing: later }, never)
  }
  await renew(daysLater(29))
  assert.equal(shown().serialNumber, first.serialNumber, 'not due yet')
  await renew(daysLater(31))
  assert.ok(Date.parse(shown().validTo) - Date.parse(first.validTo) > 30 * 86_400_000)
  assert.ok(shown().checkHost('member.etcd.cairn.internal') !== undefined)
  assert.equal(shown().publicKey.equals(first.publicKey), true, 'of the same key')
  // Switched off for most of a year: with it the cloud comes up, and then renews it.
  fs.writeFileSync(memberFilesOf(dataFolder).certificate, first.toString())
  assert.equal(isMemberDue(dataFolder, '127.0.0.1', daysLater(300)), true)
  const now = ['127.0.0.1', '127.0.0.2', 'other.host'].map(host => isMemberDue(dataFolder, host, quiet))
  assert.deepEqual(now, [false, true, true])
  assert.ok(Date.parse(first.validTo) > Date.now() + 360 * 86_400_000)
})

test('a machine without its member keeps what that had until the next one is removed', async () => {
  const dataFolder = await machine('gone')
  writeMember(dataFolder, { name: 'gone', host: 'h', clientPort: 1, peerPort: 2, isFirst: true, members: [] })
  fs.mkdirSync(`${dataFolder}/etcd/data/member`, { recursive: true })
  removeMember(dataFolder)
  assert.deepEqual(fs.readdirSync(`${dataFolder}/etcd`).sort(), [
    'authority.pem',
    'certificate.pem',
    'key.pem',
    'removed',
  ])
  removeMember(dataFolder)
})

suite('an etcd of controllers', { skip: whyNoEtcd(), timeout: 60_000 }, () => {
  let etcd: ChildProcess
  let url: URL
  let folder: string

  before(async () => {
    folder = await machine('first')
    const place = { host: '127.0.0.1', clientPort: await freePort(), peerPort: await freePort() }
    const members = [{ name: 'first', peerUrl: memberUrl(place.host, place.peerPort) }]
    keepMemberRevocations(folder, (await memberRevocations(parts(), never)).pem)
    const words = etcdArguments(folder, { name: 'first', ...place, isFirst: true, members })
    etcd = spawn('setpriv', ['--pdeathsig', 'KILL', etcdProgram() ?? '', ...words], { stdio: 'ignore' })
    url = new URL(memberUrl(place.host, place.clientPort))
  })
  after(async () => {
    etcd.kill('SIGKILL')
    if (etcd.exitCode === null && etcd.signalCode === null) await once(etcd, 'exit')
  })

  async function names(dataFolder: string, world = quiet): Promise<readonly string[]> {
    const tls = readEtcdFiles(memberFilesOf(dataFolder)).tls
    using members = openEtcdMembers({ world, endpoints: [url], tls })
    return (await members.list(never)).map(({ name }) => name)
  }

  test('lets nobody in with a certificate that was revoked, while it runs; another of that machine it does', async () => {
    const second = await machine('second')
    assert.deepEqual(await names(second), ['first'])
    await revokeAll('second')
    keepMemberRevocations(folder, (await memberRevocations(parts(), never)).pem)
    // Each look at the clock is five seconds later: what is tried for long is given up soon.
    let nowMs = 0
    const hurried = { ...quiet, clock: { ...quiet.clock, monotonicMs: () => (nowMs += 5000) } }
    await assert.rejects(names(second, hurried), error => isFault(error, 'Unavailable'))
    assert.deepEqual(await names(folder), ['first'])
    assert.deepEqual(await names(await machine('second')), ['first'])
  })
})
