import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type Awaitable, type Digest, digestOf } from '#base'
import { machineWorld } from '#host'
import { type ChunkStore, openChunkStore, sqliteIndex, threadWorkers } from '#storage/chunks'
import { type DiskPart, Disks } from './index.ts'

// What several disks as one store cost beside a store alone: processor time of all threads, in the same run, medians of the
// rounds. All of them lie on the disk under the temporary folder.

const MIB = 1 << 20
const ROUNDS = 11
const workers = threadWorkers(2)

async function main(home: string): Promise<void> {
  const [alone] = (await disks(home, 1)).parts
  const subjects: readonly (readonly [string, ChunkStore])[] = [
    ['store', alone?.store ?? (await disks(home, 1))],
    ['1 disk', await disks(home, 1)],
    ['2 disks', await disks(home, 2)],
    ['3 disks', await disks(home, 3)],
  ]
  const seen = new Map<string, number[]>()
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, store] of subjects) {
      for (const [figure, us] of await measured(store)) {
        const key = `${figure} ${name}`
        seen.set(key, [...(seen.get(key) ?? []), us])
      }
    }
  }
  for (const figure of ['put 4 KiB', 'read 4 KiB', 'has', 'has not', 'put 1 MiB', 'read 1 MiB']) {
    const [base = 1, ...others] = subjects.map(([name]) => median(seen.get(`${figure} ${name}`) ?? []))
    const cells = others.map((us, at) => `${subjects[at + 1]?.[0]} ${(us / base).toFixed(2)}x`)
    process.stdout.write(`${figure.padEnd(12)} ${cells.join('  ')}  of ${base.toFixed(1)} us\n`)
  }
  for (const [, store] of subjects) await store[Symbol.asyncDispose]()
}

async function disks(home: string, count: number): Promise<Disks> {
  const [first, ...others] = await Promise.all(Array.from({ length: count }, () => newPart(home)))
  const trouble = () => process.exit(1)
  const all = new Disks({ workers, log: machineWorld.log, first: first ?? (await newPart(home)), trouble })
  for (const other of others) all.add(other)
  return all
}

async function newPart(home: string): Promise<DiskPart> {
  const folder = fs.mkdtempSync(path.join(home, 'disk-'))
  const index = sqliteIndex(path.join(folder, 'index.sqlite'))
  const store = await openChunkStore({ world: machineWorld, folder, workers, index, ballastBytes: 0 })
  return { id: randomBytes(16).toString('hex'), store, weight: 1000 }
}

async function measured(store: ChunkStore): Promise<readonly (readonly [string, number])[]> {
  const [small, large]: [Digest[], Digest[]] = [[], []]
  const into = Buffer.alloc(4096)
  const whole = shared(Buffer.alloc(MIB))
  const some = Array.from({ length: 2000 }, () => randomBytes(4096))
  const few = Array.from({ length: 24 }, () => shared(randomBytes(MIB)))
  const strange = some.map(() => digestOf(randomBytes(32)))
  return [
    ['put 4 KiB', await cost(some, async bytes => void small.push(await store.put(bytes)))],
    ['read 4 KiB', await cost(small, digest => store.read(digest, into, 0))],
    ['has', await cost(small, digest => store.has(digest))],
    ['has not', await cost(strange, digest => store.has(digest))],
    ['put 1 MiB', await cost(few, async bytes => void large.push(await store.put(bytes)))],
    ['read 1 MiB', await cost(large, digest => store.read(digest, whole, 0))],
  ]
}

/** Microseconds of processor time for each. */
async function cost<One>(all: readonly One[], step: (one: One) => Awaitable<unknown>): Promise<number> {
  const start = process.cpuUsage()
  for (const one of all) await step(one)
  const { user, system } = process.cpuUsage(start)
  return (user + system) / all.length
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0
}

function shared(bytes: Uint8Array): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.byteLength))
  copy.set(bytes)
  return copy
}

const home = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-disks-bench-'))
try {
  await main(home)
} finally {
  fs.rmSync(home, { recursive: true, force: true })
  await workers[Symbol.asyncDispose]()
}
