import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { World } from '#base'
import { isFault } from '#base'
import { type EmbeddedOptions, openEmbeddedKeyspace } from './embedded.ts'
import type { LocalKeyspace } from './keyspace.ts'
import { memoryIndex } from './memory-index.ts'
import { FragileDisk, systemError } from './test/fragile-disk.ts'
import { del, never, put, quietWorld, show } from './test/support.ts'

interface Rig {
  readonly disk: FragileDisk
  readonly open: () => Promise<LocalKeyspace>
}

function rig(bound: Pick<EmbeddedOptions, 'beforeSync' | 'survived'> = {}): Rig {
  const disk = new FragileDisk()
  // Nothing happens by time here, so that every run is the same.
  const clock = {
    ...quietWorld.clock,
    sleep: (_: number, signal: AbortSignal) =>
      new Promise<void>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      }),
  }
  const world: World = { ...quietWorld, disk, clock }
  return { disk, open: () => openEmbeddedKeyspace({ world, folder: 'data', index: memoryIndex, ...bound }) }
}

function shown(keyspace: LocalKeyspace): string[] {
  return keyspace.rangeNow({ keys: { kind: 'prefix', prefix: '' } }).entries.map(show)
}

function keysOf(keyspace: LocalKeyspace): string[] {
  return keyspace.rangeNow({ keys: { kind: 'prefix', prefix: '' } }).entries.map(entry => entry.key)
}

function commit(keyspace: LocalKeyspace, i: number, bytes: number): void {
  const value = `${i}`.padEnd(bytes, '.')
  keyspace.commit({
    then: [put('n', `${i}`), put(`k${i % 7}`, value), ...(i % 5 === 0 ? [del(`k${(i + 3) % 7}`)] : [])],
  })
}

const round = fc.record({
  commits: fc.array(fc.record({ bytes: fc.constantFrom(1, 100, 700, 5000), sync: fc.boolean() }), { maxLength: 12 }),
  seeds: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 40 }),
  kill: fc.boolean(),
})

test('after a power cut there is a prefix with everything that was synced', async () => {
  const property = fc.asyncProperty(fc.array(round, { minLength: 1, maxLength: 5 }), async rounds => {
    const { disk, open } = rig()
    let states = ['']
    let i = 0
    for (const { commits, seeds, kill } of rounds) {
      const keyspace = await open()
      const first = keyspace.revision
      assert.equal(shown(keyspace).join(), states[first])
      states = states.slice(0, first + 1)
      let synced = first
      for (const { bytes, sync } of commits) {
        commit(keyspace, i++, bytes)
        states.push(shown(keyspace).join())
        if (sync) await keyspace.sync(keyspace.revision, never)
        if (sync) synced = keyspace.revision
      }
      const last = keyspace.revision
      let at = 0
      if (kill) disk.kill()
      else disk.powerCut(() => seeds[at++ % seeds.length]!)
      await using again = await open()
      assert.ok(again.revision >= (kill ? last : synced), `${again.revision} of ${synced} synced, ${last} committed`)
      assert.equal(shown(again).join(), states[again.revision])
    }
  })
  await fc.assert(property, { numRuns: 100 })
})

test('the log ends before a record that was never synced and names what is lost', async () => {
  const lost = new Set<string>()
  const { disk, open } = rig({ survived: async entries => entries.every(entry => !lost.has(entry.key)) })
  {
    await using keyspace = await open()
    keyspace.commit({ then: [put('synced', '1')] })
    await keyspace.sync(keyspace.revision, never)
    for (const key of ['before', 'names', 'after']) keyspace.commit({ then: [put(key, '1')] })
    disk.kill()
  }
  lost.add('names')
  lost.add('synced') // what was synced is not asked about again
  {
    await using keyspace = await open()
    assert.deepEqual(keysOf(keyspace), ['before', 'synced'])
    keyspace.commit({ then: [put('next', '1')] })
    await keyspace.sync(keyspace.revision, never)
  }
  await using keyspace = await open()
  assert.deepEqual(keysOf(keyspace), ['before', 'next', 'synced'])
})

test('what a later record replaces may be gone', async () => {
  const { disk, open } = rig({
    survived: async entries => entries.every(({ value }) => Buffer.from(value).toString() !== 'gone'),
  })
  {
    await using keyspace = await open()
    keyspace.commit({ then: [put('a', 'gone'), put('b', 'gone')] })
    keyspace.commit({ then: [put('a', 'here'), del('b')] })
    disk.kill()
  }
  await using keyspace = await open()
  assert.deepEqual(keysOf(keyspace), ['a'])
})

