import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Told } from './told.ts'

test('all who listen are told how far it is, and that it is over', { timeout: 10_000 }, async () => {
  const told = new Told()
  const { promise, resolve } = Promise.withResolvers<void>()
  const listen = async (): Promise<readonly number[]> => {
    const done: number[] = []
    for await (const row of told.until(promise)) done.push(row.done)
    return done
  }
  const all = [listen(), listen()]
  for (const entries of [1, 2]) {
    told.tell({ kind: 'copied', entries, entriesAll: 2 })
    await new Promise(setImmediate)
  }
  resolve()
  assert.deepEqual(await Promise.all(all), [
    [1, 2],
    [1, 2],
  ])
})
