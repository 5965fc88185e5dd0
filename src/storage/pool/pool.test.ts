import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { type Digest, digestOf, isFault } from '#base'
import { copiesOf, read, rot, TestCloud, type TestMachine } from './testing.ts'

const never = new AbortController().signal

async function putAll(
  cloud: TestCloud,
  machine: TestMachine,
  count: number,
  bytes = 20_000,
): Promise<Map<Digest, Buffer>> {
  const chunks = new Map<Digest, Buffer>()
  for (let i = 0; i < count; i++) {
    const content = randomBytes(bytes)
    chunks.set(await cloud.clock.run(machine.pool.put(content)), content)
  }
  return chunks
}

async function missing(cloud: TestCloud, digest: Digest, ...names: string[]): Promise<string> {
  const copies = await copiesOf(cloud, digest)
  return names.filter(name => !copies.includes(name)).join()
}

async function isSettled(cloud: TestCloud, machine: TestMachine): Promise<boolean> {
  const { isSafe, misplacedChunks } = await cloud.clock.run(machine.pool.status(never))
  return isSafe && misplacedChunks === 0
}

test('a machine alone keeps all it gets, and needs nobody', async () => {
  await using cloud = await TestCloud.of('a')
  const a = cloud.machine('a')
  const chunks = await putAll(cloud, a, 3)
  await cloud.clock.run(a.pool.sync())
  for (const [digest, content] of chunks) assert.deepEqual(await read(cloud, a, digest, content.length), content)
  const { sentence } = await cloud.clock.run(a.pool.status(never))
  assert.equal(sentence, 'All data is on this machine alone.')
})

test('what was synced is on two of three machines, and every machine reads it', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const chunks = await putAll(cloud, a, 12)
  const [large] = [randomBytes(3_000_000)]
  chunks.set(await cloud.clock.run(a.pool.put(large)), large)
  await cloud.clock.run(a.pool.sync())
  for (const digest of chunks.keys()) assert.ok((await copiesOf(cloud, digest)).length >= 2)
  await cloud.until(() => isSettled(cloud, a))
  for (const [digest, content] of chunks) {
    const view = a.pool.view()
    assert.deepEqual(await copiesOf(cloud, digest), [...view.wanted(view.groupOf(digest))].sort())
    for (const machine of cloud.machines.values()) {
      assert.deepEqual(await read(cloud, machine, digest, content.length), content)
    }
  }
  const { sentence, machines } = await cloud.clock.run(a.pool.status(never))
  assert.equal(sentence, 'All data is safe: everything has its 2 copies.')
  assert.ok(machines.every(each => each.isSafeToUnplug))
})

test('a silent holder is replaced by the next, and gets its copies when it is back', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  cloud.gate('a', 'b', true)
  const chunks = await putAll(cloud, a, 10)
  const startMs = cloud.clock.monotonicMs()
  await cloud.clock.run(a.pool.sync())
  assert.ok(cloud.clock.monotonicMs() - startMs < 6_000)
  for (const digest of chunks.keys()) assert.equal(await missing(cloud, digest, 'a', 'c'), '')
  cloud.gate('a', 'b', false)
  await cloud.until(() => isSettled(cloud, a))
  for (const digest of chunks.keys()) {
    const view = a.pool.view()
    assert.deepEqual(await copiesOf(cloud, digest), [...view.wanted(view.groupOf(digest))].sort())
  }
})

test('with too few machines a sync fails after 30 s, and the next one tries again', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  for (const name of ['b', 'c']) await cloud.stop(name)
  cloud.tell({ b: 'Offline', c: 'Offline' })
  const chunks = await putAll(cloud, a, 1)
  const startMs = cloud.clock.monotonicMs()
  await assert.rejects(cloud.clock.run(a.pool.sync()), error => isFault(error, 'NoCopies'))
  assert.ok(cloud.clock.monotonicMs() - startMs >= 30_000)
  await cloud.join('c')
  await cloud.clock.run(a.pool.sync())
  for (const digest of chunks.keys()) assert.deepEqual(await copiesOf(cloud, digest), ['a', 'c'])
})

test('of two machines one goes on alone once the other is known to be gone', async () => {
  await using cloud = await TestCloud.of('a', 'b')
  const a = cloud.machine('a')
  cloud.gate('a', 'b', true)
  await putAll(cloud, a, 2)
  const synced = a.pool.sync()
  const startMs = cloud.clock.monotonicMs()
  void cloud.clock.sleep(6_000, never).then(() => cloud.tell({ b: 'Suspect' }))
  await cloud.clock.run(synced)
  assert.ok(cloud.clock.monotonicMs() - startMs >= 6_000)
})

