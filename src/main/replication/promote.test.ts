import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { isFault } from '#base'
import { clusterFault, type MapFilesystem, type NodeMap } from '#cluster'
import { machineWorld } from '#host'
import { promote, type PromoteParts } from './promote.ts'

const never = new AbortController().signal
const machine = { role: 'node', zone: '', addresses: [], state: 'Online', disks: [] } as const
const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }

interface Told {
  readonly lacks?: readonly string[]
  readonly records?: readonly MapFilesystem[]
}

function parts(
  own: string,
  was: MapFilesystem,
  names: readonly string[],
  // What is here, and what machines that are reached say; others are off.
  {
    endsIn = 2,
    lacks = [],
    told = {},
  }: { endsIn?: number; lacks?: readonly string[]; told?: Record<string, Told> } = {},
) {
  const asked: (MapFilesystem | undefined)[] = []
  const map = { machines: names.map(name => ({ ...machine, name })) } as unknown as NodeMap
  const records = {
    of: () => was,
    set: async ({ next }: { next: MapFilesystem }) => (asked.push(next), next),
    force: async (record: MapFilesystem) => void asked.push(record),
  }
  const away = (): never => {
    throw clusterFault('NoPath', 'it is away')
  }
  const connect = async (name: string) => ({ call: async () => ({ records: [], ...(told[name] ?? away()) }) })
  const log = endsIn === 0 ? undefined : { epochs: [{ epoch: endsIn, boot: 'a', first: 1 }], last: 9 }
  const replication = { records, hasLog: async () => log, lacks }
  const made = { world, peers: { machines: { own, map, connect } }, replication, filesystems: { use: away } }
  return { parts: made as unknown as PromoteParts, asked }
}

const was: MapFilesystem = { name: 'home', home: 'a', epoch: 2, inSync: ['a', 'b', 'c'] }

test('a machine that has the log becomes the home of the next epoch', async () => {
  const { parts: made, asked } = parts('b', was, ['a', 'b', 'c'])
  await promote(made, { filesystem: 'home', isForced: false }, never)
  assert.deepEqual(asked, [{ name: 'home', home: 'b', epoch: 3, inSync: ['b', 'a', 'c'] }])
})

test('a home that was removed from the cloud is left out by the next one', async () => {
  const { parts: made, asked } = parts('b', was, ['b', 'c'])
  await promote(made, { filesystem: 'home', isForced: false }, never)
  assert.deepEqual(asked, [{ name: 'home', home: 'b', epoch: 3, inSync: ['b', 'c'] }])
})

// `b` has lost its disk and was named the home; `a`, the home of epoch 2, is back.
suite('a machine whose log may lack something', () => {
  const lost: MapFilesystem = { name: 'home', home: 'b', epoch: 3, inSync: ['b'] }
  const names = ['a', 'b', 'c']
  const force = { filesystem: 'home', isForced: true }
  const refused = (run: Promise<unknown>, hint: RegExp) => {
    return assert.rejects(run, error => isFault(error, 'NotInSync') && hint.test(error.hint ?? ''))
  }

  test('is made the home by force only, when the home has no log, and says what its own ends in', async () => {
    const { parts: made, asked } = parts('a', lost, names, { told: { b: { lacks: ['home'] } } })
    await refused(promote(made, { ...force, isForced: false }, never), /Only b has.*--force.*epoch 2/)
    assert.deepEqual(asked, [])
    const { epoch, endsIn } = await promote(made, force, never)
    assert.equal(endsIn, 2)
    assert.deepEqual(asked, [{ name: 'home', home: 'a', epoch, inSync: ['a'] }])
  })

  test('is made the home by force when the home does not answer', async () => {
    const { parts: made } = parts('a', lost, names)
    assert.equal((await promote(made, force, never)).endsIn, 2)
  })

  test('is not made the home, even by force, while one that has all answers, or knows of a later home', async () => {
    const serves = parts('a', lost, names, { told: { b: {} } })
    await refused(promote(serves.parts, force, never), /that has: b\./)
    const later = { ...lost, home: 'c', epoch: 4, inSync: ['c'] }
    const knows = parts('a', lost, names, { told: { b: { lacks: ['home'], records: [later] } } })
    await refused(promote(knows.parts, force, never), /that has: c\./)
    assert.deepEqual([...serves.asked, ...knows.asked], [])
  })

  test('is not made the home without any log', async () => {
    await refused(promote(parts('c', lost, names, { endsIn: 0 }).parts, force, never), /Only b has/)
    const named = parts('b', lost, names, { endsIn: 0, lacks: ['home'] })
    await refused(promote(named.parts, { ...force, isForced: false }, never), /was its home before/)
    await refused(promote(named.parts, force, never), /was its home before/)
  })

  test('is given an epoch that no other machine is given at the same time', async () => {
    const record = { ...lost, inSync: ['b', 'x', 'y'] }
    const forced = ['a', 'b', 'c', 'd', 'x', 'y'].map(own => promote(parts(own, record, names).parts, force, never))
    const epochs = (await Promise.all(forced)).map(({ epoch }) => epoch)
    assert.equal(new Set(epochs).size, epochs.length, epochs.join())
    assert.ok(epochs.every(epoch => epoch > record.epoch + 1))
  })
})
