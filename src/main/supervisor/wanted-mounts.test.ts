import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import { machineWorld as world } from '#host'
import { mainFault } from '../faults.ts'
import { readMountTable, type WantedMount, writeMountTable } from './mount-table.ts'
import { mountWanted, type WantedMounts } from './wanted-mounts.ts'

/** A start with mounts that are only noted, one of each filesystem. */
function start(): Omit<WantedMounts, 'chosen'> & { readonly root: string } & Disposable {
  const root = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-wanted-')))
  const dataFolder = `${root}/data`
  fs.mkdirSync(dataFolder)
  const places = new Map<string, string>()
  async function mount(wanted: WantedMount): Promise<WantedMount> {
    const there = places.get(wanted.filesystem)
    if (there !== undefined) throw mainFault('Occupied', `${wanted.filesystem} is mounted at ${there} already`)
    places.set(wanted.filesystem, wanted.path)
    return wanted
  }
  const usual = [`${root}/cairn`, `${root}/cairn-files`] as const
  const release = () => fs.rmSync(root, { recursive: true })
  return { root, world, dataFolder, mounts: { mount }, usual: [...usual], [Symbol.dispose]: release }
}

test('a usual place that holds other files, such as a checkout, is passed over for the next one', async () => {
  using t = start()
  fs.mkdirSync(`${t.root}/cairn`)
  fs.writeFileSync(`${t.root}/cairn/README.md`, '')
  const [outcome] = await mountWanted({ ...t, chosen: undefined })
  const wanted = { filesystem: 'home', path: `${t.root}/cairn-files` }
  assert.deepEqual([outcome?.mount, outcome?.fault], [wanted, undefined])
  assert.deepEqual(readMountTable(t.dataFolder), [wanted])
})

test('the usual place is taken when it is empty, and stays when it was ever used', async () => {
  using t = start()
  fs.mkdirSync(`${t.root}/cairn`)
  const wanted = { filesystem: 'home', path: `${t.root}/cairn` }
  assert.deepEqual(await mountWanted({ ...t, chosen: undefined }), [{ mount: wanted }])
  using later = start()
  fs.mkdirSync(`${later.root}/cairn`)
  fs.writeFileSync(`${later.root}/cairn/file`, '')
  writeMountTable(later.dataFolder, [wanted])
  assert.deepEqual(await mountWanted({ ...later, chosen: undefined }), [{ mount: wanted }])
})

test('a table that names a filesystem twice loses the second, which is told', async () => {
  using t = start()
  const table = ['/a', '/b'].map(place => ({ filesystem: 'home', path: place }))
  writeMountTable(t.dataFolder, [...table, { filesystem: 'photos', path: '/p' }])
  const outcomes = await mountWanted({ ...t, chosen: undefined })
  assert.deepEqual(
    outcomes.map(({ mount, fault }) => [mount.path, fault?.message]),
    [
      ['/a', undefined],
      ['/b', 'home is mounted at /a already'],
      ['/p', undefined],
    ],
  )
  assert.deepEqual(
    readMountTable(t.dataFolder)?.map(row => row.path),
    ['/a', '/p'],
  )
})

test('a chosen place replaces every remembered one of home', async () => {
  using t = start()
  const table = ['/a', '/b'].map(place => ({ filesystem: 'home', path: place }))
  writeMountTable(t.dataFolder, table)
  assert.deepEqual(await mountWanted({ ...t, chosen: '/c' }), [{ mount: { filesystem: 'home', path: '/c' } }])
  assert.deepEqual(readMountTable(t.dataFolder), [{ filesystem: 'home', path: '/c' }])
})
