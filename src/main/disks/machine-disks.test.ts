import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { suite, test } from 'node:test'
import { type Digest, isFault } from '#base'
import { DiskKeeper } from './disk-keeper.ts'
import type { MachineDisks } from './machine-disks.ts'
import { reportOf } from './other-disk.ts'
import { DiskBench } from './testing.ts'

type Put = ReadonlyMap<Digest, Uint8Array>

async function putMany({ store }: MachineDisks, count: number): Promise<Put> {
  const put = new Map<Digest, Uint8Array>()
  for (let n = 0; n < count; n++) {
    const content = randomBytes(1000)
    put.set(await store.put(content), content)
  }
  await store.sync()
  return put
}

async function readAll({ store }: MachineDisks, put: Put): Promise<Set<string>> {
  const said = new Set<string>()
  for (const [digest, content] of put) {
    const into = new Uint8Array(content.byteLength)
    try {
      await store.read(digest, into, 0)
      assert.deepEqual(Buffer.from(into), Buffer.from(content))
      said.add('right')
    } catch (error) {
      if (!isFault(error)) throw error
      said.add(error.code)
    }
  }
  return said
}

const NEVER = new AbortController().signal
const states = ({ reports }: MachineDisks) => reports.map(({ state }) => state)
const code = (expected: string, message: RegExp) => (error: unknown) =>
  isFault(error, expected) && message.test(error.message)

