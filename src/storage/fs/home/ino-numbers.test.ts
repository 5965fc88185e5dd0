import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineFaults } from '#base'
import { machineWorld } from '#host'
import { type LocalKeyspace, openMemoryKeyspace } from '#keyspace'
import { INO_BLOCK } from '../limits.ts'
import { InoNumbers } from './ino-numbers.ts'

const fault = defineFaults({ Busy: { status: 503, retry: 'later' } })

test('numbers are given away when the counter behind them is durable, not before', async () => {
  await using keyspace = openMemoryKeyspace({ world: machineWorld })
  let isDown = true
  const inos = new InoNumbers(syncing(keyspace, () => (isDown ? Promise.reject(new Error('down')) : undefined)))
  await assert.rejects(Promise.resolve(inos.awaited), /down/)
  isDown = false
  await inos.awaited
  assert.equal(inos.awaited, undefined)
  const first = inos.take()
  // Another home goes on with the log, but without what was made here.
  const next = new InoNumbers(keyspace)
  await next.awaited
  assert.ok(next.take() >= first + INO_BLOCK)
})

test('who makes many files waits for numbers only when they could not be had ahead', async () => {
  await using keyspace = openMemoryKeyspace({ world: machineWorld })
  let isDown = false
  const inos = new InoNumbers(syncing(keyspace, () => (isDown ? Promise.reject(new Error('down')) : undefined)))
  await inos.awaited
  const given = new Set<number>()
  for (let n = 0; n < 2 * INO_BLOCK; n++) {
    if (n % INO_BLOCK === INO_BLOCK / 2 + 1) await new Promise(resolve => setImmediate(resolve))
    assert.equal(inos.awaited, undefined)
    given.add(inos.take())
    isDown = n > INO_BLOCK
  }
  assert.equal(given.size, 2 * INO_BLOCK)
  await assert.rejects(Promise.resolve(inos.awaited), /down/)
})

test('who needs numbers while the index is too far behind waits for it', async () => {
  await using keyspace = openMemoryKeyspace({ world: machineWorld })
  let isBusy = true
  const busy = new Proxy(keyspace, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target)
      if (typeof value !== 'function') return value
      if (name !== 'commit' || !isBusy) return value.bind(target)
      isBusy = false
      return () => {
        throw fault('Busy', 'the index is too far behind the commits')
      }
    },
  })
  const inos = new InoNumbers(busy)
  await inos.awaited
  assert.equal(isBusy, false)
  assert.equal(inos.awaited, undefined)
})

function syncing(keyspace: LocalKeyspace, before: () => Promise<void> | undefined): LocalKeyspace {
  return new Proxy(keyspace, {
    get(target, name) {
      if (name === 'sync')
        return async (...asked: Parameters<LocalKeyspace['sync']>) => (await before(), target.sync(...asked))
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}
