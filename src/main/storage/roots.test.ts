import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { type Digest, digestOf } from '#base'
import { type NodeMap, subjectOf } from '#cluster'
import { machineWorld } from '#host'
import { type Client, duplexPair, openClient, serveConnection } from '#rpc'
import { type Ino, isErrno, ROOT_INO } from '#storage/fs'
import { openTestDoor, type TestDoor } from '../testing/door.ts'
import { Collector } from './collector.ts'
import { checkRoots, type RootsHomes } from './roots-homes.ts'
import { homesHere, otherRoots, rootsHandlers } from './roots.ts'

const never = new AbortController().signal
const common = { clock: machineWorld.clock, software: 'test', log: { info: () => undefined, warn: () => undefined } }

const NO_HOMES: RootsHomes = { homes: [], known: [] }

async function write({ filesystems }: TestDoor, name: string): Promise<Ino> {
  const { vfs } = filesystems.get('home').filesystem
  const made = await vfs.make(ROOT_INO, name, { kind: 'file', mode: 0o600 }, { uid: 0, gid: 0, umask: 0 })
  assert.ok(!isErrno(made))
  const bytes = Buffer.alloc(2 ** 20, createHash('sha512').update(name).digest())
  assert.ok(!isErrno(await vfs.write(made.ino, 0, bytes, { append: false, killPrivileges: false })))
  await filesystems.get('home').filesystem.sync()
  return made.ino
}

test('a home is asked for all it names only when that has changed, and answers much less than the names', async () => {
  await using door = await openTestDoor()
  await write(door, 'one')
  const [here, there] = duplexPair()
  const pool = { boot: 'b', onlyAt: () => assert.fail() }
  const handlers = rootsHandlers(
    () => door.filesystems,
    pool,
    () => NO_HOMES,
  )
  const peer = { ...subjectOf({ name: 'far', isController: false }), serial: '1' }
  await using _served = serveConnection(there, { ...common, handlers, peer })
  await using client = await openClient(here, common, never)
  const asked: string[] = []
  const counted: Client = Object.create(client, {
    download: {
      value: (...call: Parameters<Client['download']>) => {
        asked.push(call[0].name)
        return client.download(...call)
      },
    },
    call: { value: client.call.bind(client) },
  })
  const map = { machines: [{ name: 'far' }, { name: 'home' }] } as unknown as NodeMap
  const machines = { own: 'far', map, client: () => counted, connect: async () => counted }
  const roots = otherRoots(machines, () => NO_HOMES)
  const held = async () => (await door.chunks.list(0, 1)).map(({ digest }) => digest)
  const isNamed = async (salt: number) => {
    const named = await roots.named(salt, never)
    return (digest: Digest) => named.some(each => each.mayHave(digest))
  }
  const before = await roots.version(never)
  for (const salt of [0, 1, 2]) {
    const named = await isNamed(salt)
    for (const digest of await held()) assert.ok(named(digest))
    const strangers = Array.from({ length: 200 }, (_, i) => digestOf(createHash('sha256').update(`${i}`).digest()))
    assert.ok(strangers.filter(named).length < 5)
  }
  assert.deepEqual([asked, await roots.version(never)], [['chunk.roots'], before])
  await write(door, 'two')
  const named = await isNamed(3)
  for (const digest of await held()) assert.ok(named(digest))
  assert.equal(asked.length, 2)
  assert.notEqual(await roots.version(never), before)
})

const of = (filesystem: string, epoch: number) => ({ filesystem, epoch })

test('roots are all there when each filesystem was named by its home in the last epoch that anybody has heard of', () => {
  const [first, second] = [of('home', 1), of('home', 2)]
  checkRoots([])
  checkRoots([
    { homes: [first], known: [first] },
    { homes: [], known: [] },
  ])
  checkRoots([
    { homes: [first], known: [first] },
    { homes: [second, of('photos', 1)], known: [] },
  ])
  const missing = (...told: readonly RootsHomes[]) => assert.throws(() => checkRoots(told), { code: 'RootsMissing' })
  missing({ homes: [], known: [first] })
  missing({ homes: [first], known: [first] }, { homes: [], known: [second] })
  missing({ homes: [second, of('photos', 1)], known: [] }, { homes: [], known: [of('photos', 2)] })
})

test('nothing is collected while a home before, or one that has lost its disk, answers for a filesystem', async () => {
  await using door = await openTestDoor()
  await using far = await openTestDoor()
  const ino = await write(door, 'gone')
  const [file] = await door.chunks.list(0, 1)
  const { filesystem } = door.filesystems.get('home')
  assert.ok(!isErrno(await filesystem.vfs.remove(ROOT_INO, 'gone', 'file')))
  filesystem.vfs.forget(ino)
  await filesystem.sync()
  const homes = { there: NO_HOMES }
  const [here, there] = duplexPair()
  const pool = { boot: 'b', onlyAt: () => assert.fail() }
  const handlers = rootsHandlers(
    () => far.filesystems,
    pool,
    () => homes.there,
  )
  const peer = { ...subjectOf({ name: 'here', isController: false }), serial: '1' }
  await using _served = serveConnection(there, { ...common, handlers, peer })
  await using client = await openClient(here, common, never)
  const map = { machines: [{ name: 'here' }, { name: 'far' }] } as unknown as NodeMap
  const machines = { own: 'here', map, client: () => client, connect: async () => client }
  const others = otherRoots(machines, () => ({ homes: [of('mine', 1)], known: [of('mine', 1), of('home', 2)] }))
  const world = { ...machineWorld, log: common.log }
  await using collector = new Collector({ world, chunks: door.chunks, filesystems: door.filesystems, others })
  for (const told of [NO_HOMES, { homes: [of('home', 1)], known: [of('home', 1)] }]) {
    homes.there = told
    for (let round = 0; round < 2; round += 1) {
      await assert.rejects(collector.collect(never), { code: 'RootsMissing', message: /home in its epoch 2/ })
    }
    assert.ok(await door.chunks.has(file!.digest))
  }
  homes.there = { homes: [of('home', 2)], known: [of('home', 2)] }
  await collector.collect(never)
  homes.there = { homes: [of('home', 2)], known: [of('home', 3)] }
  await assert.rejects(collector.collect(never), { code: 'RootsMissing' })
})

test('a machine answers for what lives there, and not while it may be the home no longer', () => {
  const filesystems = {
    all: [{ name: 'home' }, { name: 'alone' }],
    shippingOf: (name: string) => (name === 'home' ? { epoch: 4 } : undefined),
  }
  const records = { all: [{ name: 'home', home: 'a', epoch: 4, inSync: ['a'] }] }
  class Cut {
    readonly records = records
    readonly #isCutOff: boolean
    constructor(isCutOff: boolean) {
      this.#isCutOff = isCutOff
    }
    isCutOff(): boolean {
      return this.#isCutOff
    }
  }
  const at = (isCutOff: boolean) => homesHere(filesystems as never, new Cut(isCutOff) as never)
  assert.deepEqual(at(false), { homes: [of('home', 4)], known: [of('home', 4)] })
  assert.deepEqual(at(true), { homes: [], known: [of('home', 4)] })
})
