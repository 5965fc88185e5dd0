import assert from 'node:assert/strict'
import { bytesOf, isFault } from '#base'
import type { Keyspace, Revision } from '#keyspace'

const never = new AbortController().signal

/** What writers were told, and what a watch saw meanwhile. */
export class Load {
  readonly #keyspace: Keyspace
  readonly #acknowledged = new Map<string, Revision>()
  readonly #unknown = new Set<string>()
  readonly #seen = new Map<string, Revision>()
  readonly #watching: Promise<void>
  readonly #ending = new AbortController()
  readonly #writing: Promise<unknown>
  #stopped = false

  constructor(keyspace: Keyspace, writers: number) {
    this.#keyspace = keyspace
    this.#watching = this.#watch()
    this.#writing = Promise.all(Array.from({ length: writers }, (_, i) => this.#write(`w${i}`)))
  }

  get acknowledged(): number {
    return this.#acknowledged.size
  }

  /** Waits until so many more writes have been acknowledged. */
  async more(count: number): Promise<void> {
    const wanted = this.acknowledged + count
    while (this.acknowledged < wanted) await new Promise(resolve => setTimeout(resolve, 10))
  }

  /** Ends the writers, and checks that each acknowledged write is there once and was seen once. */
  async check(): Promise<void> {
    this.#stopped = true
    await this.#writing
    const { entries } = await this.#keyspace.range({ keys: { kind: 'prefix', prefix: 'load/' } }, never)
    const there = new Map(entries.map(entry => [entry.key, entry]))
    for (const [key, revision] of this.#acknowledged) {
      assert.equal(there.get(key)?.modRevision, revision, `${key} was acknowledged`)
      assert.equal(there.get(key)?.version, 1, `${key} was written once`)
    }
    for (const key of there.keys()) assert.ok(this.#acknowledged.has(key) || this.#unknown.has(key), `${key} is new`)
    while (this.#seen.size < there.size) await new Promise(resolve => setTimeout(resolve, 10))
    this.#ending.abort()
    await this.#watching
    for (const [key, entry] of there) assert.equal(this.#seen.get(key), entry.modRevision, `${key} was seen`)
    assert.equal(this.#seen.size, there.size)
  }

  async #write(name: string): Promise<void> {
    for (let n = 0; !this.#stopped; n++) {
      const key = `load/${name}/${n}`
      try {
        const compare = [{ key, field: 'createRevision', is: 'equal', to: 0 }] as const
        const then = [{ kind: 'put', key, value: bytesOf(key) }] as const
        const { succeeded, revision } = await this.#keyspace.txn({ compare, then }, never)
        assert.ok(succeeded, `${key} was written twice`)
        this.#acknowledged.set(key, revision)
      } catch (error) {
        if (isFault(error, 'OutcomeUnknown')) this.#unknown.add(key)
        else if (!isFault(error, 'Unavailable')) throw error
      }
    }
  }

  async #watch(): Promise<void> {
    let last = 0
    const keys = { kind: 'prefix', prefix: 'load/' } as const
    try {
      for await (const { events } of this.#keyspace.watch({ keys }, this.#ending.signal)) {
        for (const event of events) {
          assert.ok(event.kind === 'put' && !this.#seen.has(event.entry.key), 'each is seen once')
          assert.ok(event.entry.modRevision >= last, 'in order')
          last = event.entry.modRevision
          this.#seen.set(event.entry.key, event.entry.modRevision)
        }
      }
    } catch (error) {
      if (!this.#ending.signal.aborted) throw error
    }
  }
}
