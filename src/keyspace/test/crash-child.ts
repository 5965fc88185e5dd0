import { openIn, put } from './support.ts'
import { never } from './support.ts'

// Commits without end and prints what is committed and what is synced, until it is killed.
const folder = process.argv[2] ?? ''
const keyspace = await openIn(folder, { syncEveryMs: 5 })
for (;;) {
  for (let i = 0; i < 20; i++) {
    const next = keyspace.revision + 1
    keyspace.commit({ then: [put('n', `${next}`), put(`k${next % 50}`, `${next}`.repeat(20))] })
  }
  process.stdout.write(`committed ${keyspace.revision}\n`)
  await keyspace.sync(keyspace.revision, never)
  process.stdout.write(`synced ${keyspace.revision}\n`)
}
