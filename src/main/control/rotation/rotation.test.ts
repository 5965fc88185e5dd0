import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { suite, test } from 'node:test'
import { ObjectStore } from '#api'
import { isFault, type World } from '#base'
import { machineWorld } from '#host'
import { type Keyspace, openMemoryKeyspace } from '#keyspace'
import { type KubeObject, type Resource, RESOURCES, textAt } from '#schema'
import { AUTHORITY, openClusterKeys } from '../cluster-keys.ts'
import { openTokenSigner } from '../token-keys.ts'
import { FollowedKeys } from './followed-keys.ts'
import { DATA_KEYS, keyRows, TOKEN_KEYS } from './key-rows.ts'
import { Rotation } from './rotation.ts'
import { Servers } from './servers.ts'

const { signal } = new AbortController()
const quiet: World = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
const SECRET = RESOURCES.find(({ kind }) => kind === 'Secret') as Resource
const ORDER = { issuer: 'i', subject: 's', audiences: ['a'], seconds: 60, extra: {} }

function temporary(): Disposable & { readonly file: string } {
  const at = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-rotation-'))
  return { file: `${at}/master.key`, [Symbol.dispose]: () => fs.rmSync(at, { recursive: true }) }
}

/** Keys of a cloud as one of its servers has them. */
async function openServer(keyspace: Keyspace, masterKeyFile: string, name?: string, world = quiet) {
  await using opening = new AsyncDisposableStack()
  const servers = opening.use(await Servers.open(keyspace, name, world))
  const { keyring, master, authority } = await openClusterKeys({ world, keyspace, masterKeyFile }, signal)
  const signer = await openTokenSigner({ keyspace, keyring, world }, signal)
  const parts = { world, keyspace, keyring, signer, servers, masterKeyFile, master }
  const keys = opening.use(await FollowedKeys.open(parts, signal))
  const rotation = opening.use(new Rotation({ world, keyspace, keyring, keys, servers, masterKeyFile }))
  const store = new ObjectStore(keyspace, keyring)
  const all = opening.move()
  return { keyring, signer, store, rotation, authority, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

type Server = Awaited<ReturnType<typeof openServer>>

function secret(name: string, note: string): KubeObject {
  const metadata = { name, namespace: 'default', uid: name, creationTimestamp: '2026-01-01T00:00:00Z' }
  return { apiVersion: 'v1', kind: 'Secret', metadata: { ...metadata, annotations: { note } } } as KubeObject
}

async function noteOf(store: ObjectStore, name: string): Promise<string | undefined> {
  const found = await store.get(SECRET, { namespace: 'default', name }, signal)
  return textAt(found, 'metadata', 'annotations', 'note')
}

const idle = ({ rotation }: Server): Promise<void> => rotation.settle()

/** The ids of the data keys that seal anything. */
async function sealedBy(keyspace: Keyspace): Promise<ReadonlySet<string>> {
  const all = await Promise.all(
    ['/objects/core/secrets/', TOKEN_KEYS, AUTHORITY].map(prefix =>
      keyspace.range({ keys: { kind: 'prefix', prefix } }, signal),
    ),
  )
  const texts = all.flatMap(({ entries }) => entries.map(({ value }) => Buffer.from(value).toString()))
  return new Set(texts.map(text => /sealed:v1:([0-9a-f]{8}):/.exec(text)?.[1] ?? 'nothing'))
}

async function idOfUsed(keyspace: Keyspace): Promise<string> {
  return String((await keyRows(keyspace, DATA_KEYS, signal)).at(-1)?.row['id'])
}

suite('a new data key', () => {
  test('seals everything on all servers while people write, loses nothing, and the one before goes with the history', async () => {
    using folder = temporary()
    await using keyspace = openMemoryKeyspace({ world: quiet })
    await using one = await openServer(keyspace, folder.file, 'one')
    await using two = await openServer(keyspace, folder.file, 'two')
    const [first] = await sealedBy(keyspace)
    for (let at = 0; at < 120; at += 1) await one.store.create(SECRET, secret(`s${at}`, 'before'), signal)
    const revision = await one.store.revision(signal)
    const ending = new AbortController()
    let written = 0
    const writers = [one, two].map(async ({ store }, who) => {
      for (let at = who; !ending.signal.aborted; at = (at + 2) % 120) {
        const old = await store.get(SECRET, { namespace: 'default', name: `s${at}` }, signal)
        const note = { ...old, metadata: { ...old.metadata, annotations: { note: `${who} ${++written}` } } }
        await store.replace(SECRET, old, note, signal).catch((error: unknown) => {
          if (!isFault(error, 'Conflict')) throw error
        })
        assert.equal(typeof (await noteOf(who === 0 ? two.store : one.store, `s${at}`)), 'string')
        await new Promise(resolve => setImmediate(resolve))
      }
    })
    await one.rotation.begin('data', signal)
    await idle(one)
    ending.abort()
    await Promise.all(writers)
    assert.ok(written > 10)
    const used = await idOfUsed(keyspace)
    assert.notEqual(used, first)
    assert.deepEqual(await sealedBy(keyspace), new Set([used]))
    const page = await two.store.page(SECRET, { namespace: undefined, revision, limit: 1000 }, signal)
    assert.ok(
      page.objects.every(each => textAt(each, 'metadata', 'annotations', 'note') === 'before'),
      'the past too',
    )
    assert.equal((await keyRows(keyspace, DATA_KEYS, signal)).length, 2)
    await idle(two)
    await keyspace.compact(await one.store.revision(signal), signal)
    await idle(one)
    assert.equal((await keyRows(keyspace, DATA_KEYS, signal)).length, 1)
    assert.equal(typeof (await noteOf(two.store, 's1')), 'string')
  })

  test('is not used while a server does not know it', async () => {
    using folder = temporary()
    await using keyspace = openMemoryKeyspace({ world: quiet })
    await using one = await openServer(keyspace, folder.file, 'one')
    const before = await idOfUsed(keyspace)
    const deaf = await Servers.open(keyspace, 'deaf', quiet)
    await one.rotation.begin('data', signal)
    for (let tries = 0; one.rotation.state.why !== 'deaf'; tries += 1) {
      assert.ok(tries < 1000)
      await quiet.clock.sleep(2, signal)
    }
    assert.equal(await idOfUsed(keyspace), before)
    assert.deepEqual(await sealedBy(keyspace), new Set([before]))
    await deaf[Symbol.asyncDispose]()
    await idle(one)
    assert.notEqual(await idOfUsed(keyspace), before)
  })
})

/** A keyspace whose process is killed before one of its writes: that, and all that follow, never happen. */
function killedAt(keyspace: Keyspace, write: number): Keyspace & { readonly isKilled: boolean } {
  let left = write
  const killed = { ...keyspaceFront(keyspace), isKilled: false }
  killed.txn = (request, wait) => {
    if (request.then.some(({ kind }) => kind !== 'range') && left-- <= 0) killed.isKilled = true
    return killed.isKilled ? Promise.reject(new Error('killed')) : keyspace.txn(request, wait)
  }
  return killed
}

function keyspaceFront(keyspace: Keyspace): Keyspace {
  return {
    range: (request, wait) => keyspace.range(request, wait),
    txn: (request, wait) => keyspace.txn(request, wait),
    sync: (revision, wait) => keyspace.sync(revision, wait),
    watch: (request, wait) => keyspace.watch(request, wait),
    compact: (revision, wait) => keyspace.compact(revision, wait),
    grant: (ttlMs, wait) => keyspace.grant(ttlMs, wait),
    keepAlive: (lease, wait) => keyspace.keepAlive(lease, wait),
    revoke: (lease, wait) => keyspace.revoke(lease, wait),
    records: (from, wait) => keyspace.records(from, wait),
    status: wait => keyspace.status(wait),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  }
}

async function untilKilledOrIdle(server: Server, killing: { readonly isKilled: boolean }): Promise<void> {
  while (!killing.isKilled && server.rotation.state.step !== 'idle') await quiet.clock.sleep(2, signal)
}

suite('a change of keys that is killed before any of its writes', () => {
  for (const what of ['data', 'tokens'] as const) {
    test(`goes on at the next start (${what})`, async () => {
      using folder = temporary()
      await using keyspace = openMemoryKeyspace({ world: quiet })
      {
        await using server = await openServer(keyspace, folder.file)
        for (const name of ['a', 'b', 'c']) await server.store.create(SECRET, secret(name, name), signal)
      }
      for (let write = 0, isWhole = false; !isWhole; write += 1) {
        assert.ok(write < 30)
        const killing = killedAt(keyspace, write)
        {
          await using server = await openServer(killing, folder.file)
          await server.rotation.begin(what, signal).catch(() => undefined)
          await untilKilledOrIdle(server, killing)
        }
        isWhole = !killing.isKilled
        await using server = await openServer(keyspace, folder.file)
        await idle(server)
        for (const name of ['a', 'b', 'c']) assert.equal(await noteOf(server.store, name), name)
        assert.deepEqual(await sealedBy(keyspace), new Set([await idOfUsed(keyspace)]))
        const rows = await keyRows(keyspace, what === 'data' ? DATA_KEYS : TOKEN_KEYS, signal)
        assert.deepEqual([...new Set(rows.slice(0, -1).map(({ state }) => state))].concat('former').at(0), 'former')
      }
    })
  }

  test('leaves a master key that opens everything, and can be made again', async () => {
    using folder = temporary()
    await using keyspace = openMemoryKeyspace({ world: quiet })
    {
      await using server = await openServer(keyspace, folder.file)
      await server.store.create(SECRET, secret('a', 'a'), signal)
    }
    for (let write = 0, isWhole = false; !isWhole; write += 1) {
      assert.ok(write < 10)
      const before = fs.readFileSync(folder.file, 'latin1')
      const killing = killedAt(keyspace, write)
      {
        await using server = await openServer(killing, folder.file)
        await server.rotation.replaceMaster(signal).catch(() => undefined)
      }
      isWhole = !killing.isKilled
      {
        await using server = await openServer(keyspace, folder.file)
        await idle(server)
        assert.equal(await noteOf(server.store, 'a'), 'a')
        const { phrase, others } = await server.rotation.replaceMaster(signal)
        assert.deepEqual([phrase.split(' ').length, others], [24, []])
        assert.equal(fs.existsSync(`${folder.file}.next`), false)
      }
      const after = fs.readFileSync(folder.file, 'latin1')
      fs.writeFileSync(folder.file, before)
      await assert.rejects(openServer(keyspace, folder.file), error => isFault(error, 'MasterKey'))
      fs.writeFileSync(folder.file, after)
    }
  })
})

test('a master key that other servers do not have yet takes its place when they have it', async () => {
  using folder = temporary()
  using elsewhere = temporary()
  await using keyspace = openMemoryKeyspace({ world: quiet })
  await using one = await openServer(keyspace, folder.file, 'one')
  const before = fs.readFileSync(folder.file, 'latin1')
  fs.writeFileSync(elsewhere.file, before)
  {
    await using two = await openServer(keyspace, elsewhere.file, 'two')
    await two.store.create(SECRET, secret('a', 'a'), signal)
    assert.deepEqual((await one.rotation.replaceMaster(signal)).others, ['two'])
    assert.equal(await noteOf(two.store, 'a'), 'a')
    await assert.rejects(one.rotation.begin('data', signal), error => isFault(error, 'Busy'))
    await assert.rejects(one.rotation.replaceMaster(signal), error => isFault(error, 'Busy'))
  }
  {
    await using two = await openServer(keyspace, elsewhere.file, 'two')
    assert.equal(await noteOf(two.store, 'a'), 'a', 'it still starts')
    fs.copyFileSync(folder.file, elsewhere.file)
    await idle(two)
    await one.rotation.begin('data', signal)
    await idle(one)
    assert.equal(await noteOf(two.store, 'a'), 'a')
  }
  fs.writeFileSync(elsewhere.file, before)
  await assert.rejects(openServer(keyspace, elsewhere.file, 'two'), error => isFault(error, 'MasterKey'))
})

test('a new key signs tokens on all servers, and tokens of the one before hold for as long as they may', async () => {
  using folder = temporary()
  await using keyspace = openMemoryKeyspace({ world: quiet })
  let days = 0
  const wallNs = () => machineWorld.clock.wallNs() + BigInt(days) * 86_400_000_000_000n
  const world = { ...quiet, clock: { ...machineWorld.clock, wallNs } }
  await using one = await openServer(keyspace, folder.file, 'one', world)
  await using two = await openServer(keyspace, folder.file, 'two', world)
  const old = await two.signer.sign(ORDER)
  await one.rotation.begin('tokens', signal)
  await idle(one)
  const { token } = await one.signer.sign(ORDER)
  assert.equal((await two.signer.verify(token, 'i', ['a'])).sub, 's')
  assert.equal((await two.signer.verify(old.token, 'i', ['a'])).sub, 's')
  const [former, used] = two.signer.publicKeys().keys.toReversed()
  assert.notEqual(used?.['kid'], former?.['kid'])
  days = 366
  await idle(one)
  assert.equal((await keyRows(keyspace, TOKEN_KEYS, signal)).length, 1)
})

test('a key that was stolen is dropped: no server believes what it signed, also while keys change', async () => {
  using folder = temporary()
  await using keyspace = openMemoryKeyspace({ world: quiet })
  await using one = await openServer(keyspace, folder.file, 'one')
  await using two = await openServer(keyspace, folder.file, 'two')
  const late = await Servers.open(keyspace, 'late', quiet)
  await late.tell({ master: '', knows: [`${TOKEN_KEYS}first`], uses: [] }, signal)
  const waitsForLate = async () => {
    for (let tries = 0; one.rotation.state.why !== 'late'; tries += 1) {
      assert.ok(tries < 1000)
      await quiet.clock.sleep(2, signal)
    }
  }
  const old = await two.signer.sign(ORDER)
  await one.rotation.begin('tokens', signal)
  await waitsForLate()
  await one.rotation.dropTokenKeys(signal)
  const { token } = await one.signer.sign(ORDER)
  await assert.rejects(one.signer.verify(old.token, 'i', ['a']), error => isFault(error, 'TokenInvalid'))
  await waitsForLate()
  assert.equal(one.rotation.state.step, 'waiting')
  await late[Symbol.asyncDispose]()
  await idle(one)
  await assert.rejects(two.signer.verify(old.token, 'i', ['a']), error => isFault(error, 'TokenInvalid'))
  assert.equal((await two.signer.verify(token, 'i', ['a'])).sub, 's')
  assert.equal((await keyRows(keyspace, TOKEN_KEYS, signal)).length, 1)
})
