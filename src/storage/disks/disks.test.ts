import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'
import { type Digest, isFault } from '#base'
import type { Disks } from './index.ts'
import { assertAll, Bench, putMany } from './testing.ts'

const NEVER = new AbortController().signal

const held = ({ parts }: Disks) => parts.map(({ store }) => store.stat().states.held.chunks)

suite('several disks as one store', () => {
  test('share chunks by their weight, and each is on one of them', async () => {
    await using bench = new Bench()
    await using disks = await bench.disks('a', 'b')
    const put = await putMany(disks, 300)
    await disks.sync()
    await assertAll(disks, put)
    const [a = 0, b = 0] = held(disks)
    assert.equal(a + b, 300)
    assert.ok(a > 90 && b > 90, `${a} and ${b}`)
    assert.equal(disks.stat().states.held.chunks, 300)
  })

  test('find what is there when they are opened again, in another order too', async () => {
    await using bench = new Bench()
    let put: Map<Digest, Uint8Array>
    {
      await using disks = await bench.disks('a', 'b')
      put = await putMany(disks, 100)
      await disks.sync()
    }
    await using disks = await bench.disks('b', 'c', 'a')
    await assertAll(disks, put)
    const listed = []
    for (let group = 0; group < 4096; group++) listed.push(...(await disks.list(group)))
    assert.deepEqual(new Set(listed.map(({ digest }) => digest)), new Set(put.keys()))
  })

  test('tell by the version of a group whether what it holds has changed, also when a disk comes or goes', async () => {
    await using bench = new Bench()
    const [a, b] = [await bench.part('a'), await bench.part('b')]
    await using disks = bench.of(a)
    const seen = new Map<number, string>()
    const look = async () => {
      const listed = (await disks.list(0, 1)).map(({ digest }) => digest).join()
      assert.equal(seen.get(disks.groupVersion(0, 1)) ?? listed, listed)
      seen.set(disks.groupVersion(0, 1), listed)
    }
    for (let round = 0; round < 4; round++) {
      await putMany(disks, 3)
      await look()
      disks.add(b)
      await look()
      await putMany(disks, 9)
      await look()
      disks.leave(b.id)
      await look()
      disks.setAway(round % 2 === 0)
    }
    assert.ok(seen.size >= 16)
    await b.store[Symbol.asyncDispose]()
  })

  test('keep what is put again where it is', async () => {
    await using bench = new Bench()
    let put: Map<Digest, Uint8Array>
    {
      await using alone = await bench.disks('a')
      put = await putMany(alone, 100)
    }
    await using disks = await bench.disks('a', 'b')
    for (const content of put.values()) await disks.put(content)
    assert.deepEqual(held(disks), [100, 0])
    assert.deepEqual(
      await disks.renew([...put.keys()]),
      Array.from(put, () => true),
    )
  })

  test('take on one what does not fit another, and say when nothing fits', async () => {
    await using bench = new Bench()
    const a = await bench.part('a', { bytesMax: 40_000 })
    const b = await bench.part('b', { bytesMax: 400_000 })
    await using disks = bench.of(a, b)
    const put = await putMany(disks, 60, 5000)
    await assertAll(disks, put)
    assert.ok(a.store.stat().states.held.chunks < 10)
    await assert.rejects(putMany(disks, 60, 5000), error => isFault(error, 'NoSpace'))
    await assertAll(disks, put)
  })

  test('promise only what is there, and keep what they promised for who asked', async () => {
    await using bench = new Bench()
    const a = await bench.part('a', { bytesMax: 20 * MIB })
    const b = await bench.part('b', { bytesMax: 20 * MIB })
    await using disks = bench.of(a, b)
    const { freeBytes } = disks.space()
    assert.ok(freeBytes < 10 * MIB, 'a chunk goes to one disk as a whole')
    assert.equal(disks.reserve(freeBytes + MIB), undefined)
    using reservation = disks.reserve(4 * MIB)
    assert.ok(reservation)
    assert.ok(disks.space().freeBytes <= freeBytes - 4 * MIB)
    reservation.spend(MIB)
    await disks.put(randomBytes(MIB))
    assert.ok(disks.space().freeBytes >= freeBytes - 5 * MIB)
  })

  test('say of what they miss that it may be away, as long as a disk is', async () => {
    await using bench = new Bench()
    let put: Map<Digest, Uint8Array>
    {
      await using disks = await bench.disks('a', 'b')
      put = await putMany(disks, 40)
    }
    await using disks = await bench.disks('a')
    disks.setAway(true)
    const faults = new Set<string>()
    for (const [digest, content] of put) {
      if (await disks.has(digest)) continue
      const read = async () => disks.read(digest, new Uint8Array(content.byteLength), 0)
      await assert.rejects(read, error => isFault(error) && Boolean(faults.add(error.code)))
    }
    assert.deepEqual([...faults], ['DiskAway'])
    disks.add(await bench.part('b'))
    disks.setAway(false)
    await assertAll(disks, put)
  })

  test('read from another disk what one has lost, and let damage go when it is put again', async () => {
    await using bench = new Bench()
    const [a, b] = [await bench.part('a'), await bench.part('b')]
    await using disks = bench.of(a, b)
    const content = randomBytes(3000)
    const digest = await a.store.put(content)
    await a.store.sync()
    bench.rot('a', content)
    assert.equal(await a.store.verify(digest), false)
    assert.equal(await disks.has(digest), false)
    disks.drain(a.id, true)
    await disks.put(content)
    await assertAll(disks, new Map([[digest, content]]))
    assert.equal(disks.stat().states.quarantined.chunks, 0)
  })

  test('tell of a disk that fails to write, and put on others what it does not take', async () => {
    await using bench = new Bench()
    await using disks = await bench.disks('a', 'b')
    const put = await putMany(disks, 20)
    await disks.sync()
    bench.breakWrites('b')
    const more = await putMany(disks, 20)
    assert.deepEqual(new Set(bench.troubles.map(({ id, kind }) => `${id[0]} ${kind}`)), new Set(['b write']))
    await assertAll(disks, new Map([...put, ...more]))
  })

  test('do not sync while one of them does not', async () => {
    await using bench = new Bench()
    await using disks = await bench.disks('a', 'b')
    const put = await putMany(disks, 20)
    bench.breakWrites('b')
    await assert.rejects(disks.sync(), error => isFault(error, 'Io'))
    assert.deepEqual(bench.troubles.length, 1)
    await assertAll(disks, put)
  })

  test('collect on all of them what nobody names', async () => {
    await using bench = new Bench()
    await using disks = await bench.disks('a', 'b')
    const put = await putMany(disks, 50)
    const [wanted] = put.keys()
    const roots = [{ name: 'test', references: (digests: readonly Digest[]) => digests.map(each => each === wanted) }]
    await disks.collect(roots, { graceMs: 0 }, NEVER)
    const round = await disks.collect(roots, { graceMs: 0 }, NEVER)
    assert.equal(round.deleted, 49)
    assert.equal(disks.stat().states.held.chunks, 1)
  })

  test('are scrubbed one after the other, and told as one', async () => {
    await using bench = new Bench()
    await using disks = await bench.disks('a', 'b')
    await putMany(disks, 50)
    const told = []
    for await (const progress of disks.scrub({ bytesPerSecond: 1e9 }, NEVER)) told.push(progress)
    assert.deepEqual([told.at(-1)?.chunks, told.filter(({ isDone }) => isDone).length], [50, 1])
  })
})

const MIB = 1 << 20