test('wrong bytes are not served, and the copy that is wrong is put right', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const chunks = await putAll(cloud, a, 40)
  await cloud.clock.run(a.pool.sync())
  await cloud.until(() => isSettled(cloud, a))
  const [digest, content] = [...chunks].find(([each]) => !a.pool.view().isWanted('a', a.pool.view().groupOf(each)))!
  const [first] = a.pool.view().wanted(a.pool.view().groupOf(digest))
  await a.store.drop([digest])
  rot(cloud.machine(first!), content)
  assert.deepEqual(await read(cloud, a, digest, content.length), content)
  await cloud.until(async () => await cloud.machine(first!).store.has(digest))
  assert.deepEqual(await read(cloud, cloud.machine(first!), digest, content.length), content)
})

test('damage that no other machine can put right is told as damage', async () => {
  await using cloud = await TestCloud.of('a', 'b')
  const a = cloud.machine('a')
  const [[digest, content] = []] = await putAll(cloud, a, 1)
  await cloud.clock.run(a.pool.sync())
  await cloud.stop('b')
  rot(a, content!)
  await assert.rejects(read(cloud, a, digest!, content!.length), error => isFault(error, 'ChunkDamaged'))
})

test('what a log names and another machine has is not lost, and has all its copies by the next sync', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const chunks = await putAll(cloud, cloud.machine('b'), 20)
  await cloud.clock.run(cloud.machine('b').pool.sync())
  await cloud.until(() => isSettled(cloud, a))
  const digest = [...chunks.keys()].find(each => !a.pool.view().isWanted('a', a.pool.view().groupOf(each)))!
  await cloud.stop('b')
  assert.deepEqual(await copiesOf(cloud, digest), ['c'])
  assert.equal((await read(cloud, a, digest, 0)).byteLength, 0)
  cloud.tell({ b: 'Offline' })
  await cloud.clock.run(a.pool.sync())
  assert.deepEqual(await copiesOf(cloud, digest), ['a', 'c'])
})

test('what no machine has is lost when fewer are silent than must have had it, else nobody can say', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const digest = digestOf(createHash('sha256').update('nobody has it').digest())
  const refused = async (code: string): Promise<number> => {
    const startMs = cloud.clock.monotonicMs()
    await assert.rejects(read(cloud, a, digest, 0), error => isFault(error, code))
    return cloud.clock.monotonicMs() - startMs
  }
  await cloud.stop('b')
  assert.ok((await refused('ChunkMissing')) < 2_000)
  await cloud.stop('c')
  cloud.tell({ b: 'Offline', c: 'Offline' })
  assert.ok((await refused('ChunkUnreachable')) >= 10_000)
  assert.ok((await refused('ChunkUnreachable')) < 2_000)
})

test('a wiped machine gets all its copies again, also when nobody has missed it', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const chunks = await putAll(cloud, a, 20)
  await cloud.clock.run(a.pool.sync())
  await cloud.stop('b')
  cloud.wipe('b')
  await cloud.start('b')
  await cloud.until(() => isSettled(cloud, a), 60_000)
  for (const digest of chunks.keys()) assert.equal((await copiesOf(cloud, digest)).length, 2)
})

test('after ten minutes Offline the copies of a machine are made elsewhere', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const chunks = await putAll(cloud, a, 20)
  await cloud.clock.run(a.pool.sync())
  await cloud.until(() => isSettled(cloud, a))
  await cloud.stop('b')
  cloud.tell({ b: 'Offline' })
  await cloud.clock.pass(300_000)
  const before = await cloud.clock.run(a.pool.status(never))
  assert.match(before.sentence, /b away/)
  assert.ok(before.machines.some(({ groupsAlone }) => groupsAlone.length > 0))
  await cloud.clock.pass(310_000)
  await cloud.until(() => isSettled(cloud, a))
  for (const digest of chunks.keys()) assert.deepEqual(await copiesOf(cloud, digest), ['a', 'c'])
})

test('while a machine is away, what is written does not have all that waits for it compared each time', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  await putAll(cloud, a, 60)
  await cloud.clock.run(a.pool.sync())
  await cloud.until(() => isSettled(cloud, a))
  await cloud.stop('b')
  cloud.tell({ b: 'Offline' })
  await cloud.clock.pass(20_000)
  let lists = 0
  for (const { store } of [a, cloud.machine('c')]) {
    const list = store.list.bind(store)
    store.list = (...words) => {
      lists++
      return list(...words)
    }
  }
  for (let i = 0; i < 40; i++) {
    await putAll(cloud, a, 1)
    await cloud.clock.run(a.pool.sync())
    await cloud.clock.pass(500)
  }
  assert.ok(lists < 200, `${lists} times a group was listed`)
})

