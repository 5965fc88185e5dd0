import assert from 'node:assert/strict'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { test, type TestContext } from 'node:test'
import type { Clock } from '#base'
import { machineDisk } from '#host'
import type { ScrubOptions, ScrubProgress } from '#storage/chunks'
import { SCRUB_EVERY_MS } from '../limits.ts'
import { rateFor, Scrubber } from './scrubber.ts'

const STEP = { chunks: 0, bytes: 0, damagedChunks: 0, finding: undefined, segment: 0, isDone: false }

// Sleeping takes no time; every sleep is counted against a number of looks.
class QuickClock implements Clock {
  ms = 1_000_000
  #looks: number
  readonly over = Promise.withResolvers<void>()

  constructor(looks: number) {
    this.#looks = looks
  }

  wallNs = () => BigInt(this.ms) * 1_000_000n
  monotonicMs = () => this.ms

  sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    await new Promise(resolve => setImmediate(resolve))
    if (this.#looks-- > 0) {
      this.ms += ms
      return
    }
    this.over.resolve()
    await new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('over'))))
  }
}

function setUp(t: TestContext) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'cairn-scrubber-'))
  t.after(() => fs.rmSync(folder, { recursive: true }))
  const asked: ScrubOptions[] = []
  const log = { info: () => undefined, warn: () => undefined }
  const run = async (clock: QuickClock, rows: readonly ScrubProgress[], people = { isBusy: false }) => {
    async function* scrub(options: ScrubOptions): AsyncGenerator<ScrubProgress> {
      asked.push(options)
      yield* rows
      if (rows.at(-1)?.isDone !== true) throw new Error('the machine goes off')
    }
    const chunks = { scrub, stat: () => ({ segmentBytes: 2 ** 40 }) as never }
    const scrubber = new Scrubber({ world: { clock, disk: machineDisk, log }, folder, chunks })
    scrubber.stayBehind(people)
    await clock.over.promise
    await scrubber[Symbol.asyncDispose]()
    return scrubber.state
  }
  return { asked, run }
}

test('a disk is read through a week after its first start, and every week from then on', async t => {
  const { asked, run } = setUp(t)
  const day = 144
  const begun = await run(new QuickClock(6 * day), [])
  assert.deepEqual([asked.length, begun.last, begun.sinceMs], [0, undefined, 1_000_000])
  const clock = new QuickClock(9 * day)
  clock.ms += 6 * day * 600_000
  const done = { ...STEP, chunks: 7, bytes: 700, segment: 3, isDone: true }
  const { last, now } = await run(clock, [done])
  assert.deepEqual([asked.length, last?.chunks, last?.damaged, now], [2, 7, 0, undefined])
})

test('where it was survives a restart, with what was found by then', async t => {
  const { asked, run } = setUp(t)
  await run(new QuickClock(0), [])
  const late = () => Object.assign(new QuickClock(0), { ms: 1_000_000 + SCRUB_EVERY_MS })
  await run(late(), [{ ...STEP, chunks: 5, bytes: 500, segment: 2 }])
  const { last } = await run(late(), [{ ...STEP, chunks: 4, bytes: 400, segment: 5, damagedChunks: 1, isDone: true }])
  assert.deepEqual(
    asked.map(({ from }) => from),
    [0, 2],
  )
  assert.deepEqual([last?.chunks, last?.bytes, last?.damaged], [9, 900, 1])
})

test('it is through within a week also while people use the disk all the time, and slower then', async t => {
  const { asked, run } = setUp(t)
  await run(new QuickClock(0), [])
  const people = { isBusy: true }
  const clock = Object.assign(new QuickClock(0), { ms: 1_000_000 + SCRUB_EVERY_MS })
  await run(clock, [{ ...STEP, isDone: true }], people)
  const { bytesPerSecond, slowness } = asked[0]!
  assert.equal(slowness!(), 2)
  assert.ok((2 ** 40 / bytesPerSecond) * slowness!() * 1000 <= SCRUB_EVERY_MS)
  people.isBusy = false
  assert.equal(slowness!(), 1)
  assert.equal(rateFor(0), 2 ** 20)
})
