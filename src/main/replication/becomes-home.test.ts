import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { machineWorld } from '#host'
import { type LocalKeyspace, openMemoryKeyspace, revisionOf } from '#keyspace'
import {
  ERRNO,
  type Filesystem,
  type HomeSince,
  LOCK_END,
  type LockRequest,
  openFilesystem,
  openRemoteFilesystem,
  type RemoteFilesystem,
  ROOT_INO,
} from '#storage/fs'
import { MemoryChunkSource } from '../remote-fs/testing/chunks.ts'
import { CALLER, get, make, ok, put } from '../remote-fs/testing/cloud.ts'
import { directTransport } from '../remote-fs/testing/direct.ts'
import { becomeHome } from './standbys.ts'

const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
const OPEN = { truncate: false, killPrivileges: false }
const PLAIN = { append: false, killPrivileges: false }
const LOCK: LockRequest = { way: 'range', type: 'exclusive', from: 0, to: LOCK_END, owner: 'p', handle: 1, pid: 42 }
const DIRECTORY = { kind: 'directory', mode: 0o777 } as const

/** A log as another machine has it that was sent all that is in it now. */
function asShipped(keyspace: LocalKeyspace): LocalKeyspace {
  const copy = openMemoryKeyspace({ world, history: { ms: 0, revisions: 0 } })
  const { entries } = keyspace.rangeNow({ keys: { kind: 'prefix', prefix: '' } })
  copy.commit({ then: entries.map(({ key, value }) => ({ kind: 'put', key, value })) })
  const pad = { kind: 'put', key: '\0pad', value: new Uint8Array(1) } as const
  while (copy.revision < keyspace.revision) copy.commit({ then: [pad] })
  return copy
}

/** A filesystem whose home is on machine a, used by b from elsewhere, with mounts that outlive processes. */
class Scene implements AsyncDisposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'cairn-becomes-home-'))
  readonly #chunks = new MemoryChunkSource()
  readonly #open = new Set<{ abandon(): Promise<void> }>()
  readonly log = openMemoryKeyspace({ world, history: { ms: 0, revisions: 0 } })
  home!: Filesystem
  b!: RemoteFilesystem

  static async open(): Promise<Scene> {
    const scene = new Scene()
    scene.home = await scene.#openHome(scene.log, 'a/fs/home')
    scene.b = await scene.use('b')
    return scene
  }

  /** A machine that uses it; what it keeps is in MACHINE/remote/home. */
  async use(machine: string): Promise<RemoteFilesystem> {
    const transport = directTransport(() => this.home.sessions, machine)
    const folder = `${this.#folder}/${machine}/remote/home`
    const common = { world, folder, name: 'home', transport, chunks: this.#chunks, bootId: `${machine}${machine}` }
    const used = await openRemoteFilesystem({ ...common, isMounted: true, signal: new AbortController().signal })
    this.#open.add(used)
    return used
  }

  /** Machine a is gone, and b, which has this log, becomes the home: another storage process of it begins. */
  async promote(log: LocalKeyspace): Promise<Filesystem> {
    await this.b.abandon()
    this.#open.delete(this.b)
    mkdirSync(`${this.#folder}/b/standby/home/keyspace`, { recursive: true })
    await becomeHome(world, `${this.#folder}/b`, 'home')
    this.home = await this.#openHome(log, 'b/fs/home', { first: revisionOf(log.revision + 1), own: 'b' })
    return this.home
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open) await each.abandon()
    rmSync(this.#folder, { recursive: true })
  }

  async #openHome(keyspace: LocalKeyspace, folder: string, since?: HomeSince): Promise<Filesystem> {
    const first = { epoch: 1, boot: '0', first: revisionOf(1) }
    const home = await openFilesystem({
      world,
      folder: `${this.#folder}/${folder}`,
      name: 'home',
      keyspace,
      chunks: this.#chunks,
      bootId: folder.slice(0, 1).repeat(2),
      isMounted: true,
      since,
      epochs: since === undefined ? [first] : [first, { epoch: 2, boot: '1', first: since.first }],
      owner: { uid: CALLER.uid, gid: CALLER.gid },
      chunkBytes: 64 * 1024,
    })
    this.#open.add(home)
    return home
  }
}

test('no fsync says on the next home that what was lost with the one before is durable', async () => {
  await using at = await Scene.open()
  const { ino } = await make(at.b.vfs, 'file')
  await put(at.b.vfs, ino, 'before')
  await at.b.sync()
  const log = asShipped(at.log)
  await ok(at.b.vfs.open(ino, OPEN))
  await ok(at.b.vfs.write(ino, 0, Buffer.from('after!'), PLAIN))
  await ok(at.b.vfs.flush(ino))
  const home = await at.promote(log)
  assert.equal((await get(home.vfs, ino)).toString(), 'before')
  assert.equal(await home.vfs.sync(ino, 'all'), ERRNO.EIO)
  assert.equal(await home.vfs.sync(ino, 'all'), undefined, 'it is said once')
})

test('what the next home has of its own programs is durable there as everywhere', async () => {
  await using at = await Scene.open()
  const { ino } = await make(at.b.vfs, 'file')
  await put(at.b.vfs, ino, 'answered')
  await at.b.vfs.flush(ino)
  await ok(at.b.vfs.attributes(ino))
  const home = await at.promote(asShipped(at.log))
  assert.equal(await home.vfs.sync(ino, 'all'), undefined)
  assert.equal((await get(home.vfs, ino)).toString(), 'answered')
})

test('what programs had locked they have locked on the next home', async () => {
  await using at = await Scene.open()
  const c = await at.use('c')
  const { ino } = await make(at.b.vfs, 'file')
  await at.b.sync()
  await ok(at.b.vfs.open(ino, OPEN))
  await ok(at.b.vfs.setLock(ino, LOCK))
  await ok(c.vfs.lookup(ROOT_INO, 'file'))
  await ok(c.vfs.open(ino, OPEN))
  assert.equal(await c.vfs.setLock(ino, LOCK), ERRNO.EAGAIN)
  await at.promote(asShipped(at.log))
  assert.equal(await c.vfs.setLock(ino, LOCK), ERRNO.EAGAIN)
})

test('what a kernel asks again on the next home, which has done it, is not done twice', async () => {
  await using at = await Scene.open()
  at.b.vfs.request(7, false, CALLER)
  const made = await ok(at.b.vfs.make(ROOT_INO, 'dir', DIRECTORY, CALLER))
  const home = await at.promote(asShipped(at.log))
  home.vfs.request(7, true, CALLER)
  assert.equal((await ok(home.vfs.make(ROOT_INO, 'dir', DIRECTORY, CALLER))).ino, made.ino)
})

test('what the kernel of the home before has asked last is not taken for what the kernel here asks again', async () => {
  await using at = await Scene.open()
  at.home.vfs.request(9, false, CALLER)
  await ok(at.home.vfs.make(ROOT_INO, 'x', DIRECTORY, CALLER))
  const home = await at.promote(asShipped(at.log))
  home.vfs.request(9, true, CALLER)
  await ok(home.vfs.make(ROOT_INO, 'y', DIRECTORY, CALLER))
  await ok(home.vfs.lookup(ROOT_INO, 'y'))
})
