import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { machineWorld } from '#host'
import { ERRNO, openRemoteFilesystem, ROOT_INO } from '#storage/fs'
import { get, make, ok, put, testCloud } from './testing/cloud.ts'
import { directTransport } from './testing/direct.ts'

const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
const OPEN = { truncate: false, killPrivileges: false }
const PLAIN = { append: false, killPrivileges: false }
/** How long a way to the home is cut. */
const CUT_MS = 50
/** Within which a process that is stopped has ended. */
const ABANDONED_MS = 20

test('what a killed process had staged and the next one drops is no success of fsync', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  const { ino } = await make(a.vfs, 'file')
  await put(a.vfs, ino, 'first')
  await a.fs.sync()
  // A mount that outlives the process: the file stays open.
  await ok(a.vfs.open(ino, OPEN))
  await ok(a.vfs.write(ino, 0, Buffer.from('dirty'), PLAIN))
  a.way.isCut = true
  a.way.break()
  // The session is over before the next process is there: its lease, or the home's machine has been started anew.
  await cloud.cutPower()
  const again = a.killAndReopen()
  void setTimeout(CUT_MS).then(() => Object.assign(a.way, { isCut: false }))
  await again
  const synced = await a.vfs.sync(ino, 'all')
  const there = (await get(cloud.home.vfs, ino)).toString()
  await a.fs.sync().catch(() => undefined)
  assert.ok(synced === ERRNO.EIO || there === 'dirty', `fsync answered ${synced ?? 0}, and the file says '${there}'`)
})

test('what a killed process had staged is not laid over what others wrote once its session is over', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(b.vfs, 'file')
  await put(b.vfs, ino, 'first')
  await b.fs.sync()
  await ok(a.vfs.lookup(ROOT_INO, 'file'))
  await ok(a.vfs.open(ino, OPEN))
  await ok(a.vfs.write(ino, 0, Buffer.from('stale'), PLAIN))
  let isArmed = true
  cloud.asked = async kind => {
    if (kind !== 'attributes' || !isArmed) return
    isArmed = false
    // The session was resumed a moment before; now it ends, and another machine writes.
    await cloud.cutPower()
    await b.fs.sync().catch(() => undefined) // b has another session, too
    await put(b.vfs, ino, 'newer')
    await b.fs.sync()
  }
  await a.killAndReopen()
  assert.equal(isArmed, false)
  await ok(b.vfs.lookup(ROOT_INO, 'file'))
  assert.equal((await get(b.vfs, ino)).toString(), 'newer')
})

test('another process of a machine knows what its session was answered: what the next home lacks is said', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  const { ino } = await make(a.vfs, 'file')
  await a.fs.sync()
  await ok(a.vfs.open(ino, OPEN))
  await put(a.vfs, ino, 'answered')
  // Nothing leads to the home any more; another one, whose log ends before that, begins, and so does another process here.
  a.way.isCut = true
  a.way.break()
  await cloud.moveHome(cloud.revision)
  const again = a.killAndReopen()
  void setTimeout(CUT_MS).then(() => Object.assign(a.way, { isCut: false }))
  await again
  const synced = await a.vfs.sync(ino, 'all')
  await a.fs.sync().catch(() => undefined)
  assert.equal(synced, ERRNO.EIO)
})

test('a process that is stopped while it opens leaves the session, and what is staged, to the next', async () => {
  await using cloud = await testCloud()
  const folder = mkdtempSync(join(tmpdir(), 'cairn-stopped-'))
  using cleaning = new DisposableStack()
  cleaning.defer(() => rmSync(folder, { recursive: true }))
  let asked = async (_kind: string): Promise<void> => undefined
  const transport = directTransport(
    () => cloud.home.sessions,
    'a',
    kind => asked(kind),
  )
  const common = { world, folder, name: 'home', transport, chunks: cloud.chunks, bootId: 'bb', isMounted: true }
  const open = (signal: AbortSignal) => openRemoteFilesystem({ ...common, signal })
  const never = new AbortController().signal
  const { ino } = await make(cloud.home.vfs, 'file')
  await put(cloud.home.vfs, ino, 'first')
  const first = await open(never)
  await ok(first.vfs.lookup(ROOT_INO, 'file'))
  await ok(first.vfs.open(ino, OPEN))
  await ok(first.vfs.write(ino, 0, Buffer.from('dirty'), PLAIN))
  await first.abandon()
  const stop = new AbortController()
  asked = async kind => {
    if (kind !== 'attributes') return
    stop.abort()
    await setTimeout(ABANDONED_MS)
    throw stop.signal.reason
  }
  // Stopped, as by an upgrade, while it opens.
  await assert.rejects(open(stop.signal))
  asked = async () => undefined
  await using third = await open(never)
  const synced = await third.vfs.sync(ino, 'all')
  assert.deepEqual([synced, (await get(cloud.home.vfs, ino)).toString()], [undefined, 'dirty'])
})
