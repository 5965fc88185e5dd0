import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO, type Ino, isErrno, type Vfs } from '#storage/fs'
import { fastWorld, make, ok, testCloud } from './testing/cloud.ts'

const BLOCK = 4096
const BLOCKS_MAX = 32
const CHUNK = 2 ** 20
const SAFE = { append: false, killPrivileges: false }

/** A file that is open and has been written to, and is not synced; `taken` blocks of it. */
interface Filled {
  readonly vfs: Vfs
  readonly ino: Ino
  readonly taken: number
}

async function fill(vfs: Vfs, folder: Ino, name: string, blocks: number): Promise<Filled> {
  const { ino } = await make(vfs, name, 'file', folder)
  await ok(vfs.open(ino, { truncate: false, killPrivileges: false }))
  let taken = 0
  for (let at = 0; at < blocks; at += 1) {
    const answer = await vfs.write(ino, at * BLOCK, Buffer.alloc(BLOCK, `${name}${at}.`), SAFE)
    if (!isErrno(answer)) taken += 1
    else assert.equal(answer, ERRNO.EDQUOT)
  }
  return { vfs, ino, taken }
}

/** As fsync(2) and close(2) of each: nothing that was taken is lost. Answers how many blocks that was. */
async function keepAll(files: readonly Filled[]): Promise<number> {
  for (const { vfs, ino } of files) {
    assert.equal(await vfs.sync(ino, 'all'), undefined, 'what was taken is kept')
    vfs.release(ino)
  }
  return files.reduce((sum, { taken }) => sum + taken, 0)
}

async function cloudWithLimit(world?: Parameters<typeof testCloud>[1]) {
  const cloud = await testCloud(CHUNK, world)
  const { ino: folder } = await make(cloud.home.vfs, 'small', 'directory')
  await ok(cloud.home.quotas.set(folder, { bytesMax: BLOCKS_MAX * BLOCK, inodesMax: undefined }))
  const used = async () => (await ok(cloud.home.quotas.list()))[0]?.bytesUsed
  return { cloud, folder, used }
}

test('machines that write at the same time keep a limit together, and use all of it', async () => {
  const { cloud, folder, used } = await cloudWithLimit()
  await using _ = cloud
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const files = [
    await fill(a.vfs, folder, 'a', 12),
    await fill(b.vfs, folder, 'b', 12),
    await fill(cloud.home.vfs, folder, 'home', 4),
    await fill(a.vfs, folder, 'a more', 12),
    await fill(b.vfs, folder, 'b more', 12),
  ]
  assert.deepEqual(
    files.map(({ taken }) => taken),
    [12, 12, 4, 4, 0],
  )
  assert.equal(await keepAll(files), BLOCKS_MAX)
  assert.equal(await used(), BLOCKS_MAX * BLOCK)
})

test('machines race for the room that is left', async () => {
  const { cloud, folder, used } = await cloudWithLimit()
  await using _ = cloud
  const machines = [await cloud.machine('a'), await cloud.machine('b'), await cloud.machine('c')]
  const files = await Promise.all(machines.map(({ vfs }, index) => fill(vfs, folder, `${index}`, BLOCKS_MAX)))
  assert.equal(await keepAll(files), BLOCKS_MAX)
  assert.equal(await used(), BLOCKS_MAX * BLOCK)
})

test('room that a machine does not need is there for the others', async () => {
  const { cloud, folder } = await cloudWithLimit()
  await using _ = cloud
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const one = await fill(a.vfs, folder, 'a', 1)
  const rest = await fill(b.vfs, folder, 'b', BLOCKS_MAX - 1)
  assert.equal(await keepAll([one, rest]), BLOCKS_MAX)
  await ok(a.vfs.remove(folder, 'a', 'file'))
  a.vfs.forget(one.ino)
  await a.fs.sync()
  assert.equal((await fill(cloud.home.vfs, folder, 'again', 2)).taken, 1)
})

test('what programs append on other machines keeps the limit', async () => {
  const { cloud, folder, used } = await cloudWithLimit()
  await using _ = cloud
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'log', 'file', folder)
  const filled = await fill(b.vfs, folder, 'b', BLOCKS_MAX - 2)
  const answers: unknown[] = []
  for (let time = 0; time < 4; time += 1) {
    answers.push(await a.vfs.write(ino, 0, Buffer.alloc(BLOCK, 'a'), { ...SAFE, append: true }))
  }
  assert.deepEqual(answers, [undefined, undefined, ERRNO.EDQUOT, ERRNO.EDQUOT])
  await keepAll([filled])
  assert.equal(await used(), BLOCKS_MAX * BLOCK)
})

test('what was taken before the home or the machine began anew is kept', async () => {
  const { cloud, folder, used } = await cloudWithLimit(fastWorld(5))
  await using _ = cloud
  const a = await cloud.machine('a')
  const files = [await fill(a.vfs, folder, 'x', 20)]
  await cloud.restartHome()
  files.push(await fill(a.vfs, folder, 'y', 20))
  await a.killAndReopen()
  for (const { ino } of files) await ok(a.vfs.open(ino, { truncate: false, killPrivileges: false }))
  assert.equal(await keepAll(files.map(file => ({ ...file, vfs: a.vfs }))), BLOCKS_MAX)
  assert.equal(await used(), BLOCKS_MAX * BLOCK)
})

test('a limit that is set anew holds for who has written before', async () => {
  const { cloud, folder, used } = await cloudWithLimit()
  await using _ = cloud
  const a = await cloud.machine('a')
  const first = await fill(a.vfs, folder, 'a', 4)
  await ok(cloud.home.quotas.set(folder, { bytesMax: 8 * BLOCK, inodesMax: undefined }))
  const second = await fill(a.vfs, folder, 'b', BLOCKS_MAX)
  assert.equal(await keepAll([first, second]), 8)
  assert.equal(await used(), 8 * BLOCK)
})

test('files of all machines are counted when they are made', async () => {
  await using cloud = await testCloud(CHUNK)
  const { ino: folder } = await make(cloud.home.vfs, 'few', 'directory')
  await ok(cloud.home.quotas.set(folder, { bytesMax: undefined, inodesMax: 9 }))
  const machines = [await cloud.machine('a'), await cloud.machine('b'), cloud.home]
  const node = { kind: 'file', mode: 0o644 } as const
  const made = await Promise.all(
    machines.flatMap(({ vfs }, index) =>
      Array.from({ length: 8 }, async (_, file) =>
        vfs.make(folder, `${index}.${file}`, node, { uid: 1000, gid: 1000, umask: 0 }),
      ),
    ),
  )
  assert.equal(made.filter(answer => !isErrno(answer)).length, 8)
  assert.equal(made.filter(answer => answer === ERRNO.EDQUOT).length, 16)
})

test('the kernel of the home hears of a change that had to wait for room', async () => {
  const { cloud, folder } = await cloudWithLimit()
  await using _ = cloud
  cloud.isMounted = true
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'log', 'file', folder)
  const filled = await fill(b.vfs, folder, 'b', 2)
  const told = new Set<Ino>()
  cloud.home.vfs.onInvalidation(change => change.kind === 'inode' && told.add(change.ino))
  for (let block = 0; block < BLOCKS_MAX - 2; block += 1) {
    told.clear()
    assert.equal(await a.vfs.write(ino, 0, Buffer.alloc(BLOCK, 'a'), { ...SAFE, append: true }), undefined)
    assert.ok(told.has(ino), `block ${block}`)
  }
  await keepAll([filled])
})
