import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { Client } from '#client'
import { type Json, type KubeObject, numberAt } from '#schema'
import { FAILOVER_MS, LEASE_MS, LEASE_STEP_MS, LEASE_STOP_MS } from '../limits.ts'
import { SteppedClock, settle, steppedWorld } from '../../../test/clocks/stepped-clock.ts'
import { lead, type Term } from './lead.ts'
import { Sightings } from './plan.ts'

/** One lease, with compare-and-swap by resourceVersion as the API has it. */
class LeaseServer {
  lease: KubeObject | undefined
  writes = 0
  readonly silent = new Set<string>()
  /** Milliseconds that a look takes, as while etcd has no leader. */
  lookMs = 0

  client(clock: SteppedClock, who: string): Client {
    return new Client({ clock, transport: request => this.#answer(request, who, clock) })
  }

  async #answer(request: Request, who: string, clock: SteppedClock): Promise<Response> {
    if (this.silent.has(who)) return new Promise(() => undefined)
    if (request.method === 'GET' && this.lookMs > 0) await clock.sleep(this.lookMs, new AbortController().signal)
    const there = this.lease
    if (request.method === 'GET') return there === undefined ? refusal(404, 'NotFound') : Response.json(there)
    const object = (await request.json()) as KubeObject
    if (request.method === 'POST' && this.lease !== undefined) return refusal(409, 'AlreadyExists')
    if (request.method === 'PUT' && object.metadata.resourceVersion !== this.lease?.metadata.resourceVersion) {
      return refusal(409, 'Conflict')
    }
    this.writes += 1
    this.lease = { ...object, metadata: { ...object.metadata, uid: 'u', resourceVersion: String(this.writes) } }
    return Response.json(this.lease)
  }
}

function refusal(status: number, reason: string): Response {
  return Response.json({ kind: 'Status', reason, message: reason } satisfies Json, { status })
}

/** A candidate that notes when it leads. */
class Candidate {
  isLeading = false
  terms = 0
  /** When another was seen to lead last, before the newest term. */
  othersMs = 0
  readonly #end = new AbortController()
  readonly #run: Promise<void>

  constructor(server: LeaseServer, clock: SteppedClock, identity: string, leading: Set<string>) {
    const lease = { namespace: 'kube-system', name: 'cairn' }
    const candidacy = { client: server.client(clock, identity), world: steppedWorld(clock), lease, identity }
    const work = async (signal: AbortSignal, { othersMs }: Term): Promise<void> => {
      this.othersMs = othersMs
      this.isLeading = true
      this.terms += 1
      leading.add(identity)
      assert.ok(leading.size <= 1, `two lead at once: ${[...leading].join(', ')}`)
      await new Promise<void>(resolve => {
        const ended = (): void => {
          this.isLeading = false
          leading.delete(identity)
          resolve()
        }
        if (signal.aborted) ended()
        else signal.addEventListener('abort', ended)
      })
    }
    this.#run = lead(candidacy, work, this.#end.signal)
  }

