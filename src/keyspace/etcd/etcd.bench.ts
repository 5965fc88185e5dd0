import { startEtcd, whyNoEtcd } from '../../../test/etcd/server.ts'
import type { Keyspace } from '../keyspace.ts'
import { never, openIn, quietWorld, temporaryFolder } from '../test/support.ts'
import { openEtcdKeyspace } from './open.ts'

const value = Buffer.alloc(512, 'v')
const RANGE_ENTRIES = 10_000
const WATCHERS = 1000
const ROUND_MS = 700
const ROUNDS = 3

/** One row: how often per second a keyspace does something. */
interface Row {
  readonly title: string
  readonly wanted: number
  run(keyspace: Keyspace): Promise<number>
}

const rows: readonly Row[] = [
  ...[1, 16, 128].map(writers => ({
    title: `durable puts, ${writers} writer${writers === 1 ? '' : 's'}`,
    wanted: 2,
    run: (keyspace: Keyspace) => repeated(writers, i => put(keyspace, `put/${i % 1000}`)),
  })),
  { title: 'gets, 1 reader', wanted: 5, run: keyspace => repeated(1, i => get(keyspace, i)) },
  { title: 'gets, 32 readers', wanted: 5, run: keyspace => repeated(32, i => get(keyspace, i)) },
  { title: `ranges of ${RANGE_ENTRIES} entries`, wanted: 5, run: keyspace => repeated(1, () => range(keyspace)) },
  { title: `events told to ${WATCHERS} watchers`, wanted: 5, run: fanOut },
]

/** Prints what the embedded keyspace and an etcd on the same disk do, one after the other in each round, by medians. */
async function bench(): Promise<void> {
  const missing = whyNoEtcd()
  if (missing !== false) return void process.stdout.write(`skipped: ${missing}\n`)
  using folder = temporaryFolder()
  await using embedded = await openIn(folder.path, { syncEveryMs: 1000 })
  await using server = await startEtcd({ durable: true })
  await using etcd = await openEtcdKeyspace({ world: quietWorld, endpoints: [server.url], prefix: '/bench/' }, never)
  for (const keyspace of [embedded, etcd]) await fillRange(keyspace)
  for (const row of rows) {
    const figures = { embedded: [] as number[], etcd: [] as number[] }
    for (let round = 0; round < ROUNDS; round++) {
      figures.embedded.push(await row.run(embedded))
      figures.etcd.push(await row.run(etcd))
    }
    const [ours, theirs] = [median(figures.embedded), median(figures.etcd)]
    const cells = [row.title.padEnd(34), cell(ours), cell(theirs), (ours / theirs).toFixed(1).padStart(9)]
    process.stdout.write(`${cells.join(' ')}  (wanted ${row.wanted})\n`)
  }
}

async function put(keyspace: Keyspace, key: string): Promise<void> {
  const { revision } = await keyspace.txn({ then: [{ kind: 'put', key, value }] }, never)
  await keyspace.sync(revision, never)
}

async function get(keyspace: Keyspace, i: number): Promise<void> {
  await keyspace.range({ keys: { kind: 'key', key: `range/${(i * 7919) % RANGE_ENTRIES}` } }, never)
}

async function range(keyspace: Keyspace): Promise<void> {
  const { entries } = await keyspace.range({ keys: { kind: 'prefix', prefix: 'range/' } }, never)
  if (entries.length !== RANGE_ENTRIES) throw new Error(`${entries.length} entries`)
}

async function fillRange(keyspace: Keyspace): Promise<void> {
  for (let at = 0; at < RANGE_ENTRIES; at += 100) {
    const keys = Array.from({ length: 100 }, (_, i) => `range/${at + i}`)
    await keyspace.txn({ then: keys.map(key => ({ kind: 'put', key, value })) }, never)
  }
}

// Puts, so many at a time that none waits for another's sync, until every watcher has been told of each.
async function fanOut(keyspace: Keyspace): Promise<number> {
  const puts = 20
  const ending = new AbortController()
  let told = 0
  let attached = 0
  const all = Promise.withResolvers<void>()
  const watch = async (): Promise<void> => {
    const keys = { kind: 'prefix', prefix: 'watched/' } as const
    const batches = keyspace.watch({ keys, from }, ending.signal)[Symbol.asyncIterator]()
    for (attached += 1; ; ) {
      const step = await batches.next().catch(() => undefined)
      if (step?.done !== false) return
      told += step.value.events.filter(event => event.kind === 'put' && event.entry.version === 1).length
      if (told >= puts * WATCHERS) all.resolve()
    }
  }
  const from = (
    await keyspace.txn(
      {
        then: [
          { kind: 'delete', keys: { kind: 'prefix', prefix: 'watched/' } },
          { kind: 'put', key: 'emptied', value },
        ],
      },
      never,
    )
  ).revision
  const watching = Array.from({ length: WATCHERS }, watch)
  while (attached < WATCHERS) await quietWorld.clock.sleep(10, never)
  // Told of one, they are through with history.
  await put(keyspace, 'watched/ready')
  while (told < WATCHERS) await quietWorld.clock.sleep(10, never)
  await quietWorld.clock.sleep(300, never)
  told = 0
  const beforeMs = performance.now()
  await Promise.all(Array.from({ length: puts }, (_, i) => put(keyspace, `watched/${i}`)))
  await all.promise
  const rate = (puts * WATCHERS * 1000) / (performance.now() - beforeMs)
  ending.abort(new Error('over'))
  await Promise.all(watching)
  return rate
}

async function repeated(atOnce: number, work: (i: number) => Promise<void>): Promise<number> {
  const beforeMs = performance.now()
  let count = 0
  const one = async (): Promise<void> => {
    while (performance.now() - beforeMs < ROUND_MS) await work(count++)
  }
  await Promise.all(Array.from({ length: atOnce }, one))
  return (count * 1000) / (performance.now() - beforeMs)
}

function median(figures: readonly number[]): number {
  return figures.toSorted((a, b) => a - b)[Math.floor(figures.length / 2)] ?? 0
}

function cell(rate: number): string {
  return `${(rate < 100 ? rate.toFixed(1) : Math.round(rate).toLocaleString('en')).padStart(12)} /s`
}

await bench()
