import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Clock, isFault } from '#base'
import { revisionOf } from '../change.ts'
import type { LocalKeyspace } from '../keyspace.ts'
import { never } from '../test/support.ts'
import { change, LogMachine, shown, toAsync } from '../test/two-logs.ts'
import { packRecords } from './batch.ts'
import { beginEpoch } from './epochs.ts'
import { openCheckpoint } from './checkpoint-file.ts'
import type { StandbyLine } from './follower.ts'
import { LogShipper, type WantedLogs } from './shipper.ts'
import type { Standby } from './standby.ts'

/** A clock that goes on by itself whenever there is nothing else to do, and counts. */
class EagerClock implements Clock {
  #ms = 0
  #sleepers: { readonly atMs: number; readonly wake: () => void }[] = []
  #isTicking = false

  wallNs(): bigint {
    return BigInt(this.#ms) * 1_000_000n
  }

  monotonicMs(): number {
    return this.#ms
  }

  sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason)
      const sleeper = { atMs: this.#ms + ms, wake: resolve }
      this.#sleepers.push(sleeper)
      signal.addEventListener('abort', () => {
        this.#sleepers = this.#sleepers.filter(each => each !== sleeper)
        reject(signal.reason)
      })
      this.#tick()
    })
  }

  #tick(): void {
    if (this.#isTicking) return
    this.#isTicking = true
    setImmediate(() => {
      this.#isTicking = false
      const atMs = Math.min(...this.#sleepers.map(each => each.atMs))
      if (atMs === Infinity) return
      this.#ms = Math.max(this.#ms, atMs)
      const due = this.#sleepers.filter(each => each.atMs <= this.#ms)
      this.#sleepers = this.#sleepers.filter(each => each.atMs > this.#ms)
      for (const { wake } of due) wake()
      if (this.#sleepers.length > 0) this.#tick()
    })
  }
}

/** A home called `home` and standbys on other machines, any of which can be silent. */
class Logs implements AsyncDisposable {
  readonly clock = new EagerClock()
  readonly machines = new Map<string, { readonly machine: LogMachine; readonly standby: Standby }>()
  readonly silent = new Set<string>()
  /** In sync, and wiped since. */
  readonly empty: ReadonlySet<string>
  readonly agreed: (readonly string[])[] = []
  inSync: readonly string[]
  wanted: WantedLogs
  deposed: Error | undefined
  appends = 0
  fills = 0
  asked = 0
  mayAgree = true
  home!: LocalKeyspace
  shipper!: LogShipper
  readonly #own = new LogMachine()

  constructor(inSync: readonly string[], wanted: WantedLogs, empty: readonly string[] = []) {
    this.inSync = inSync
    this.wanted = wanted
    this.empty = new Set(empty)
  }

  async open(names: readonly string[]): Promise<this> {
    for (const name of names) {
      const machine = new LogMachine()
      this.machines.set(name, { machine, standby: await machine.standby() })
    }
    const shipper = () => this.shipper
    this.home = await this.#own.home({ shipped: async target => shipper().shipped(target) })
    beginEpoch(this.home, { epoch: 1, boot: 'a' })
    for (const name of this.inSync.filter(each => !this.empty.has(each))) await this.#begun(name)
    this.shipper = new LogShipper({
      world: { clock: this.clock, log: { info: () => undefined, warn: () => undefined } },
      own: 'home',
      epoch: 1,
      keyspace: this.home,
      checkpoint: () => openCheckpoint(this.#own.disk, 'data'),
      line: name => this.#line(name),
      wanted: () => this.wanted,
      inSync: () => this.inSync,
      agree: async next => {
        this.asked += 1
        if (!this.mayAgree) throw Object.assign(new Error('no controller'))
        this.inSync = next
        this.agreed.push(next)
      },
      deposed: error => {
        this.deposed = error
      },
    })
    return this
  }

  sync(): Promise<void> {
    return this.home.sync(this.home.revision, never)
  }

  /** What a machine has, once it is opened as a keyspace. */
  async has(name: string): Promise<string> {
    const { machine, standby } = this.machines.get(name) ?? assert.fail(name)
    await standby[Symbol.asyncDispose]()
    await using opened = await machine.home()
    return shown(opened)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shipper[Symbol.asyncDispose]()
    await this.home[Symbol.asyncDispose]()
  }

  // Who is in sync has what there is.
  async #begun(name: string): Promise<void> {
    const standby = this.machines.get(name)?.standby
    for await (const record of this.home.records(revisionOf(1), never)) {
      standby?.append(packRecords(1, record.revision, [record]))
      if (record.revision === this.home.revision) break
    }
    await standby?.sync(1, this.home.revision, never)
  }

  #line(name: string): StandbyLine {
    const standby = async (signal: AbortSignal): Promise<Standby> => {
      if (this.silent.has(name)) await this.clock.sleep(3_600_000, signal)
      return this.machines.get(name)?.standby ?? assert.fail(name)
    }
    return {
      reach: async (epoch, signal) => {
        const there = await standby(signal)
        there.follow(epoch)
        return there.reach
      },
      append: async (batch, syncTo, signal) => {
        this.appends += 1
        const there = await standby(signal)
        there.append(batch)
        await there.sync(batch.epoch, syncTo, signal)
        return there.reach.durable
      },
      fill: async (epoch, pieces, signal) => {
        this.fills += 1
        const there = await standby(signal)
        await there.fill(epoch, toAsync(pieces))
        return there.reach
      },
    }
  }
}