  async stop(): Promise<void> {
    this.#end.abort()
    await this.#run
  }
}

suite('the election of a leader', () => {
  test('takes less than two thirds of the time there is, whoever looked when; clocks may differ by a third', () => {
    // Seen a step after it was written, waited for, and looked at again a step later; the rest is for calls and lists.
    assert.ok(LEASE_STEP_MS + LEASE_MS + LEASE_STEP_MS <= (FAILOVER_MS * 2) / 3)
    assert.ok(LEASE_MS / LEASE_STOP_MS >= 4 / 3)
    assert.ok(LEASE_STOP_MS / LEASE_STEP_MS >= 3, 'a renewal that fails once or twice ends nothing')
    assert.equal(LEASE_MS % 1000, 0)
  })

  test('has one leader, who stops at once when he cannot renew, and another soon', async () => {
    const clock = new SteppedClock()
    const server = new LeaseServer()
    const leading = new Set<string>()
    const a = new Candidate(server, clock, 'a', leading)
    await settle()
    const b = new Candidate(server, clock, 'b', leading)
    await clock.advance(30_000)
    assert.deepEqual([a.isLeading, b.isLeading], [true, false])
    server.silent.add('a')
    const silentMs = clock.monotonicMs()
    await clock.advance(LEASE_STOP_MS + 100)
    assert.equal(a.isLeading, false, 'the loser has stopped')
    assert.equal(b.isLeading, false, 'before the other begins')
    await clock.advance((FAILOVER_MS * 2) / 3 - LEASE_STOP_MS - 100)
    assert.equal(b.isLeading, true)
    const sinceMs = b.othersMs - silentMs
    assert.ok(sinceMs > -LEASE_STEP_MS && sinceMs <= LEASE_STEP_MS, `${sinceMs} ms`)
    server.silent.clear()
    await clock.advance(60_000)
    assert.deepEqual([a.terms, b.terms], [1, 1], 'who comes back waits')
    await Promise.all([a.stop(), b.stop(), clock.advance(100)])
  })

  test('is won once, also by who looked at the lease for longer than a term goes on without renewal', async () => {
    const clock = new SteppedClock()
    const server = new LeaseServer()
    const leading = new Set<string>()
    const a = new Candidate(server, clock, 'a', leading)
    await settle()
    const b = new Candidate(server, clock, 'b', leading)
    await clock.advance(10_000)
    server.silent.add('a')
    server.lookMs = LEASE_STOP_MS + 500
    while (b.terms === 0) await clock.advance(100)
    server.lookMs = 0
    await clock.advance(LEASE_MS)
    assert.deepEqual([b.isLeading, b.terms], [true, 1])
    await Promise.all([a.stop(), b.stop(), clock.advance(40_000)])
  })

  test('counts a change from when it was seen first, told by a watch or looked at', () => {
    const sightings = new Sightings()
    const version = (resourceVersion: string) => {
      return { apiVersion: 'v1', kind: 'Lease', metadata: { name: 'l', resourceVersion } } as KubeObject
    }
    sightings.see(version('1'), 100)
    sightings.see(version('2'), 200)
    assert.equal(sightings.see(version('2'), 5_000).atMs, 200, 'an election of etcd later')
    assert.equal(sightings.see(version('1'), 6_000).atMs, 100, 'told late')
    assert.equal(sightings.see(version('3'), 7_000).atMs, 7_000)
  })

  test('hands over at once when the leader ends well', async () => {
    const clock = new SteppedClock()
    const server = new LeaseServer()
    const leading = new Set<string>()
    const a = new Candidate(server, clock, 'a', leading)
    await settle()
    const b = new Candidate(server, clock, 'b', leading)
    await clock.advance(5_000)
    await a.stop()
    await clock.advance(LEASE_STEP_MS + 100)
    assert.equal(b.isLeading, true)
    assert.equal(numberAt(server.lease, 'spec', 'leaseTransitions'), 1)
    await Promise.all([b.stop(), clock.advance(100)])
  })

  test('never has two leaders, whoever falls silent when', async () => {
    const silence = fc.record({ who: fc.constantFrom('a', 'b', 'c'), forMs: fc.integer({ min: 100, max: 20_000 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(silence, { maxLength: 8 }), async silences => {
        const clock = new SteppedClock()
        const server = new LeaseServer()
        const leading = new Set<string>()
        const all = ['a', 'b', 'c'].map(name => new Candidate(server, clock, name, leading))
        for (const { who, forMs } of silences) {
          server.silent.add(who)
          await clock.advance(forMs, 500)
          server.silent.delete(who)
        }
        await clock.advance(45_000, 500)
        assert.equal(leading.size, 1, 'somebody leads')
        await Promise.all([...all.map(each => each.stop()), clock.advance(100)])
      }),
      { numRuns: 10 },
    )
  })
})
