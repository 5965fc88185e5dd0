import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, suite, test } from 'node:test'
import { isFault, type World } from '#base'
import { readNodeFiles, readPlaces } from '#cluster'
import { joinTokenText, type JoinToken, machineGroup } from '#identity'
import { rpcFault } from '#rpc'
import { openTestController, quietWorld, type TestController } from '../testing/controller.ts'
import { openDataFolder } from '../data-folder.ts'
import { makeMasterKey, readMasterKey } from '../keys/master-key-file.ts'
import { readChoice } from '../keyspace/choice.ts'
import { hasEtcd } from '../members/etcd-program.ts'
import { joinCloud } from './join.ts'

suite('a machine that joins', () => {
  let controller: TestController
  let home: string
  let count = 0

  before(async () => {
    controller = await openTestController()
    home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-join-'))
  })
  beforeEach(() => {
    controller.level = 1
    count += 1
  })
  after(async () => {
    await controller[Symbol.asyncDispose]()
    fs.rmSync(home, { recursive: true })
  })

  const folder = () => path.join(home, `m${count}`, 'data')
  const join = (token: JoinToken, name: string, world: World = quietWorld) =>
    joinCloud({ token: joinTokenText(token), dataFolder: folder(), name }, world)

  async function refused(joining: Promise<unknown>, code: string, message: RegExp): Promise<void> {
    await assert.rejects(joining, error => {
      assert.ok(isFault(error, code), String(error))
      assert.match(`${error.message}\n${error.hint}`, message)
      return true
    })
    assert.ok(!fs.existsSync(path.dirname(folder())), 'nothing is left behind')
  }

  test('gets a certificate for its own key, and keeps it with the map', async () => {
    const joined = await join(await controller.token(), 'one')
    assert.deepEqual(
      [joined.name, joined.role, joined.cloud, joined.controllers],
      ['one', 'node', controller.cloud, ['first']],
    )
    const files = readNodeFiles(quietWorld.disk, folder())
    assert.deepEqual(files?.node, { name: 'one', role: 'node', cloud: controller.cloud })
    assert.ok(fs.readFileSync(`${folder()}/node/map.json`, 'utf8').includes('"first"'))
  })

  test('joins into what an earlier join has left that was killed', async () => {
    await openDataFolder(folder())
    fs.mkdirSync(`${folder()}/node`)
    fs.writeFileSync(`${folder()}/node/key.pem`, '')
    assert.equal((await join(await controller.token(), 'killed')).name, 'killed')
    assert.notEqual(readNodeFiles(quietWorld.disk, folder())?.credential.keyPem, '')
  })

  test('whose certificate is damaged joins anew, under its name too', async () => {
    await join(await controller.token(), 'damaged')
    fs.writeFileSync(`${folder()}/node/certificate.pem`, '')
    assert.equal((await join(await controller.token({ node: 'damaged' }), 'damaged')).name, 'damaged')
    assert.equal(readNodeFiles(quietWorld.disk, folder())?.node.name, 'damaged')
  })

  test('is refused with a name that is taken, and the token goes on to hold', async () => {
    const token = await controller.token()
    await refused(
      join(token, 'first'),
      'Occupied',
      /called first in the cloud already\nIt is the controller: choose another with --name\.$/,
    )
    await refused(join(token, 'one'), 'Occupied', /--name.*cairn node remove one.*--node one/)
    assert.equal((await join(token, 'two')).name, 'two')
    count += 1
    await refused(join(token, 'three'), 'TokenRefused', /it was used/)
  })

  test('is refused with a clock that is off by more than a minute, on either side', async () => {
    const token = await controller.token()
    for (const [seconds, how] of [
      [61, /61 s ahead/],
      [-61, /61 s behind/],
    ] as const) {
      const wallNs = () => quietWorld.clock.wallNs() + BigInt(seconds) * 1_000_000_000n
      await refused(join(token, 'skewed', { ...quietWorld, clock: { ...quietWorld.clock, wallNs } }), 'ClockSkew', how)
    }
    assert.equal((await join(token, 'skewed')).name, 'skewed')
  })

  test('is refused by a cloud that speaks newer formats', async () => {
    controller.level = 2
    await refused(join(await controller.token(), 'old'), 'Unsupported', /Update Cairn on the machine that joins/)
  })

  test('is refused with a token for people, for another machine, that has expired, or with another secret', async () => {
    await refused(join(await controller.token({ groups: [] }), 'x'), 'TokenRefused', /for people/)
    await refused(join(await controller.token({ node: 'y' }), 'x'), 'TokenRefused', /for the machine y.*\n.*--name y/)
    await refused(join(await controller.token({ lastsMs: -1 }), 'x'), 'TokenRefused', /has expired/)
    const token = await controller.token()
    await refused(join({ ...token, secret: '0'.repeat(16) }, 'x'), 'TokenRefused', /does not hold/)
  })

  test('becomes a controller with the master key of the cloud, which only its own key opens', async () => {
    const token = await controller.token({ groups: [machineGroup('controller')], node: 'second' })
    const file = path.join(home, 'etc', 'master.key')
    process.env['CAIRN_MASTER_KEY'] = file
    const other = path.join(home, 'other.key')
    try {
      if (!hasEtcd()) return await refused(join({ ...token, role: 'controller' }, 'second'), 'Missing', /etcd-server/)
      makeMasterKey(other, quietWorld)
      process.env['CAIRN_MASTER_KEY'] = other
      await refused(join({ ...token, role: 'controller' }, 'second'), 'MasterKey', /another master key/)
      process.env['CAIRN_MASTER_KEY'] = file
      const joined = await join({ ...token, role: 'controller' }, 'second')
      assert.deepEqual([joined.role, joined.controllers], ['controller', ['first', 'second']])
      assert.match(joined.control ?? '', /2 controllers, one of which works/)
    } finally {
      delete process.env['CAIRN_MASTER_KEY']
    }
    assert.ok(readMasterKey(file)?.is(controller.master))
    assert.equal(fs.statSync(file).mode & 0o777, 0o600)
    assert.deepEqual(readChoice(folder()), { kind: 'standby' })
    const certificate = readNodeFiles(quietWorld.disk, folder())?.credential.certificatePem ?? ''
    assert.match(new X509Certificate(certificate).subject, /O=cairn:controllers/)
  })

  test('is told where it has tried, and why nobody let it in', async () => {
    const token = await controller.token()
    const wrong = Buffer.from(token.fingerprint, 'base64url').reverse().toString('base64url')
    await refused(join({ ...token, fingerprint: wrong }, 'x'), 'CloudUnreachable', /another cloud.*another fingerprint/)
    const addresses = ['127.0.0.1:1', 'no.such.invalid:1']
    const both = /127\.0\.0\.1:1: nobody listens there; no\.such\.invalid:1: no such name.*--address/s
    await refused(join({ ...token, addresses }, 'x'), 'CloudUnreachable', both)
    await refused(join({ ...token, addresses: [] }, 'x'), 'CloudUnreachable', /names no address/)
    const last = { ...token, addresses: [...addresses, ...token.addresses] }
    assert.equal((await join(last, 'reached')).name, 'reached', 'one that answers is enough')
  })

  test('comes back with a new token when its certificate has ended meanwhile', async () => {
    await join(await controller.token(), 'away')
    const wallNs = () => quietWorld.clock.wallNs() + 31n * 86_400_000_000_000n
    const later = { ...quietWorld, clock: { ...quietWorld.clock, wallNs } }
    const token = await controller.token({ node: 'away' })
    await assert.rejects(join(token, 'other', later), /this machine is called away/)
    const before = fs.readFileSync(`${folder()}/node/certificate.pem`, 'utf8')
    // The clock of the machine is 31 days ahead: it is let in when it is right again, and only the end of the certificate counts.
    await assert.rejects(join(token, 'away', later), error => isFault(error, 'ClockSkew'))
    assert.equal(fs.readFileSync(`${folder()}/node/certificate.pem`, 'utf8'), before, 'and keeps what it had')
    let isOver = true
    const once = () => (isOver ? ((isOver = false), wallNs()) : quietWorld.clock.wallNs())
    await join(token, 'away', { ...quietWorld, clock: { ...quietWorld.clock, wallNs: once } })
    assert.notEqual(fs.readFileSync(`${folder()}/node/certificate.pem`, 'utf8'), before)
  })

  test('asks again with the key of the try before, whose answer was lost', async () => {
    const token = await controller.token()
    const { admit } = controller
    controller.admit = async asked => {
      await admit(asked)
      throw rpcFault('Closed', 'the cable was pulled')
    }
    await assert.rejects(join(token, 'unlucky'), error => isFault(error, 'CloudUnreachable'))
    controller.admit = admit
    assert.deepEqual(fs.readdirSync(`${folder()}/node`), ['joining.json'])
    assert.equal(fs.statSync(`${folder()}/node/joining.json`).mode & 0o777, 0o600)
    assert.equal((await join(token, 'unlucky')).name, 'unlucky')
    assert.ok(!fs.existsSync(`${folder()}/node/joining.json`))
  })

  test('takes the addresses of a new token when it is in the cloud already, which uses nothing up', async () => {
    const first = await controller.token()
    await join(first, 'moved')
    const token = await controller.token()
    const moved = await join(token, 'moved')
    assert.deepEqual(moved.moved, { addresses: token.addresses, isRunning: false })
    assert.deepEqual(readPlaces(quietWorld.disk, folder()), token.addresses)
    await assert.rejects(join(token, 'another'), /this machine is called moved/)
    controller.removed.add('moved')
    await assert.rejects(join(token, 'moved'), error => isFault(error, 'Removed') && /--data/.test(error.hint ?? ''))
    controller.removed.clear()
    const nowhere = join({ ...token, addresses: ['127.0.0.1:1'] }, 'moved')
    await assert.rejects(nowhere, /no controller of the cloud answers: 127\.0\.0\.1:1: nobody listens there/)
    assert.deepEqual(readPlaces(quietWorld.disk, folder()), token.addresses)
    count += 1
    assert.equal((await join(token, 'fresh')).name, 'fresh')
  })

  test('keeps out of a folder that is in a cloud, or is somebody else’s', async () => {
    const token = await controller.token()
    await join(token, 'kept')
    const again = await controller.token()
    const other = { ...again, fingerprint: 'B'.repeat(43) }
    await assert.rejects(join(other, 'kept'), /belongs to another cloud/)
    count += 1
    fs.mkdirSync(folder(), { recursive: true })
    fs.writeFileSync(path.join(folder(), 'mine'), '')
    await assert.rejects(join(again, 'x'), error => isFault(error, 'DataFolder'))
    assert.deepEqual(fs.readdirSync(folder()), ['mine'])
    fs.rmSync(path.join(folder(), 'mine'))
    await assert.rejects(join({ ...again, addresses: ['127.0.0.1:1'] }, 'x'), error =>
      isFault(error, 'CloudUnreachable'),
    )
    assert.deepEqual(fs.readdirSync(folder()), [], 'an empty folder is empty again')
  })
})