test('what was compared is compared again without being listed, but for what has changed', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const [a, b] = [cloud.machine('a'), cloud.machine('b')]
  const chunks = await putAll(cloud, a, 60)
  await cloud.clock.run(a.pool.sync())
  const compared = async () => {
    for (const { pool } of cloud.machines.values()) pool.compare()
    await cloud.clock.pass(2_000)
    await cloud.until(() => isSettled(cloud, a))
  }
  await compared()
  let listed = 0
  for (const { store } of cloud.machines.values()) {
    const list = store.list.bind(store)
    store.list = (...words) => {
      listed++
      return list(...words)
    }
  }
  await compared()
  assert.equal(listed, 0)
  await putAll(cloud, a, 1)
  await cloud.clock.run(a.pool.sync())
  await compared()
  assert.ok(listed > 0 && listed < 20, `${listed} times a group was listed`)
  const [digest] = [...chunks.keys()]
  assert(digest !== undefined)
  const holders = await copiesOf(cloud, digest)
  for (const name of holders.slice(1)) await cloud.machine(name).store.delete([digest])
  await compared()
  assert.deepEqual(await copiesOf(cloud, digest), holders)
  assert.ok(b.pool.report().missing.length === 0 && listed < 60, `${listed} times a group was listed`)
})

test('a machine that begins anew while it is compared is compared once more', async () => {
  await using cloud = await TestCloud.of('a', 'b')
  const a = cloud.machine('a')
  const chunks = await putAll(cloud, a, 20)
  await cloud.clock.run(a.pool.sync())
  await cloud.until(() => isSettled(cloud, a))
  const versionOf = a.store.groupVersion.bind(a.store)
  let isTold = false
  // In the middle of the next comparison b says that it has begun; its disk is empty by then.
  a.store.groupVersion = (group, groups) => {
    if (!isTold && group === 4000) {
      isTold = true
      void cloud.machine('b').store.delete([...chunks.keys()])
      a.pool.heard('b', 'another boot')
    }
    return versionOf(group, groups)
  }
  cloud.tell()
  await cloud.until(() => isTold)
  await cloud.until(async () => (await cloud.machine('b').held([...chunks.keys()])) === 20, 120_000)
})

test('a machine that drains may be unplugged when all it has is elsewhere, and not before', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const chunks = await putAll(cloud, a, 20)
  await cloud.clock.run(a.pool.sync())
  await cloud.until(() => isSettled(cloud, a))
  cloud.tell({ b: 'Draining' })
  const safety = async () => {
    const { machines } = await cloud.clock.run(a.pool.status(never))
    return machines.find(({ name }) => name === 'b')?.isSafeToUnplug === true
  }
  assert.equal(await safety(), false)
  await cloud.until(safety)
  assert.equal(cloud.machine('b').store.stat().states.held.chunks, 0)
  for (const digest of chunks.keys()) {
    assert.deepEqual(
      (await copiesOf(cloud, digest)).filter(name => name !== 'b'),
      ['a', 'c'],
    )
  }
})

test('a machine that joins gets its share, and what is too much elsewhere no longer counts as a copy', async () => {
  await using cloud = await TestCloud.of('a', 'b')
  const a = cloud.machine('a')
  const chunks = await putAll(cloud, a, 40)
  await cloud.clock.run(a.pool.sync())
  const c = await cloud.join('c')
  await cloud.until(() => isSettled(cloud, a))
  await cloud.until(async () => (await cloud.clock.run(a.pool.status(never))).misplacedChunks === 0)
  const held = await c.held([...chunks.keys()])
  assert.ok(held > 10 && held < 40, `${held}`)
  for (const digest of chunks.keys()) assert.equal((await copiesOf(cloud, digest)).length, 2)
})

test('nobody but machines of the map is answered', async () => {
  await using cloud = await TestCloud.of('a', 'b')
  const [a, b] = [cloud.machine('a'), cloud.machine('b')]
  a.map = { ...a.map, machines: a.map.machines.filter(({ name }) => name !== 'b') }
  a.hear(a.map)
  const { chunkSync } = await import('./methods.ts')
  const asked = b.client('a')!.call(chunkSync, { pool: 'default' }, never)
  await assert.rejects(cloud.clock.run(asked), error => isFault(error, 'NotAMachine'))
})

test('what a machine has alone is told, and who could not be asked', async () => {
  await using cloud = await TestCloud.of('a')
  const a = cloud.machine('a')
  const digests = [...(await putAll(cloud, a, 6)).keys()]
  await cloud.clock.run(a.pool.sync())
  await cloud.join('b')
  const [c] = [await cloud.join('c')]
  const onlyAt = async (machine: string) => await cloud.clock.run(c.pool.onlyAt(machine, digests, never))
  await cloud.until(async () => (await onlyAt('a')).digests.length === 0)
  assert.deepEqual(await onlyAt('b'), { digests: [], silent: [] })
  await cloud.until(() => isSettled(cloud, a))
  await cloud.stop('b')
  cloud.tell({ b: 'Offline' })
  const held = (await Promise.all(digests.map(digest => copiesOf(cloud, digest)))).filter(names => names.join() === 'a')
  assert.deepEqual((await onlyAt('a')).silent, ['b'])
  assert.equal((await onlyAt('a')).digests.length, held.length)
  assert.equal((await onlyAt('b')).digests.length, 0)
})