test('a commit made while what others name is being synced is not called durable by that sync', async () => {
  const waiting: (() => void)[] = []
  const hold = { on: false }
  const beforeSync = (): Promise<void> =>
    hold.on ? new Promise(resolve => void waiting.push(resolve)) : Promise.resolve()
  const { open } = rig({ beforeSync })
  await using keyspace = await open()
  hold.on = true
  const early = keyspace.commit({ then: [put('early', '1')] }).revision
  const synced = keyspace.sync(early, never)
  await Promise.resolve()
  const late = keyspace.commit({ then: [put('late', '1')] }).revision
  hold.on = false
  for (const resolve of waiting) resolve()
  await synced
  assert.equal((await keyspace.status(never)).durableRevision, early)
  await keyspace.sync(late, never)
  assert.equal((await keyspace.status(never)).durableRevision, late)
})

test('a full disk fails the commit, shows nothing of it, and all is well when there is room again', async () => {
  const { disk, open } = rig()
  {
    await using keyspace = await open()
    commit(keyspace, 1, 5000)
    disk.fault = doing => (doing === 'write' ? systemError('ENOSPC') : undefined)
    for (let i = 2; i < 5; i++)
      assert.throws(
        () => commit(keyspace, i, 5000),
        (error: unknown) => isFault(error, 'DiskFull'),
      )
    assert.equal(keyspace.revision, 1)
    assert.equal(show(keyspace.get('n')!), 'n=1@1/1/1')
    await keyspace.sync(keyspace.revision, never)
    disk.fault = () => undefined
    commit(keyspace, 5, 10)
    await keyspace.sync(keyspace.revision, never)
  }
  await using again = await open()
  assert.equal(show(again.get('n')!), 'n=5@1/2/2')
})

test('a failed write or sync stops commits until the next opening, reads go on', async () => {
  for (const failing of ['write', 'sync'] as const) {
    const { disk, open } = rig()
    const keyspace = await open()
    commit(keyspace, 1, 10)
    await keyspace.sync(keyspace.revision, never)
    disk.fault = doing => (doing === failing ? systemError('EIO') : undefined)
    const failed = (error: unknown): boolean => isFault(error, 'DiskFailed')
    if (failing === 'write') assert.throws(() => commit(keyspace, 2, 10), failed)
    else {
      commit(keyspace, 2, 10)
      await assert.rejects(keyspace.sync(keyspace.revision, never), failed)
    }
    disk.fault = () => undefined
    assert.throws(() => commit(keyspace, 3, 10), failed)
    await assert.rejects(
      keyspace.sync(keyspace.revision, never).then(() => commit(keyspace, 3, 10)),
      failed,
    )
    assert.ok(keyspace.get('n') !== undefined)
    await keyspace[Symbol.asyncDispose]()
    await using again = await open()
    commit(again, 4, 10)
    await again.sync(again.revision, never)
    assert.match(show(again.get('n')!), /^n=4@/)
  }
})

test('what a failed sync or a killed process left unsynced is on the disk after the next opening', async () => {
  const lost = (): number => 0.9
  {
    const { disk, open } = rig()
    const keyspace = await open()
    commit(keyspace, 1, 10)
    disk.fault = doing => (doing === 'sync' ? systemError('EIO') : undefined)
    await assert.rejects(keyspace.sync(keyspace.revision, never))
    disk.fault = () => undefined
    await keyspace[Symbol.asyncDispose]()
    {
      await using again = await open()
      assert.equal((await again.status(never)).durableRevision, 1)
    }
    disk.powerCut(lost)
    await using last = await open()
    assert.match(show(last.get('n')!), /^n=1@/)
  }
  const { disk, open } = rig()
  const killed = await open()
  for (let i = 0; i < 14; i++) commit(killed, i, 1_400_000) // more than one segment
  disk.kill()
  const again = await open()
  assert.equal((await again.status(never)).durableRevision, 14)
  disk.powerCut(lost)
  await using last = await open()
  assert.match(show(last.get('n')!), /^n=13@/)
})

test('a segment that becomes full while a sync runs is durable only after the next', async () => {
  const { disk, open } = rig()
  await using keyspace = await open()
  const big = (i: number): void => commit(keyspace, i, 1_400_000)
  for (let i = 0; i < 13; i++) big(i)
  const promised = keyspace.revision
  let isFirst = true
  disk.fault = doing => {
    if (doing === 'sync' && isFirst) {
      isFirst = false
      for (let i = 13; i < 40; i++) big(i)
    }
    return undefined
  }
  await keyspace.sync(promised, never)
  disk.powerCut(() => 0.9)
  const state = await open()
  assert.ok(state.revision >= promised, `${state.revision} of ${promised}`)
  await state[Symbol.asyncDispose]()
})
