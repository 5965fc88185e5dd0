import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { digestOf, isFault } from '#base'
import { sqliteIndex } from './index.ts'
import { hashOf } from './record.ts'
import { Bench } from './testing.ts'

async function killedAfter(folder: string, lines: number): Promise<string[]> {
  const child = spawn(process.execPath, [new URL('./test/put-forever.ts', import.meta.url).pathname, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const acknowledged: string[] = []
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(line)
    if (acknowledged.length === lines) child.kill('SIGKILL')
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  assert.ok(acknowledged.length >= lines)
  return acknowledged
}

test('kill -9 at any moment loses nothing acknowledged', async () => {
  await using bench = new Bench()
  const acknowledged: string[] = []
  for (const lines of [40, 150, 300]) {
    acknowledged.push(...(await killedAfter(bench.folder, lines)))
    await using store = await bench.open()
    for (const line of acknowledged) {
      if (line.length !== 64) continue // the last line was cut by the kill
      const digest = digestOf(Buffer.from(line, 'hex'))
      assert.equal(await store.has(digest), true, line)
    }
    const { held, quarantined } = store.stat().states
    assert.equal(quarantined.chunks, 0)
    assert.ok(held.chunks >= acknowledged.length - 1)
    for (const line of acknowledged.slice(-50)) {
      const digest = digestOf(Buffer.from(line, 'hex'))
      const group = await store.list((digest.charCodeAt(0) << 4) | (digest.charCodeAt(1) >> 4))
      const into = Buffer.alloc(group.find(chunk => chunk.digest === digest)!.bytes)
      await store.read(digest, into, 0)
      assert.equal(hashOf(into), digest)
    }
  }
})

test('a folder belongs to one store at a time', async () => {
  await using bench = new Bench()
  await using store = await bench.open()
  await store.put(randomBytes(10))
  const second = bench.open({ index: sqliteIndex(`${bench.folder}/other.sqlite`) })
  await assert.rejects(second, error => isFault(error, 'InUse') && error.message.includes(bench.folder))
})

test('compressed chunks read back, whole and in part', async () => {
  await using bench = new Bench({ compress: 'zstd' })
  await using store = await bench.open()
  const text = Buffer.from('all work and no play makes jack a dull boy\n'.repeat(5000))
  const digest = await store.put(text)
  const noise = await store.put(randomBytes(50_000))
  assert.ok(store.stat().segmentBytes < 70_000)
  const into = Buffer.alloc(100)
  await store.read(digest, into, 77_777)
  assert.ok(into.equals(text.subarray(77_777, 77_877)))
  await store.read(noise, into, 49_900)
})
