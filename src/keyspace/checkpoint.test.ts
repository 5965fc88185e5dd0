import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault, type World } from '#base'
import { openEmbeddedKeyspace } from './embedded.ts'
import type { LocalKeyspace } from './keyspace.ts'
import { memoryIndex } from './memory-index.ts'
import { FragileDisk } from './test/fragile-disk.ts'
import { never, put, quietWorld } from './test/support.ts'

interface Rig {
  readonly disk: FragileDisk
  readonly open: () => Promise<LocalKeyspace>
  /** Resolves when a checkpoint has been put in place. */
  readonly written: Promise<void>
}

function rig(): Rig {
  const disk = new FragileDisk()
  const { promise: written, resolve } = Promise.withResolvers<void>()
  const rename = disk.rename.bind(disk)
  disk.rename = (from, to) => {
    rename(from, to)
    resolve()
  }
  const world: World = { ...quietWorld, disk }
  const history = { ms: 0, revisions: 0 }
  return {
    disk,
    written,
    open: () => openEmbeddedKeyspace({ world, folder: 'd', index: memoryIndex, history, syncEveryMs: 5 }),
  }
}

/** Logs more than a checkpoint costs, while keys keep changing. */
async function fill(keyspace: LocalKeyspace): Promise<void> {
  const value = Buffer.alloc(2 ** 20, 'v')
  for (let i = 0; i < 70; i++) {
    keyspace.commit({ then: [{ kind: 'put', key: `big${i % 3}`, value }, put(`k${i}`, `${i}`)] })
    await keyspace.sync(keyspace.revision, never)
  }
}

async function check(keyspace: LocalKeyspace, newest: string): Promise<void> {
  assert.equal((await keyspace.status(never)).keys, 74)
  assert.equal(Buffer.from(keyspace.get('newest')?.value ?? []).toString(), newest)
  assert.equal(keyspace.get('k0')?.createRevision, 1)
}

suite('a checkpoint', () => {
  test('lets the log go and the index be rebuilt', async () => {
    const { disk, open, written } = rig()
    {
      await using keyspace = await open()
      await fill(keyspace)
      await written
      keyspace.commit({ then: [put('newest', '1')] })
    }
    assert.ok(disk.list('d/log').length <= 2, disk.list('d/log').join())
    await using keyspace = await open()
    await check(keyspace, '1')
  })
  test('is refused by name when it is damaged and needed', async () => {
    const { disk, open, written } = rig()
    {
      await using keyspace = await open()
      await fill(keyspace)
      await written
    }
    for (const at of [3, 20, 30, 5000]) {
      disk.rot('d/checkpoint', bytes => void (bytes[at]! ^= 4))
      await assert.rejects(open(), (error: unknown) => isFault(error, 'CheckpointDamaged'))
      disk.rot('d/checkpoint', bytes => void (bytes[at]! ^= 4))
    }
    await using keyspace = await open()
    assert.equal(keyspace.get('k69')?.createRevision, 70)
  })
})
