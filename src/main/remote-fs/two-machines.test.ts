import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ERRNO, type Ino, isErrno, ROOT_INO } from '#storage/fs'
import { CALLER, close, fastWorld, get, make, names, ok, put, testCloud, type TestMachine } from './testing/cloud.ts'

const OPEN = { truncate: false, killPrivileges: false }

test('what one machine has closed another one opens, whichever of them is the home', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'file')
  for (const [number, writer] of [a.vfs, b.vfs, cloud.home.vfs, a.vfs].entries()) {
    await put(writer, ino, `round ${number}`)
    for (const reader of [a.vfs, b.vfs, cloud.home.vfs]) {
      assert.equal((await ok(reader.lookup(ROOT_INO, 'file'))).ino, ino)
      assert.equal((await get(reader, ino)).toString(), `round ${number}`)
    }
  }
})

test('a large file is the same everywhere, also before and after it is sealed', async () => {
  await using cloud = await testCloud(16 * 1024)
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'file')
  const bytes = Buffer.from(Uint8Array.from({ length: 600_000 }, (_, index) => (index * 7919) >>> 3))
  await put(a.vfs, ino, bytes)
  assert.ok((await get(b.vfs, ino)).equals(bytes))
  await cloud.home.seal(ino)
  assert.ok((await get(b.vfs, ino)).equals(bytes))
  await put(b.vfs, ino, 'over', 70_000)
  bytes.write('over', 70_000)
  assert.ok((await get(a.vfs, ino)).equals(bytes))
  assert.ok((await get(cloud.home.vfs, ino)).equals(bytes))
})

test('names that come, move and go on one machine do so on the other', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  assert.equal(await b.vfs.lookup(ROOT_INO, 'x'), ERRNO.ENOENT)
  const { ino } = await make(a.vfs, 'x')
  assert.equal((await ok(b.vfs.lookup(ROOT_INO, 'x'))).ino, ino)
  const { ino: dir } = await make(b.vfs, 'dir', 'directory')
  await ok(a.vfs.rename({ parent: ROOT_INO, name: 'x' }, { parent: dir, name: 'y\xff' }, 'replace'))
  assert.deepEqual([await names(b.vfs), await names(b.vfs, dir)], [['dir'], ['y\xff']])
  await ok(b.vfs.link(ino, ROOT_INO, 'second'))
  assert.equal((await ok(a.vfs.attributes(ino))).nlink, 2)
  await ok(a.vfs.remove(dir, 'y\xff', 'file'))
  assert.equal((await ok(b.vfs.attributes(ino))).nlink, 1)
  await ok(cloud.home.vfs.remove(ROOT_INO, 'dir', 'directory'))
  assert.equal(await b.vfs.lookup(ROOT_INO, 'dir'), ERRNO.ENOENT)
  assert.deepEqual(await names(a.vfs), ['second'])
})

test('what a machine was told it answers from memory until another one changes it', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await ok(b.vfs.lookup(ROOT_INO, 'x'))
  assert.ok(!('then' in Object(b.vfs.lookup(ROOT_INO, 'x'))))
  assert.ok(!('then' in Object(b.vfs.attributes(ino))))
  await ok(a.vfs.setAttributes(ino, { mode: 0o600 }, CALLER))
  assert.deepEqual(b.told, [`${ino}`])
  assert.equal((await ok(b.vfs.attributes(ino))).mode, 0o600)
  assert.deepEqual(a.told, [], 'who changes is not told')
})

test('who has made a directory knows which names it does not have, until another machine makes one', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino: dir } = await make(a.vfs, 'dir', 'directory')
  await make(a.vfs, 'x', 'file', dir)
  assert.equal(a.vfs.lookup(dir, 'y'), ERRNO.ENOENT)
  const { ino } = await make(b.vfs, 'y', 'file', dir)
  assert.equal((await ok(a.vfs.lookup(dir, 'y'))).ino, ino)
  await ok(a.vfs.rename({ parent: dir, name: 'x' }, { parent: dir, name: 'z' }, 'replace'))
  assert.ok(!isErrno(await a.vfs.lookup(dir, 'z')))
  assert.equal(await a.vfs.lookup(dir, 'x'), ERRNO.ENOENT)
})