suite('the disks of a machine', () => {
  test('are added, remembered, and share what is put', async () => {
    using bench = new DiskBench()
    let put: Put
    {
      await using disks = await bench.open()
      const { path: folder } = await disks.add(bench.disk('b'), undefined)
      assert.equal(folder, bench.disk('b'))
      put = await putMany(disks, 100)
      assert.ok(disks.reports.every(({ chunks }) => chunks > 20))
    }
    await using disks = await bench.open()
    assert.deepEqual(states(disks), ['Ready', 'Ready'])
    assert.deepEqual(await readAll(disks, put), new Set(['right']))
  })

  test('are never taken for empty when they are not mounted at the start, and are used again when they are', async () => {
    using bench = new DiskBench()
    let put: Put
    {
      await using disks = await bench.open()
      await disks.add(bench.disk('b'), undefined)
      put = await putMany(disks, 100)
    }
    bench.unmount('b')
    await using disks = await bench.open()
    assert.deepEqual(states(disks), ['Ready', 'Missing'])
    assert.match(disks.reports[1]?.message ?? '', /connect and mount/)
    assert.deepEqual(fs.readdirSync(path.join(bench.home, 'b')), [])
    assert.deepEqual(await readAll(disks, put), new Set(['right', 'DiskAway']))
    const again = await putMany(disks, 20)
    assert.deepEqual(await disks.look(), [])
    bench.mount('b')
    assert.equal((await disks.look()).length, 1)
    assert.deepEqual(states(disks), ['Ready', 'Ready'])
    assert.deepEqual(await readAll(disks, new Map([...put, ...again])), new Set(['right']))
    assert.equal(disks.returned.length, 1)
  })

  test('are not mistaken for one another', async () => {
    using bench = new DiskBench()
    {
      await using disks = await bench.open()
      await disks.add(bench.disk('b'), undefined)
      await disks.add(bench.disk('c'), undefined)
    }
    const [b, c] = [bench.disk('b'), bench.disk('c')]
    fs.renameSync(b, `${b}-now`)
    fs.renameSync(c, b)
    await using disks = await bench.open()
    assert.deepEqual(states(disks), ['Ready', 'Missing', 'Missing'])
    assert.match(disks.reports[1]?.message ?? '', /another disk of Cairn/)
  })

  test('are given up when they fail to write, and used again when people say so', async () => {
    using bench = new DiskBench()
    let put: Put
    {
      await using disks = await bench.open()
      const { id } = await disks.add(bench.disk('b'), undefined)
      put = await putMany(disks, 50)
      bench.broken.add(bench.disk('b'))
      put = new Map([...put, ...(await putMany(disks, 20))])
      assert.equal(await bench.failed, id)
    }
    bench.broken.clear()
    await using disks = await bench.open()
    assert.deepEqual(states(disks), ['Ready', 'Failing'])
    assert.match(disks.reports[1]?.message ?? '', /it failed: .*EIO/)
    assert.equal(disks.reports[1]?.isLeaving, true)
    assert.deepEqual(await disks.look(), [])
    await putMany(disks, 20)
    await disks.add(bench.disk('b'), undefined)
    assert.deepEqual(states(disks), ['Ready', 'Ready'])
    assert.deepEqual(await readAll(disks, put), new Set(['right']))
  })

  test('that cannot be opened stop nothing', async () => {
    using bench = new DiskBench()
    let put: Put
    {
      await using disks = await bench.open()
      await disks.add(bench.disk('b'), undefined)
      put = await putMany(disks, 50)
    }
    bench.broken.add(bench.disk('b'))
    fs.rmSync(path.join(bench.disk('b'), 'chunks', 'index.sqlite'))
    fs.mkdirSync(path.join(bench.disk('b'), 'chunks', 'index.sqlite'))
    await using disks = await bench.open()
    assert.deepEqual(states(disks), ['Ready', 'Failing'])
    await putMany(disks, 10)
    assert.deepEqual(await readAll(disks, put), new Set(['right', 'DiskAway']))
  })

  test('are removed when they are drained and empty, not before, and leave nothing behind', async () => {
    using bench = new DiskBench()
    await using disks = await bench.open()
    const { id } = await disks.add(bench.disk('b'), undefined)
    const put = await putMany(disks, 50)
    await assert.rejects(disks.remove({ id, name: 'm-attic' }, false), code('Busy', /is in use/))
    await disks.drain(id)
    await assert.rejects(disks.remove({ id, name: 'm-attic' }, false), code('Busy', /chunks are still on/))
    {
      await using _keeper = new DiskKeeper({ world: bench.world, disks, returned: () => undefined })
      while ((disks.reports[1]?.chunks ?? 0) > 0) await bench.world.clock.sleep(5, NEVER)
    }
    await disks.remove({ id, name: 'm-attic' }, false)
    assert.deepEqual(fs.readdirSync(bench.disk('b')), [])
    assert.deepEqual(states(disks), ['Ready'])
    assert.deepEqual(await readAll(disks, put), new Set(['right']))
    await assert.rejects(disks.remove({ id, name: 'm-attic' }, false), code('NotFound', /no disk/))
  })

  test('leave the map when they are missing for ten minutes, and at once when they fail', () => {
    const record = { id: 'd'.repeat(32), path: '/mnt/attic' }
    const lost = (state: 'Missing' | 'Failing') => ({ record, away: { state, why: 'so' }, sinceMs: 1000 })
    const isLeaving = (state: 'Missing' | 'Failing', nowMs: number) => reportOf(lost(state), nowMs).isLeaving === true
    assert.deepEqual([isLeaving('Missing', 600_999), isLeaving('Missing', 601_000)], [false, true])
    assert.equal(isLeaving('Failing', 1000), true)
  })

  test('that another data folder had are taken over with what they hold', async () => {
    using bench = new DiskBench()
    using later = new DiskBench()
    let put: Put
    {
      await using disks = await bench.open()
      await disks.add(bench.disk('b'), undefined)
      put = await putMany(disks, 50)
    }
    fs.cpSync(bench.disk('b'), later.disk('b'), { recursive: true })
    await using disks = await later.open()
    const { chunks } = await disks.add(later.disk('b'), undefined)
    assert.ok(chunks > 10)
    assert.deepEqual(await readAll(disks, put), new Set(['right', 'ChunkMissing']))
  })

  test('go on being emptied after a new start, until they are added again', async () => {
    using bench = new DiskBench()
    {
      await using disks = await bench.open()
      const { id } = await disks.add(bench.disk('b'), undefined)
      await disks.drain(id)
    }
    await using disks = await bench.open()
    assert.equal(disks.reports[1]?.isDraining, true)
    assert.equal(disks.reports[1]?.isLeaving, true)
    await disks.add(bench.disk('b'), undefined)
    assert.equal(disks.reports[1]?.isDraining, undefined)
    await putMany(disks, 50)
    assert.ok((disks.reports[1]?.chunks ?? 0) > 10)
  })

  test('let the first be emptied, but never removed', async () => {
    using bench = new DiskBench()
    await using disks = await bench.open()
    const [first] = disks.reports
    assert.ok(first)
    await assert.rejects(disks.drain(first.id), code('Invalid', /only disk/))
    await disks.add(bench.disk('b'), undefined)
    await disks.drain(first.id)
    await putMany(disks, 50)
    assert.deepEqual(
      disks.reports.map(({ chunks }) => chunks),
      [0, 50],
    )
    await assert.rejects(disks.remove({ id: first.id, name: 'm' }, true), code('Invalid', /the data folder/))
    await disks.undrainFirst()
    await putMany(disks, 50)
    assert.ok((disks.reports[0]?.chunks ?? 0) > 10)
  })

  test('keep to the share that is offered', async () => {
    using bench = new DiskBench()
    await using disks = await bench.open()
    const report = await disks.add(bench.disk('b'), 256 * 1024 * 1024)
    assert.equal(report.capacityMiB, 256)
    await assert.rejects(disks.add(bench.disk('b'), 512 * 1024 * 1024), code('Invalid', /is used already/))
  })

  test('are refused when they cannot be what they shall be, and nothing is changed', async () => {
    using bench = new DiskBench()
    const b = bench.disk('b')
    fs.writeFileSync(path.join(bench.disk('full'), 'letter.txt'), 'dear')
    fs.mkdirSync(path.join(bench.disk('data'), 'inner'))
    fs.mkdirSync(path.join(b, 'inner'))
    fs.writeFileSync(path.join(bench.home, 'file'), '')
    const mounts = [
      ...bench.machine.mounts,
      { path: bench.disk('memory'), type: 'tmpfs', source: 'tmpfs', device: '0:9' },
      { path: bench.disk('served'), type: 'fuse.cairn', source: 'cairn', device: '0:10' },
    ]
    Object.assign(bench.machine, { mounts })
    await using disks = await bench.open()
    await disks.add(path.join(b, 'inner'), undefined)
    const refusals: readonly (readonly [string, RegExp])[] = [
      [path.join(bench.home, 'nowhere'), /ENOENT/],
      [path.join(bench.home, 'file'), /is no folder/],
      [bench.disk('full'), /is not empty: there is letter.txt/],
      [bench.dataFolder, /is the data folder/],
      [path.join(bench.dataFolder, 'inner'), /lie in one another/],
      [bench.home, /lie in one another/],
      [b, /lie in one another/],
      [bench.disk('b/other'), /is on the same disk as .*inner/],
      [bench.disk('memory'), /tmpfs\), which is memory/],
      [path.join(bench.disk('served'), 'x'), /which Cairn itself serves/],
    ]
    for (const [folder, message] of refusals) {
      await assert.rejects(disks.add(folder, undefined), code('Invalid', message), folder)
    }
    assert.equal(disks.reports.length, 2)
    assert.deepEqual(fs.readdirSync(bench.disk('full')), ['letter.txt'])
  })

  test('that are too small for anything are refused, and left as they were', async () => {
    using bench = new DiskBench()
    await using disks = await bench.open()
    Object.assign(bench.machine, { ballastBytes: 2 ** 50 })
    await assert.rejects(disks.add(bench.disk('b'), undefined), code('Invalid', /too small/))
    assert.deepEqual(fs.readdirSync(bench.disk('b')), [])
    assert.deepEqual(states(disks), ['Ready'])
  })

  test('of which too little is offered are refused with the least, and left as they were', async () => {
    using bench = new DiskBench()
    await using disks = await bench.open()
    await assert.rejects(disks.add(bench.disk('b'), 1024), code('Invalid', /^1024 bytes .* the least is 256 MiB$/))
    assert.deepEqual(fs.readdirSync(bench.disk('b')), [])
    assert.deepEqual(states(disks), ['Ready'])
  })

  test('on the disk of the system are used only as far as people say', async () => {
    using bench = new DiskBench()
    Object.assign(bench.machine, { deviceOf: (folder: string) => (folder === bench.dataFolder ? 1 : 2) })
    await using disks = await bench.open()
    await assert.rejects(disks.add(bench.disk('b'), undefined), code('Invalid', /disk of the system/))
    assert.equal((await disks.add(bench.disk('b'), 2 ** 28)).state, 'Ready')
  })

  test('are not forgotten because what says which there are is damaged', async () => {
    using bench = new DiskBench()
    fs.writeFileSync(path.join(bench.dataFolder, 'disks.json'), '{"version":1,"disks":[{')
    await assert.rejects(bench.open(), code('DataFolder', /disks.json is damaged/))
  })
})
