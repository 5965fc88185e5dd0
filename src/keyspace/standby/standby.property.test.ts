import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { LocalKeyspace } from '../keyspace.ts'
import { never } from '../test/support.ts'
import { change, LogMachine, ship, shown } from '../test/two-logs.ts'
import { beginEpoch } from './epochs.ts'
import type { Standby } from './standby.ts'

const step = fc.oneof(
  fc.record({ do: fc.constant('commit' as const), bytes: fc.constantFrom(1, 100, 700, 5000) }),
  fc.record({ do: fc.constant('ship' as const), count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ do: fc.constantFrom('sync', 'end standby', 'cut standby', 'end home', 'cut home', 'promote', 'check') }),
)

const history = fc.record({
  steps: fc.array(step, { minLength: 5, maxLength: 60 }),
  dice: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { minLength: 1, maxLength: 30 }),
})

/** A home and its standby, which change places now and then; what both have synced is never lost, and they are the same again. */
class Pair {
  #home = { machine: new LogMachine(), boot: 'a0' }
  #standby = { machine: new LogMachine(), boot: 'b0' }
  #boots = 0
  #epoch = 1
  #i = 0
  #safe = 0
  #isInSync = false
  #states = new Map<number, string>()
  readonly #dice: () => number
  keyspace!: LocalKeyspace
  standby!: Standby

  constructor(dice: readonly number[]) {
    let at = 0
    this.#dice = () => dice[at++ % dice.length] ?? 0
  }

  async open(): Promise<void> {
    this.keyspace = await this.#home.machine.home()
    this.standby = await this.#standby.machine.standby()
    this.#begin()
  }

  commit(bytes: number): void {
    change(this.keyspace, this.#i++, bytes)
    this.#states.set(this.keyspace.revision, shown(this.keyspace))
  }

  async ship(count?: number): Promise<void> {
    const home = { home: this.keyspace, machine: this.#home.machine, epoch: this.#epoch }
    // Who is filled has not all that was synced before, until it has the log again.
    if (await ship(home, this.standby, count)) this.#isInSync = false
  }

  async sync(): Promise<void> {
    await this.ship()
    const { revision } = this.keyspace
    await Promise.all([this.keyspace.sync(revision, never), this.standby.sync(this.#epoch, revision, never)])
    this.#safe = revision
    this.#isInSync = true
  }

  async endStandby(isCut: boolean): Promise<void> {
    this.#end(this.#standby.machine, isCut)
    this.standby = await this.#standby.machine.standby()
  }

  async endHome(isCut: boolean): Promise<void> {
    this.#end(this.#home.machine, isCut)
    if (isCut) this.#home.boot = `boot ${++this.#boots}`
    this.keyspace = await this.#home.machine.home()
    this.#checkKept('the home')
    this.#begin()
  }

  /** The home is lost; its standby goes on, if it has all that was synced. */
  async promote(): Promise<void> {
    if (!this.#isInSync) return
    this.#isInSync = false
    this.#end(this.#home.machine, true)
    this.#end(this.#standby.machine, false)
    const old = { ...this.#home, boot: `boot ${++this.#boots}` }
    this.#home = this.#standby
    this.#standby = old
    this.#epoch += 1
    this.keyspace = await this.#home.machine.home()
    this.#checkKept('the next home')
    this.standby = await this.#standby.machine.standby()
    this.#begin()
  }

  /** Brings the standby as far as the home is, and compares all that both have. */
  async check(): Promise<void> {
    await this.sync()
    const expected = shown(this.keyspace)
    this.#end(this.#standby.machine, true)
    {
      await using opened = await this.#standby.machine.home()
      assert.equal(shown(opened), expected)
      assert.equal(opened.revision, this.keyspace.revision)
    }
    this.standby = await this.#standby.machine.standby()
  }

  #begin(): void {
    beginEpoch(this.keyspace, { epoch: this.#epoch, boot: this.#home.boot })
    this.#states.set(this.keyspace.revision, shown(this.keyspace))
  }

  #end(machine: LogMachine, isCut: boolean): void {
    if (isCut) machine.disk.powerCut(this.#dice)
    else machine.disk.kill()
  }

  #checkKept(who: string): void {
    const { revision } = this.keyspace
    assert.ok(revision >= this.#safe, `${who} has ${revision} of ${this.#safe} that were synced`)
    for (const later of this.#states.keys()) if (later > revision) this.#states.delete(later)
    assert.equal(shown(this.keyspace), this.#states.get(revision) ?? '')
  }
}

test('a home and its standby are the same after any history, and what both have synced is never lost', async () => {
  const property = fc.asyncProperty(history, async ({ steps, dice }) => {
    const pair = new Pair(dice)
    await pair.open()
    for (const each of steps) {
      if (each.do === 'commit') pair.commit('bytes' in each ? each.bytes : 1)
      else if (each.do === 'ship') await pair.ship('count' in each ? each.count : 1)
      else if (each.do === 'sync') await pair.sync()
      else if (each.do === 'promote') await pair.promote()
      else if (each.do === 'check') await pair.check()
      else if (each.do.endsWith('standby')) await pair.endStandby(each.do.startsWith('cut'))
      else await pair.endHome(each.do.startsWith('cut'))
    }
    await pair.check()
  })
  await fc.assert(property, { numRuns: 25 })
})
