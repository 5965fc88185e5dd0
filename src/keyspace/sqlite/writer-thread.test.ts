import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { never, openIn, put, temporaryFolder } from '../test/support.ts'
import { giveBackIndexMemory } from './writer-thread.ts'

const MIB = 2 ** 20

test('the threads of indexes give memory back, and write on', async () => {
  setFlagsFromString('--expose-gc') // holds for threads that start from now on
  using folder = temporaryFolder()
  {
    await using keyspace = await openIn(folder.path)
    for (let i = 0; i < 5_000; i++) {
      keyspace.commit({ then: [put(`k${i}`, 'x'.repeat(200))] })
      if (i % 1000 === 0) await keyspace.sync(keyspace.revision, never)
    }
    await keyspace.sync(keyspace.revision, never)
    const before = process.memoryUsage.rss()
    await giveBackIndexMemory()
    const given = before - process.memoryUsage.rss()
    assert.ok(given > MIB, `${given} bytes were given back`)
    keyspace.commit({ then: [put('later', 'x')] })
  }
  await using keyspace = await openIn(folder.path)
  assert.equal((await keyspace.status(never)).keys, 5_001)
  await giveBackIndexMemory()
})