test('a pool that is changed while it is used follows: copies are made, moved, and only then given up', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const chunks = await putAll(cloud, a, 8)
  await cloud.clock.run(a.pool.sync())
  await cloud.until(() => isSettled(cloud, a))
  const changes = [
    { replicas: 3 },
    { replicas: 1, minReplicas: 1 },
    { policy: 'roundRobin', replicas: 2 },
    { policy: 'all', replicas: undefined },
    { policy: 'weighted', replicas: 2, minReplicas: 2 },
  ] as const
  for (const change of changes) {
    cloud.tell({}, change)
    const isLost = async (digest: Digest) => (await copiesOf(cloud, digest)).length === 0
    await cloud.until(async () => {
      for (const digest of chunks.keys()) assert.ok(!(await isLost(digest)), `lost by ${JSON.stringify(change)}`)
      return await isSettled(cloud, a)
    })
    const view = a.pool.view()
    for (const digest of chunks.keys()) {
      const wanted = [...view.wanted(view.groupOf(digest))].sort()
      assert.deepEqual(await copiesOf(cloud, digest), wanted, JSON.stringify(change))
      assert.equal(wanted.length, change.replicas ?? 3)
    }
  }
  cloud.gate('a', 'b', true)
  cloud.gate('a', 'c', true)
  cloud.tell({ b: 'Offline', c: 'Offline' })
  await cloud.clock.run(a.pool.put(randomBytes(1000)))
  await assert.rejects(cloud.clock.run(a.pool.sync()), error => isFault(error, 'NoCopies'))
  // Who needs fewer copies now says so, and the writer goes on.
  cloud.tell({}, { replicas: 1, minReplicas: 1 })
  await cloud.clock.run(a.pool.sync())
})

test('a machine that goes down waits a moment for copies, not half a minute, and says why it does', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  cloud.gate('a', 'b', true)
  cloud.gate('a', 'c', true)
  cloud.tell({ b: 'Offline', c: 'Offline' })
  assert.match(a.pool.shortfall ?? '', /^2 copies are needed and 1 machine that keeps them is Online/)
  assert.match((await cloud.clock.run(a.pool.status(never))).sentence, /Nothing new is acknowledged \(EIO\): 2 copies/)
  await cloud.clock.run(a.pool.put(randomBytes(1000)))
  const startMs = cloud.clock.monotonicMs()
  const synced = a.pool.sync()
  a.pool.hurry()
  await assert.rejects(cloud.clock.run(synced), error => isFault(error, 'NoCopies'))
  await assert.rejects(cloud.clock.run(a.pool.sync()), error => isFault(error, 'NoCopies'))
  assert.ok(cloud.clock.monotonicMs() - startMs <= 5_000)
  assert.ok(cloud.lines.some(line => line.startsWith('2 copies are needed')))
})

test('the room of a pool is that of all machines, with as many copies as it wants', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  const rooms = { a: [100, 10], b: [300, 200], c: [500, 300] } as const
  for (const [name, [totalBytes, freeBytes]] of Object.entries(rooms)) {
    Object.assign(cloud.machine(name).store, { space: () => ({ totalBytes, freeBytes }) })
  }
  a.pool.space() // the others are asked
  await cloud.clock.pass(1000)
  assert.deepEqual(a.pool.space(), { totalBytes: 400, freeBytes: 210 })
  cloud.tell({}, { replicas: 1 })
  assert.deepEqual(a.pool.space(), { totalBytes: 900, freeBytes: 510 })
  cloud.tell({}, { replicas: 3 })
  assert.deepEqual(a.pool.space(), { totalBytes: 100, freeBytes: 10 })
})

test('a machine does not say that all is where it belongs while it looks at what is not', async () => {
  await using cloud = await TestCloud.of('a', 'b', 'c')
  const a = cloud.machine('a')
  await cloud.until(() => isSettled(cloud, a))
  const isElsewhere = (digest: Digest) => !a.pool.view().isWanted('a', a.pool.view().groupOf(digest))
  let digest = await a.store.put(randomBytes(100))
  while (!isElsewhere(digest)) digest = await a.store.put(randomBytes(100))
  for (const name of ['b', 'c']) cloud.gate('a', name, true)
  a.pool.received([digest])
  for (let n = 0; n < 10; n++) {
    await cloud.clock.pass(100)
    assert.equal(a.pool.report().view, '')
  }
  for (const name of ['b', 'c']) cloud.gate('a', name, false)
  await cloud.until(() => isSettled(cloud, a))
})
