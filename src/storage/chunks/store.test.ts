import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type Disk, digestHex, digestOf, isFault } from '#base'
import type { ChunkWorkers } from './index.ts'
import { BLOCK_BYTES } from './limits.ts'
import { Bench, shared } from './testing.ts'
import { inlineWorkers } from './inline-workers.ts'
import { threadWorkers } from './threads/thread-workers.ts'
import { machineDisk } from '#host'

/** The machine's disk; counts what is read from files. */
class CountingDisk {
  reads = 0
  readonly disk: Disk = {
    ...machineDisk,
    open: (file, mode) => {
      const opened = machineDisk.open(file, mode)
      const read = opened.read.bind(opened)
      return Object.assign(opened, {
        read: (into: Uint8Array, position: number) => {
          this.reads += 1
          return read(into, position)
        },
      })
    },
  }
}

for (const kind of ['inline', 'threads'] as const) {
  describe(`a chunk store with ${kind} workers`, () => {
    let bench: Bench
    let workers: ChunkWorkers
    before(() => {
      workers = kind === 'inline' ? inlineWorkers(machineDisk) : threadWorkers(2)
      bench = new Bench({ workers })
    })
    after(async () => {
      await bench[Symbol.asyncDispose]()
      await workers[Symbol.asyncDispose]()
    })

    test('gives back what was put, of every size, from private and shared memory', async () => {
      await using store = await bench.open()
      for (const bytes of [0, 1, 4096, BLOCK_BYTES, BLOCK_BYTES + 1, 65536, 65537, 300_001, 1 << 20, 16 << 20]) {
        for (const content of [randomBytes(bytes), shared(randomBytes(bytes))]) {
          const digest = await store.put(content)
          assert.equal(digestHex(digest), createHash('sha256').update(content).digest('hex'))
          assert.equal(await store.has(digest), true)
          for (const into of [Buffer.alloc(bytes), shared(Buffer.alloc(bytes))]) {
            await store.read(digest, into, 0)
            assert.deepEqual(Buffer.from(into), Buffer.from(content))
          }
        }
      }
    })

    test('reads any range', async () => {
      await using store = await bench.open()
      const content = randomBytes(5 * BLOCK_BYTES + 77)
      const digest = await store.put(content)
      const edges = [
        0,
        1,
        BLOCK_BYTES - 1,
        BLOCK_BYTES,
        BLOCK_BYTES + 1,
        3 * BLOCK_BYTES,
        content.length - 1,
        content.length,
      ]
      for (const from of edges) {
        for (const to of edges.filter(edge => edge >= from)) {
          for (const into of [Buffer.alloc(to - from), shared(Buffer.alloc(to - from))]) {
            await store.read(digest, into, from)
            assert.ok(content.subarray(from, to).equals(into), `${from} to ${to}`)
          }
        }
      }
    })

    test('fetches a few bytes of a large chunk with one read', async () => {
      const content = randomBytes(1 << 20)
      const first = await bench.open()
      const digest = await first.put(shared(content))
      await first[Symbol.asyncDispose]()
      const disk = new CountingDisk()
      await using store = await bench.open({ world: { ...bench.world, disk: disk.disk } })
      const into = Buffer.alloc(100)
      disk.reads = 0
      await store.read(digest, into, 700_000)
      assert.deepEqual(into, content.subarray(700_000, 700_100))
      assert.equal(disk.reads, 1)
    })

    test('keeps chunks over a reopen', async () => {
      const content = randomBytes(200_000)
      const first = await bench.open()
      const digest = await first.put(content)
      await first[Symbol.asyncDispose]()
      await using store = await bench.open()
      const into = Buffer.alloc(content.length)
      await store.read(digest, into, 0)
      assert.deepEqual(into, content)
      assert.equal(store.recovery.isRebuilt, false)
    })

    test('stores the same bytes once, also when put at the same time', async () => {
      await using store = await bench.open()
      for (const bytes of [5000, 500_000]) {
        const content = randomBytes(bytes)
        const was = store.stat()
        const digests = await Promise.all(Array.from({ length: 8 }, () => store.put(content)))
        assert.equal(new Set(digests).size, 1)
        assert.equal(store.stat().states.held.chunks, was.states.held.chunks + 1)
        assert.ok(store.stat().segmentBytes - was.segmentBytes < bytes * 1.1)
      }
    })

    test('refuses what is missing, outside, or too large', async () => {
      await using store = await bench.open()
      const absent = digestOf(randomBytes(32))
      assert.equal(await store.has(absent), false)
      await assert.rejects(
        async () => store.read(absent, Buffer.alloc(1), 0),
        error => isFault(error, 'ChunkMissing'),
      )
      const digest = await store.put(randomBytes(100))
      await assert.rejects(
        async () => store.read(digest, Buffer.alloc(2), 99),
        error => isFault(error, 'OutOfRange'),
      )
      await assert.rejects(store.put(Buffer.alloc((16 << 20) + 1)), error => isFault(error, 'ChunkTooLarge'))
    })
  })
}
