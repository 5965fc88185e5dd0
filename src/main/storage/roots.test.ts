import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { type Digest, digestOf } from '#base'
import { type NodeMap, subjectOf } from '#cluster'
import { machineWorld } from '#host'
import { type Client, duplexPair, openClient, serveConnection } from '#rpc'
import { isErrno, ROOT_INO } from '#storage/fs'
import { openTestDoor, type TestDoor } from '../testing/door.ts'
import { otherRoots, rootsHandlers } from './roots.ts'

const never = new AbortController().signal
const common = { clock: machineWorld.clock, software: 'test', log: { info: () => undefined, warn: () => undefined } }

async function write({ filesystems }: TestDoor, name: string): Promise<void> {
  const { vfs } = filesystems.get('home').filesystem
  const made = await vfs.make(ROOT_INO, name, { kind: 'file', mode: 0o600 }, { uid: 0, gid: 0, umask: 0 })
  assert.ok(!isErrno(made))
  const bytes = Buffer.alloc(2 ** 20, createHash('sha512').update(name).digest())
  assert.ok(!isErrno(await vfs.write(made.ino, 0, bytes, { append: false, killPrivileges: false })))
  await filesystems.get('home').filesystem.sync()
}

test('a home is asked for all it names only when that has changed, and answers much less than the names', async () => {
  await using door = await openTestDoor()
  await write(door, 'one')
  const [here, there] = duplexPair()
  const pool = { boot: 'b', onlyAt: () => assert.fail() }
  const handlers = rootsHandlers(() => door.filesystems, pool)
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
  const roots = otherRoots(machines)
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
