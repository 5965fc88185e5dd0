import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Disk, DiskFile } from '#base'
import { revisionOf } from '../change.ts'
import { LOG_READ_BYTES } from '../limits.ts'
import { never, openIn, put, quietWorld, take, temporaryFolder, txn } from '../test/support.ts'

test('a watch from a recent revision does not read the log from the start of its segment', async () => {
  using folder = temporaryFolder()
  let reads = 0
  const counted = (file: DiskFile): DiskFile => {
    const read = file.read.bind(file)
    return Object.assign(file, {
      read: (into: Uint8Array, position: number) => {
        reads += 1
        return read(into, position)
      },
    })
  }
  const disk: Disk = new Proxy(quietWorld.disk, {
    get(target, name) {
      if (name !== 'open') return Reflect.get(target, name)
      return (path: string, mode: 'read') => {
        const file = target.open(path, mode)
        return path.endsWith('.log') && mode === 'read' ? counted(file) : file
      }
    },
  })
  for (const isReopened of [false, true]) {
    await using keyspace = await openIn(folder.path, { world: { ...quietWorld, disk } })
    if (!isReopened) for (let i = 0; i < 40; i++) await txn(keyspace, put('a', 'x'.repeat(LOG_READ_BYTES / 4)))
    const all = { kind: 'prefix', prefix: '' } as const
    const { revision } = await keyspace.status(never)
    const watch = (from: number) => take(keyspace.watch({ keys: all, from: revisionOf(from) }, never), 1)
    if (isReopened) await watch(revision) // reads what came before the opening once
    reads = 0
    await watch(revision)
    assert.ok(reads <= 2, `${reads} reads`)
    assert.match((await watch(revision - 30))[0]!, new RegExp(`^put a=x+@1/${revision - 30}/`))
  }
})
