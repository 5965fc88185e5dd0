import { randomBytes } from 'node:crypto'
import { type Digest, digestOf } from '#base'
import { machineDisk } from '#host'
import { ChunkTable } from './chunk-table.ts'
import { type ChunkStore, inlineWorkers, sqliteIndex, threadWorkers } from './index.ts'
import { Bench, shared } from './testing.ts'

// Figures of this room on the disk under the temporary folder; run by `npm run bench`, or by node.

const MIB = 1 << 20

async function main(): Promise<void> {
  for (const [name, workers] of [
    ['inline', inlineWorkers(machineDisk)],
    ['2 threads', threadWorkers(2)],
  ] as const) {
    await using bench = new Bench({ workers })
    await using store = await bench.open()
    await putLarge(store, name)
    await putSmall(store, name)
    await workers[Symbol.asyncDispose]()
  }
  await indexCost(rowsWanted())
}

function rowsWanted(): number {
  return Number(process.argv[2] ?? 200_000)
}

async function putLarge(store: ChunkStore, name: string): Promise<void> {
  const count = 256
  const slots = Array.from({ length: 4 }, () => shared(randomBytes(MIB)))
  const digests: Digest[] = []
  await store.put(shared(randomBytes(MIB))) // threads start
  const putMs = await timed(async () => {
    const lane = async (bytes: Uint8Array): Promise<void> => {
      const view = new DataView(bytes.buffer)
      for (let n = 0; n < count / slots.length; n++) {
        view.setUint32(0, n)
        digests.push(await store.put(bytes))
      }
    }
    await Promise.all(slots.map(lane))
  })
  const syncMs = await timed(() => store.sync())
  const readMs = await timed(async () => {
    const lane = async (into: Uint8Array, start: number): Promise<void> => {
      for (let n = start; n < count; n += slots.length) await store.read(digests[n] as Digest, into, 0)
    }
    await Promise.all(slots.map(lane))
  })
  print(`${name}: put 1 MiB`, rate(count, putMs), 'MiB/s')
  print(`${name}: put 1 MiB and sync`, rate(count, putMs + syncMs), 'MiB/s')
  print(`${name}: read 1 MiB`, rate(count, readMs), 'MiB/s')
}

async function putSmall(store: ChunkStore, name: string): Promise<void> {
  const count = 20_000
  const bytes = randomBytes(4096)
  const digests: Digest[] = []
  const putMs = await timed(async () => {
    for (let n = 0; n < count; n++) {
      bytes.writeUInt32LE(n, 0)
      digests.push(await store.put(bytes))
    }
  })
  const syncMs = await timed(() => store.sync())
  const into = Buffer.alloc(4096)
  const readMs = await timed(async () => {
    for (let n = 0; n < count; n++) await store.read(digests[(n * 7919) % count] as Digest, into, 0)
  })
  print(`${name}: put 4 KiB`, rate(count, putMs), '/s')
  print(`${name}: put 4 KiB, sync after all`, rate(count, putMs + syncMs), '/s')
  print(`${name}: random read 4 KiB`, rate(count, readMs), '/s')
}

async function indexCost(rows: number): Promise<void> {
  await using bench = new Bench()
  using index = sqliteIndex(bench.indexFile)
  const table = new ChunkTable(index)
  const names = Array.from({ length: rows }, () => digestOf(randomBytes(32)))
  const sizes = { plainBytes: 4096, storedBytes: 4096, codec: 'raw', state: 'held' } as const
  global.gc?.()
  const before = process.memoryUsage()
  const putMs = await timed(async () => {
    for (const [n, digest] of names.entries()) {
      table.get(digest)
      table.set(digest, { ...sizes, segment: 1 + Math.floor(n / 60_000), offset: 64 + (n % 60_000) * 4224 })
      if (n % 2048 === 2047) flush(table)
    }
    flush(table)
  })
  const getMs = await timed(async () => {
    for (let n = 0; n < 50_000; n++) table.get(names[(n * 7919) % rows] as Digest)
  })
  const dropMs = await timed(async () => {
    for (const digest of names.slice(0, 20_000)) table.set(digest, undefined)
    flush(table)
  })
  const after = process.memoryUsage()
  const bytes = machineDisk.stat(bench.indexFile)?.bytes ?? 0
  print(`index of ${rows} rows: miss, insert and flush`, (putMs * 1000) / rows, 'us each')
  print(`index of ${rows} rows: random lookup`, (getMs * 1000) / 50_000, 'us each')
  print(`index of ${rows} rows: delete and flush`, (dropMs * 1000) / 20_000, 'us each')
  print(`index of ${rows} rows: on disk`, bytes / rows, 'bytes each')
  print(`index of ${rows} rows: memory grown`, (after.rss - before.rss) / MIB, 'MiB')
}

function flush(table: ChunkTable): void {
  table.endSync(table.beginSync(), { segment: 1, offset: 64 })
  while (table.flushStep());
}

async function timed(step: () => Promise<void>): Promise<number> {
  const startMs = performance.now()
  await step()
  return performance.now() - startMs
}

function rate(count: number, ms: number): number {
  return (count * 1000) / ms
}

function print(what: string, value: number, unit: string): void {
  process.stdout.write(`${what.padEnd(52)} ${value.toFixed(value < 100 ? 1 : 0).padStart(9)} ${unit}\n`)
}

await main()
