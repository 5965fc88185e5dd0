import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { suite, test } from 'node:test'
import type { Digest } from '#base'
import { type DiskPart, dropTwins, emptyDisk } from './index.ts'
import { assertAll, Bench, putMany } from './testing.ts'

const NEVER = new AbortController().signal

suite('a disk that is drained', () => {
  test('gives all it holds to the others, takes nothing new, and all is there', async () => {
    await using bench = new Bench()
    const [a, b, c] = [await bench.part('a'), await bench.part('b'), await bench.part('c')]
    await using disks = bench.of(a, b, c)
    const put = await putMany(disks, 150)
    await b.store.cache(randomBytes(500))
    disks.drain(b.id, true)
    const { moved, noRoom } = await emptyDisk(bench.emptying(disks), b.id, NEVER)
    assert.ok(moved > 30)
    assert.equal(noRoom, 0)
    await putMany(disks, 50)
    assert.deepEqual(held(b), { held: 0, cached: 0 })
    disks.leave(b.id)
    await assertAll(disks, put)
    await b.store[Symbol.asyncDispose]()
  })

  test('keeps what fits nowhere else, and goes on when there is room', async () => {
    await using bench = new Bench()
    const [a, b] = [await bench.part('a', { bytesMax: 60_000 }), await bench.part('b')]
    await using disks = bench.of(a, b)
    const put = await putMany(disks, 100, 2000)
    disks.drain(b.id, true)
    const { noRoom } = await emptyDisk(bench.emptying(disks), b.id, NEVER)
    assert.ok(noRoom > 20)
    await assertAll(disks, put)
    disks.add(await bench.part('c'))
    assert.equal((await emptyDisk(bench.emptying(disks), b.id, NEVER)).noRoom, 0)
    assert.equal(held(b).held, 0)
    await assertAll(disks, put)
  })

  test('has each chunk on a disk whenever its process is killed', async () => {
    await using bench = new Bench()
    let put: Map<Digest, Uint8Array>
    {
      await using disks = await bench.disks('a', 'b')
      put = await putMany(disks, 400)
    }
    for (const lines of [70, 90, 130, 200]) {
      await killedAfter(bench.folder, lines)
      await using disks = await bench.disks('a', 'b')
      await assertAll(disks, put)
      assert.equal(disks.stat().states.quarantined.chunks, 0)
    }
  })

  test('is told to end between two steps, and nothing is lost', async () => {
    await using bench = new Bench()
    const [a, b] = [await bench.part('a'), await bench.part('b')]
    await using disks = bench.of(a, b)
    const put = await putMany(disks, 200)
    disks.drain(b.id, true)
    const ending = new AbortController()
    const emptied = emptyDisk(bench.emptying(disks), b.id, ending.signal)
    ending.abort(new Error('enough'))
    await assert.rejects(emptied, /enough/)
    await assertAll(disks, put)
  })
})

test('what is on two disks since one was away is dropped on one of them', async () => {
  await using bench = new Bench()
  const [a, b] = [await bench.part('a'), await bench.part('b')]
  await using disks = bench.of(a, b)
  const put = await putMany(disks, 60)
  for (const content of [...put.values()].slice(0, 20)) for (const { store } of [a, b]) await store.put(content)
  assert.equal(held(a).held + held(b).held, 80)
  assert.equal(await dropTwins(bench.emptying(disks), NEVER), 20)
  assert.equal(held(a).held + held(b).held, 60)
  await assertAll(disks, put)
})

function held({ store }: DiskPart) {
  const { held: one, cached } = store.stat().states
  return { held: one.chunks, cached: cached.chunks }
}

async function killedAfter(folder: string, lines: number): Promise<void> {
  const program = new URL('./test/empty-forever.ts', import.meta.url).pathname
  const child = spawn(process.execPath, [program, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
  let count = 0
  for await (const _ of createInterface({ input: child.stdout })) if (++count === lines) child.kill('SIGKILL')
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  assert.equal(child.signalCode, 'SIGKILL')
}