test('a file without extended attributes is known to have none, until it gets one', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  assert.equal(a.vfs.getXattr(ino, 'security.capability'), ERRNO.ENODATA)
  assert.deepEqual(a.vfs.listXattr(ino), [])
  await ok(b.vfs.setXattr(ino, 'user.a', Buffer.from('1'), 'set'))
  assert.equal(Buffer.from(await ok(a.vfs.getXattr(ino, 'user.a'))).toString(), '1')
  assert.deepEqual(await ok(a.vfs.listXattr(ino)), ['user.a'])
})

test('who asks for names of a directory one by one is told of many at once', async () => {
  await using cloud = await testCloud()
  const a = await cloud.machine('a')
  for (let i = 0; i < 600; i++) await make(cloud.home.vfs, `file-${i}`)
  let asked = 0
  for (let i = 0; i < 600; i++) {
    const found = a.vfs.lookup(ROOT_INO, `file-${i}`)
    if (!('then' in Object(found))) continue
    asked++
    await ok(found)
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  assert.ok(asked < 300, `${asked} of 600 names were asked for`)
})

test('who reads the small files of a directory one after another is told of many at once, and never of old bytes', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const inos: Ino[] = []
  for (let i = 0; i < 200; i++) {
    const { ino } = await make(cloud.home.vfs, `file-${String(i).padStart(3, '0')}`)
    await put(cloud.home.vfs, ino, `small ${i}`)
    inos.push(ino)
  }
  const readAll = async ({ vfs }: TestMachine, expected: (i: number) => string) => {
    let asked = 0
    for (const [i, ino] of inos.entries()) {
      const into = Buffer.alloc(30)
      const found = vfs.read(ino, 0, into)
      const isLater = 'then' in Object(found)
      const { bytes } = await ok(found)
      assert.equal(into.toString('utf8', 0, bytes), expected(i))
      if (!isLater) continue
      asked++
      await new Promise(resolve => setTimeout(resolve, 1))
    }
    return asked
  }
  const isFew = (asked: number) => assert.ok(asked > 0 && asked < 100, `${asked} of 200 files were asked for`)
  assert.equal((await names(a.vfs)).length, 200)
  isFew(await readAll(a, i => `small ${i}`))
  assert.equal(await readAll(a, i => `small ${i}`), 0)
  await put(b.vfs, inos[150] ?? ROOT_INO, 'other words')
  const other = (i: number) => (i === 150 ? 'other words' : `small ${i}`)
  assert.equal(await readAll(a, other), 1)
  for (const ino of inos) await cloud.home.seal(ino)
  await ok(b.vfs.make(ROOT_INO, 'told', { kind: 'file', mode: 0o644 }, CALLER)) // answered when a has heard of all before
  assert.equal(await readAll(a, other), 0)
  assert.ok(inos.every(ino => !('then' in Object(a.vfs.attributes(ino)))))
  for (const isElsewhere of [false, true]) {
    cloud.chunks.isElsewhere = isElsewhere
    const c = await cloud.machine(`c${isElsewhere}`)
    assert.equal((await names(c.vfs)).length, 201)
    cloud.chunks.reads = 0
    isFew(await readAll(c, other))
    assert.ok(isElsewhere ? cloud.chunks.reads > 190 : cloud.chunks.reads < 100, `${cloud.chunks.reads} reads`)
    await ok(b.vfs.setAttributes(inos[190] ?? ROOT_INO, { size: 3 }, CALLER))
    await ok(c.vfs.lookup(ROOT_INO, 'file-190'))
    assert.ok((await readAll(c, i => (i === 190 ? 'sma' : other(i)))) <= 1)
    await put(b.vfs, inos[190] ?? ROOT_INO, 'small 190')
  }
})

test('a kernel is told of a name it knows also after other names of the directory have changed', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  await make(a.vfs, 'c')
  const { ino: old } = await ok(b.vfs.lookup(ROOT_INO, 'c'))
  const { ino } = await make(a.vfs, 'c.tmp')
  b.told.length = 0
  await ok(a.vfs.rename({ parent: ROOT_INO, name: 'c.tmp' }, { parent: ROOT_INO, name: 'c' }, 'replace'))
  assert.ok(b.told.includes('c') && b.told.includes(`${old}`), b.told.join())
  assert.equal(await b.vfs.open(old, OPEN), ERRNO.ESTALE, 'so that the kernel looks the name up again')
  assert.equal((await ok(b.vfs.lookup(ROOT_INO, 'c'))).ino, ino)
})