async function until({ clock }: Logs, holds: () => boolean): Promise<void> {
  while (!holds()) await clock.sleep(50, never)
}

suite('a home whose log is on several machines', () => {
  test('calls durable what all that are in sync have, in few calls for many that wait', async () => {
    await using logs = await new Logs(['home', 'b', 'c'], { others: ['b', 'c'], copies: 3, least: 2 }).open(['b', 'c'])
    await logs.sync()
    const before = logs.appends
    const syncs: Promise<void>[] = []
    for (let i = 0; i < 200; i++) {
      change(logs.home, i, 100)
      syncs.push(logs.sync())
    }
    await Promise.all(syncs)
    assert.ok(logs.appends - before <= 8, `${logs.appends - before} calls for 200 syncs`)
    const expected = shown(logs.home)
    assert.deepEqual([await logs.has('b'), await logs.has('c')], [expected, expected])
  })

  test('goes on without one that is silent, after it is agreed on; and takes in another that has all of it', async () => {
    await using logs = await new Logs(['home', 'b'], { others: ['b', 'c'], copies: 2, least: 2 }).open(['b', 'c'])
    change(logs.home, 1, 10)
    await logs.sync()
    logs.silent.add('b')
    change(logs.home, 2, 10)
    const fromMs = logs.clock.monotonicMs()
    await logs.sync()
    const tookMs = logs.clock.monotonicMs() - fromMs
    assert.ok(tookMs >= 2000 && tookMs < 8000, `${tookMs} ms`)
    assert.deepEqual(logs.inSync, ['home', 'c'])
    assert.deepEqual(logs.agreed, [
      ['home', 'b', 'c'],
      ['home', 'c'],
    ])
    assert.equal(await logs.has('c'), shown(logs.home))
  })

  test('brings to one more what all in sync have, waits for it never, and needs not fill it when one is lost', async () => {
    const wanted = { others: ['b', 'c'], copies: 2, least: 2 }
    await using logs = await new Logs(['home', 'b'], wanted).open(['b', 'c'])
    const spare = () => logs.machines.get('c')?.standby.reach.last ?? 0
    change(logs.home, 1, 10)
    await logs.sync()
    const synced = logs.home.revision
    await until(logs, () => spare() === synced)
    assert.deepEqual(logs.agreed, [])
    const filled = logs.fills
    logs.silent.add('b')
    change(logs.home, 2, 10)
    const syncing = logs.sync()
    await logs.clock.sleep(1_000, never)
    assert.equal(spare(), synced, 'b may be the next home and lacks it')
    await syncing
    assert.deepEqual(logs.inSync, ['home', 'c'])
    assert.equal(logs.fills, filled)
    assert.equal(await logs.has('c'), shown(logs.home))
  })

  test('calls nothing durable that too few have, and says so after 30 s; the next sync tries again', async () => {
    await using logs = await new Logs(['home', 'b'], { others: ['b'], copies: 2, least: 2 }).open(['b'])
    await logs.sync()
    logs.silent.add('b')
    change(logs.home, 1, 10)
    await assert.rejects(logs.sync(), error => isFault(error, 'TooFewLogs'))
    await assert.rejects(logs.sync(), error => isFault(error, 'TooFewLogs'))
    assert.deepEqual(logs.inSync, ['home', 'b'])
    change(logs.home, 2, 10)
    logs.wanted = { others: [], copies: 2, least: 1 }
    await logs.sync()
    assert.deepEqual(logs.inSync, ['home'])
  })

  test('waits only a moment for others when its machine goes down', async () => {
    await using logs = await new Logs(['home', 'a'], { others: ['a'], copies: 2, least: 2 }).open(['a'])
    await logs.sync()
    logs.silent.add('a')
    change(logs.home, 1, 10)
    const beganMs = logs.clock.monotonicMs()
    logs.shipper.hurry()
    await assert.rejects(logs.sync(), error => isFault(error, 'TooFewLogs'))
    assert.ok(logs.clock.monotonicMs() - beganMs < 5000)
  })

  test('calls nothing durable without a machine that nobody has agreed to leave out', async () => {
    await using logs = await new Logs(['home', 'b'], { others: ['b'], copies: 2, least: 1 }).open(['b'])
    await logs.sync()
    logs.mayAgree = false
    logs.silent.add('b')
    change(logs.home, 1, 10)
    await assert.rejects(logs.sync(), error => isFault(error, 'TooFewLogs'))
    assert.deepEqual(logs.inSync, ['home', 'b'])
  })

  test('waits for one that was to be taken in until somebody says whether it was', async () => {
    await using logs = await new Logs(['home'], { others: ['b'], copies: 2, least: 1 }).open(['b'])
    logs.mayAgree = false
    await until(logs, () => logs.asked > 0)
    logs.silent.add('b')
    change(logs.home, 1, 10)
    await assert.rejects(logs.sync(), error => isFault(error, 'TooFewLogs'))
    logs.mayAgree = true
    await logs.sync()
    assert.deepEqual(logs.agreed.at(-1), ['home'])
  })

  test('gives one that has lost its disk no log before it is agreed that it has none', async () => {
    const wanted = { others: ['b'], copies: 2, least: 1 }
    await using logs = await new Logs(['home', 'b'], wanted, ['b']).open(['b'])
    logs.mayAgree = false
    await logs.clock.sleep(1_000, never)
    assert.equal(logs.machines.get('b')?.standby.reach.last, 0)
    logs.mayAgree = true
    await until(logs, () => logs.agreed.length === 2)
    assert.deepEqual(logs.agreed, [['home'], ['home', 'b']])
    assert.equal(await logs.has('b'), shown(logs.home))
  })

  test('is home no longer when a standby has heard of a later one', async () => {
    await using logs = await new Logs(['home', 'b'], { others: ['b'], copies: 2, least: 1 }).open(['b'])
    await logs.sync()
    logs.machines.get('b')?.standby.follow(2)
    change(logs.home, 1, 10)
    await assert.rejects(logs.sync(), error => isFault(error, 'OldEpoch'))
    assert.ok(isFault(logs.deposed, 'OldEpoch'))
    assert.deepEqual(logs.inSync, ['home', 'b'])
  })
})
