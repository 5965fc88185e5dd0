import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import type { Digest } from '#base'
import { machineWorld } from '#host'
import { type Ino, isErrno, ROOT_INO } from '#storage/fs'
import { WaitingClock } from '../../../test/clocks/waiting-clock.ts'
import { openTestDoor, type TestDoor } from '../testing/door.ts'
import { UNHELD_AGAIN_MS, UNHELD_EVERY_MS, UNHELD_LOOK_MS } from '../limits.ts'
import { Unheld } from './unheld.ts'

const FILE = { kind: 'file', mode: 0o600 } as const
const ROOT = { uid: 0, gid: 0, umask: 0 }

async function write({ filesystems }: TestDoor, name: string): Promise<Ino> {
  const { filesystem } = filesystems.get('home')
  const made = await filesystem.vfs.make(ROOT_INO, name, FILE, ROOT)
  assert.ok(!isErrno(made))
  const bytes = Buffer.alloc(2 ** 20, createHash('sha512').update(name).digest())
  assert.ok(!isErrno(await filesystem.vfs.write(made.ino, 0, bytes, { append: false, killPrivileges: false })))
  await filesystem.sync()
  return made.ino
}

/** Machines of which a test says what they hold. */
class Machines {
  compared = ''
  isBusy = false
  /** What somebody has because it was read there. */
  readonly cached = new Set<Digest>()
  readonly held = new Set<Digest>()
  silent: string[] = []
  walks = 0
  told = { lostChunks: 0, awayChunks: 0 }

  async unheld(digests: readonly Digest[]) {
    this.walks += 1
    return { digests: digests.filter(digest => !this.held.has(digest)), silent: this.silent }
  }

  async rescue(digests: readonly Digest[]): Promise<void> {
    for (const digest of digests) if (this.cached.has(digest)) this.held.add(digest)
  }

  tellUnheld(told: Machines['told']): void {
    this.told = told
  }
}

test('what files need and nobody holds is looked for when machines have been compared, and again until it is there', async () => {
  await using door = await openTestDoor()
  const [kept, lost] = [await write(door, 'kept'), await write(door, 'lost')]
  assert.ok(kept !== lost)
  const of = async () =>
    (await door.chunks.list(0, 1)).filter(({ bytes }) => bytes === 2 ** 20).map(each => each.digest)
  const [one, two] = await of()
  assert.ok(one !== undefined && two !== undefined)
  const pool = new Machines()
  const clock = new WaitingClock()
  const log = { info: () => undefined, warn: () => undefined }
  await using unheld = new Unheld({ world: { ...machineWorld, clock, log }, pool, filesystems: door.filesystems })
  const isFound = async (counts: Machines['told']): Promise<void> => {
    const early = { ...pool.told }
    // The files are walked in real time.
    const endMs = performance.now() + 30_000
    while (JSON.stringify(pool.told) !== JSON.stringify(counts) && performance.now() < endMs) {
      await clock.pass(UNHELD_LOOK_MS)
      await setTimeout(5)
    }
    assert.deepEqual(pool.told, counts, `it was ${JSON.stringify(early)}`)
  }
  await clock.pass(UNHELD_EVERY_MS)
  assert.deepEqual([unheld.found, pool.walks], [undefined, 0], 'not before machines have been compared')

  pool.held.add(one)
  pool.compared = 'first'
  await isFound({ lostChunks: 1, awayChunks: 0 })
  assert.deepEqual(unheld.found?.digests, new Set([two]))

  pool.silent = ['far']
  await isFound({ lostChunks: 0, awayChunks: 1 })
  assert.deepEqual(unheld.found?.silent, ['far'])
  pool.silent = []
  pool.cached.add(two)
  await isFound({ lostChunks: 0, awayChunks: 0 })
  assert.ok(pool.held.has(two))

  const { walks } = pool
  await clock.pass(10 * UNHELD_AGAIN_MS)
  assert.equal(pool.walks, walks, 'nothing is looked for without a reason')
  pool.held.delete(two)
  pool.cached.clear()
  await clock.pass(UNHELD_EVERY_MS)
  await isFound({ lostChunks: 1, awayChunks: 0 })

  const { filesystem } = door.filesystems.get('home')
  assert.ok(!isErrno(await filesystem.vfs.remove(ROOT_INO, 'lost', 'file')))
  filesystem.vfs.forget(lost)
  assert.ok(!isErrno(await filesystem.vfs.remove(ROOT_INO, 'kept', 'file')))
  filesystem.vfs.forget(kept)
  await filesystem.sync()
  await isFound({ lostChunks: 0, awayChunks: 0 })
})