test('a file that is unlinked on one machine stays for who has it open on another', async () => {
  await using cloud = await testCloud()
  const [a, b] = [await cloud.machine('a'), await cloud.machine('b')]
  const { ino } = await make(a.vfs, 'x')
  await put(a.vfs, ino, 'kept')
  await ok(b.vfs.open(ino, OPEN))
  await ok(a.vfs.remove(ROOT_INO, 'x', 'file'))
  a.vfs.forget(ino)
  await a.fs.sync()
  const into = Buffer.alloc(4)
  assert.equal((await ok(b.vfs.read(ino, 0, into))).bytes, 4)
  assert.equal(into.toString(), 'kept')
  assert.equal((await ok(cloud.home.quotas.whole())).inodesUsed, 1)
  await close(b.vfs, ino)
  await b.fs.sync()
  assert.equal((await ok(cloud.home.quotas.whole())).inodesUsed, 0)
  assert.equal(await b.vfs.open(ino, OPEN), ERRNO.ESTALE)
})

test('lines that three machines append at once are all there, each once and whole', async () => {
  await using cloud = await testCloud()
  const machines = [(await cloud.machine('a')).vfs, (await cloud.machine('b')).vfs, cloud.home.vfs]
  const { ino } = await make(cloud.home.vfs, 'log')
  const append = { append: true, killPrivileges: false }
  const wanted: string[] = []
  await Promise.all(
    machines.flatMap((vfs, number) =>
      Array.from({ length: 50 }, async (_, index) => {
        const line = `${number}-${index}-${'x'.repeat(index * 40)}\n`
        wanted.push(line.trim())
        await ok(vfs.write(ino, 0, Buffer.from(line), append))
      }),
    ),
  )
  const found = (await get(cloud.home.vfs, ino)).toString().trim().split('\n')
  assert.deepEqual(found.sort(), wanted.sort())
})

test('snapshots are shown on every machine, and come and go there as at the home', async () => {
  await using cloud = await testCloud()
  const { vfs, told } = await cloud.machine('a')
  const { ino } = await make(vfs, 'x')
  await put(vfs, ino, 'before')
  const { ino: snapshots } = await ok(vfs.lookup(ROOT_INO, '.snapshots'))
  assert.deepEqual(await names(vfs, snapshots), [])
  const signal = new AbortController().signal
  await cloud.home.snapshots.create('first', signal)
  await put(vfs, ino, 'behind')
  assert.ok(told.includes('first'), 'its kernel hears of the name')
  assert.deepEqual(await names(vfs, snapshots), ['first'])
  const { ino: first } = await ok(vfs.lookup(snapshots, 'first'))
  const { ino: kept } = await ok(vfs.lookup(first, 'x'))
  assert.equal((await get(vfs, kept)).toString(), 'before')
  assert.equal(await vfs.make(first, 'y', { kind: 'file', mode: 0o600 }, CALLER), ERRNO.EROFS)
  await cloud.home.snapshots.remove('first', signal)
  assert.equal(await vfs.lookup(snapshots, 'first'), ERRNO.ENOENT)
})

test('what lands while the home is asked where a file lies is read all the same', async () => {
  await using cloud = await testCloud()
  const { vfs } = await cloud.machine('a')
  const { ino } = await make(vfs, 'x')
  await put(vfs, ino, 'there')
  await ok(vfs.open(ino, OPEN))
  const text = Buffer.from('written here and not yet there')
  await ok(vfs.write(ino, 0, text, { append: false, killPrivileges: false }))
  const [asked, told] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  cloud.answers = async kind => {
    if (kind !== 'content') return
    asked.resolve()
    await told.promise
  }
  const into = Buffer.alloc(text.byteLength)
  const reading = vfs.read(ino, 0, into)
  await asked.promise
  await ok(vfs.flush(ino))
  told.resolve()
  assert.equal((await ok(reading)).bytes, text.byteLength)
  assert.deepEqual(into, text)
  await close(vfs, ino)
})

test('a file goes with the name that was removed although nobody was told so', async () => {
  const world = fastWorld()
  await using cloud = await testCloud(64 * 1024, world)
  const { vfs, fs } = await cloud.machine('a')
  const { ino } = await make(vfs, 'x')
  const told = Promise.withResolvers<void>()
  cloud.answers = async kind => (kind === 'remove' ? told.promise : undefined)
  assert.equal(await vfs.remove(ROOT_INO, 'x', 'file'), ERRNO.EIO)
  cloud.answers = async () => undefined
  told.resolve()
  vfs.forget(ino)
  await fs.sync()
  assert.equal((await ok(cloud.home.quotas.whole())).inodesUsed, 0)
})
