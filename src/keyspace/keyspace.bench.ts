import { openEmbeddedKeyspace } from './embedded.ts'
import type { LocalKeyspace } from './keyspace.ts'
import { sqliteIndex } from './sqlite/sqlite-index.ts'
import { never, quietWorld, temporaryFolder } from './test/support.ts'

const value = Buffer.alloc(120, 'v')

/** Prints rates of a keyspace without history: commits of 4 puts, like the creation of a file; then reads. */
async function bench(): Promise<void> {
  using folder = temporaryFolder()
  const options = { world: quietWorld, folder: folder.path, index: sqliteIndex, history: { ms: 0, revisions: 0 } }
  {
    await using keyspace = await openEmbeddedKeyspace(options)
    await measure('commits of 4 puts, unsynced', 100_000, () => commits(keyspace, 100_000))
    await measure('commits of 4 puts, each synced, 1 waiter', 1000, () => synced(keyspace, 1, 1000))
    await measure('commits of 4 puts, each synced, 32 waiters', 8000, () => synced(keyspace, 32, 250))
    for (let i = 0; i < 1000; i++) create(keyspace)
    await measure('gets from the overlay', 100_000, async () => gets(keyspace, keyspace.revision - 500, 500))
  }
  await using keyspace = await openEmbeddedKeyspace(options)
  await measure('gets from the index', 100_000, async () => gets(keyspace, 1, 90_000))
  await measure('gets of missing keys', 100_000, async () => gets(keyspace, 10_000_000, 90_000))
  await measure('rows of one range', 200_000, async () => {
    keyspace.rangeNow({ keys: { kind: 'prefix', prefix: 'file/' }, limit: 200_000 })
  })
}

async function commits(keyspace: LocalKeyspace, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    create(keyspace)
    if (i % 256 === 0) await new Promise(setImmediate)
  }
}

function create(keyspace: LocalKeyspace): void {
  const name = (keyspace.revision + 1).toString().padStart(8, '0')
  const keys = ['folder', `file/${name}/inode`, `file/${name}/content`, `file/${name}/name`]
  keyspace.commit({ then: keys.map(key => ({ kind: 'put', key, value }) as const) })
}

async function synced(keyspace: LocalKeyspace, waiters: number, each: number): Promise<void> {
  const one = async (): Promise<void> => {
    for (let i = 0; i < each; i++) {
      create(keyspace)
      await keyspace.sync(keyspace.revision, never)
    }
  }
  await Promise.all(Array.from({ length: waiters }, one))
}

function gets(keyspace: LocalKeyspace, from: number, among: number): void {
  for (let i = 0; i < 100_000; i++) {
    keyspace.get(`file/${(from + ((i * 7919) % among)).toString().padStart(8, '0')}/inode`)
  }
}

async function measure(what: string, count: number, run: () => Promise<void>): Promise<void> {
  const before = performance.now()
  await run()
  const ms = performance.now() - before
  const rate = Math.round((count / ms) * 1000).toLocaleString('en')
  process.stdout.write(
    `${what.padEnd(45)} ${rate.padStart(12)} /s  ${((ms / count) * 1000).toFixed(1).padStart(8)} us\n`,
  )
}

await bench()
