import { randomBytes } from 'node:crypto'
import { digestHex } from '#base'
import { machineWorld } from '#host'
import { openChunkStore, sqliteIndex, threadWorkers } from '../index.ts'

// Puts and syncs until it is killed; prints the seed of every chunk that is acknowledged, one a line.

const folder = process.argv[2] ?? ''
const index = sqliteIndex(`${folder}/index.sqlite`)
const store = await openChunkStore({ world: machineWorld, folder, workers: threadWorkers(2), index, ballastBytes: 0 })
for (;;) {
  const batch = Array.from({ length: 12 }, (_, n) => randomBytes(n % 4 === 0 ? 200_000 : 3000))
  const digests = await Promise.all(batch.map(bytes => store.put(bytes)))
  await store.sync()
  for (const digest of digests) process.stdout.write(`${digestHex(digest)}\n`)
}
