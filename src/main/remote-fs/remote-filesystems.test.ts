import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { test } from 'node:test'
import type { Machines } from '#cluster'
import { machineWorld } from '#host'
import { MemoryChunkSource } from './testing/chunks.ts'
import { RemoteFilesystems } from './remote-filesystems.ts'

test('nobody waits for a machine that is the home no longer, however long it takes to answer', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'cairn-remote-'))
  const dialled: string[] = []
  const dialledNew = Promise.withResolvers<void>()
  const machines: Pick<Machines, 'own' | 'client' | 'connect'> = {
    own: 'me',
    client: () => undefined,
    connect(name, signal) {
      dialled.push(name)
      if (name === 'new') dialledNew.resolve()
      return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }))
    },
  }
  const listeners = new Set<() => void>()
  let home = 'old'
  const world = { ...machineWorld, log: { info: () => undefined, warn: () => undefined } }
  const filesystems = new RemoteFilesystems({
    world,
    dataFolder: folder,
    bootId: '0',
    chunks: new MemoryChunkSource(),
    machines: machines as Machines,
    told: async () => undefined,
    names: ['home'],
    homeOf: () => home,
    onHomes(run) {
      listeners.add(run)
      return { [Symbol.dispose]: () => void listeners.delete(run) }
    },
  })
  home = 'new'
  for (const run of listeners) run()
  await dialledNew.promise
  assert.deepEqual(new Set(dialled), new Set(['old', 'new']))
  await filesystems[Symbol.asyncDispose]()
  assert.equal(listeners.size, 0)
  rmSync(folder, { recursive: true })
})
