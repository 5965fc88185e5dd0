import assert from 'node:assert/strict'
import fs from 'node:fs'
import { test } from 'node:test'
import fc from 'fast-check'
import { revisionOf } from './change.ts'
import type { KeySet, LocalKeyspace, Txn } from './keyspace.ts'
import { openMemoryKeyspace } from './memory.ts'
import { memoryIndex } from './memory-index.ts'
import type { IndexFactory } from './row-index.ts'
import { sqliteIndex } from './sqlite/sqlite-index.ts'
import { type ModelTxn, NaiveModel } from './test/naive-model.ts'
import { never, openIn, put, quietWorld, show, take, temporaryFolder } from './test/support.ts'

const key = fc.constantFrom('a', 'a\0', 'aa', 'ab', 'b', 'b\xff', '\xff', '\xff\xff', 'c', 'd')
const keySet: fc.Arbitrary<KeySet> = fc.oneof(
  key.map(one => ({ kind: 'key', key: one }) as const),
  fc.constantFrom('', 'a', 'b', '\xff').map(prefix => ({ kind: 'prefix', prefix }) as const),
  fc.tuple(key, fc.option(key, { nil: undefined })).map(([start, end]) => ({ kind: 'range', start, end }) as const),
)
const change: fc.Arbitrary<ModelTxn> = fc.record({
  guard: fc.option(fc.record({ key, there: fc.boolean() }), { nil: undefined }),
  puts: fc.uniqueArray(fc.tuple(key, fc.string({ maxLength: 3 })), { maxLength: 4, selector: ([name]) => name }),
  deletes: fc.constant([]),
})
const removal: fc.Arbitrary<ModelTxn> = keySet.map(keys => ({ guard: undefined, puts: [], deletes: [keys] }))

type Step =
  | { readonly kind: 'txn'; readonly txn: ModelTxn }
  | {
      readonly kind: 'range'
      readonly keys: KeySet
      readonly back: number
      readonly limit: number
      readonly descending: boolean
    }
  | { readonly kind: 'watch'; readonly keys: KeySet; readonly back: number }
  | { readonly kind: 'compact'; readonly back: number }
  | { readonly kind: 'sync' | 'settle' | 'reopen' | 'rebuild' }

const back = fc.nat({ max: 6 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: change.map(txn => ({ kind: 'txn', txn }) as const) },
  { weight: 2, arbitrary: removal.map(txn => ({ kind: 'txn', txn }) as const) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('range' as const),
      keys: keySet,
      back,
      limit: fc.constantFrom(1, 2, 3, 1000),
      descending: fc.boolean(),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('watch' as const), keys: keySet, back }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact' as const), back }) },
  { weight: 2, arbitrary: fc.constantFrom('sync', 'settle', 'reopen', 'rebuild').map(kind => ({ kind }) as const) },
)

interface Subject {
  keyspace: LocalKeyspace
  /** Closes and opens again, without the index when asked. */
  reopen(rebuild: boolean): Promise<void>
}

class Run {
  readonly #subject: Subject
  readonly #model = new NaiveModel()
  #compacted = 0

  constructor(subject: Subject) {
    this.#subject = subject
  }

  async step(step: Step): Promise<void> {
    const { keyspace } = this.#subject
    if (step.kind === 'txn') this.#txn(step.txn)
    else if (step.kind === 'range') this.#range(step)
    else if (step.kind === 'watch') await this.#watch(step.keys, this.#past(step.back))
    else if (step.kind === 'sync') await keyspace.sync(keyspace.revision, never)
    else if (step.kind === 'compact' || step.kind === 'settle') {
      if (step.kind === 'compact') this.#compacted = this.#past(step.back)
      await keyspace.compact(revisionOf(this.#compacted), never)
    } else await this.#subject.reopen(step.kind === 'rebuild')
    assert.equal(this.#subject.keyspace.revision, this.#model.revision)
  }

  async finish(): Promise<void> {
    const all: KeySet = { kind: 'prefix', prefix: '' }
    for (let revision = this.#compacted; revision <= this.#model.revision; revision++) {
      const { entries } = this.#subject.keyspace.rangeNow({ keys: all, revision: revisionOf(revision) })
      assert.deepEqual(entries.map(show), this.#model.range(all, revision))
    }
    await this.#watch(all, this.#compacted)
    const { keys } = await this.#subject.keyspace.status(never)
    assert.equal(keys, this.#model.range(all, this.#model.revision).length)
  }

  #past(back: number): number {
    return Math.max(this.#compacted, this.#model.revision - back)
  }

  #txn(txn: ModelTxn): void {
    const deletes = txn.deletes.map(keys => ({ kind: 'delete', keys }) as const)
    const puts = txn.puts.map(([name, value]) => put(name, value))
    const { guard } = txn
    const compare = guard && [
      { key: guard.key, field: 'version', is: guard.there ? 'greater' : 'equal', to: 0 } as const,
    ]
    const request: Txn = { compare, then: [...puts, ...deletes] }
    this.#model.apply(txn)
    assert.equal(this.#subject.keyspace.commit(request).revision, this.#model.revision)
  }

  #range(step: Extract<Step, { kind: 'range' }>): void {
    const revision = this.#past(step.back)
    const wanted = this.#model.range(step.keys, revision)
    if (step.descending) wanted.reverse()
    const request = { keys: step.keys, revision: revisionOf(revision) }
    const order = step.descending ? 'descending' : 'ascending'
    const found = this.#subject.keyspace.rangeNow({ ...request, limit: step.limit, order })
    assert.deepEqual(found.entries.map(show), wanted.slice(0, step.limit))
    assert.equal(found.more, wanted.length > step.limit)
    assert.equal(this.#subject.keyspace.rangeNow({ ...request, want: 'count' }).count, wanted.length)
  }

  async #watch(keys: KeySet, from: number): Promise<void> {
    // What a revision replaced is only known where the revision before it is.
    const first = Math.max(from, this.#compacted + 1)
    const wanted = this.#model.events
      .slice(first)
      .flat()
      .filter(event => inSet(event, keys))
    if (wanted.length === 0) return
    const request = { keys, from: revisionOf(first), previous: true }
    assert.deepEqual(await take(this.#subject.keyspace.watch(request, never), wanted.length), wanted)
  }
}

function inSet(event: string, keys: KeySet): boolean {
  const name = /^(?:put|delete) ([^=@]*)/s.exec(event)?.[1] ?? ''
  if (keys.kind === 'key') return name === keys.key
  if (keys.kind === 'prefix') return name.startsWith(keys.prefix)
  return name >= keys.start && (keys.end === undefined || name < keys.end)
}

async function check(runs: number, open: () => Promise<Subject & AsyncDisposable>): Promise<void> {
  const property = fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
    await using subject = await open()
    const run = new Run(subject)
    for (const each of steps) await run.step(each)
    await run.finish()
  })
  await fc.assert(property, { numRuns: runs })
}

async function embedded(index: IndexFactory): Promise<Subject & AsyncDisposable> {
  const folder = temporaryFolder()
  const open = (): Promise<LocalKeyspace> => openIn(folder.path, { index, syncEveryMs: 1 })
  const subject: Subject & AsyncDisposable = {
    keyspace: await open(),
    async reopen(rebuild) {
      await subject.keyspace[Symbol.asyncDispose]()
      if (rebuild) fs.rmSync(`${folder.path}/index`, { recursive: true, force: true })
      subject.keyspace = await open()
    },
    async [Symbol.asyncDispose]() {
      using _ = folder
      await subject.keyspace[Symbol.asyncDispose]()
    },
  }
  return subject
}

test('memory does what the naive model does', async () => {
  await check(150, async () => {
    const keyspace = openMemoryKeyspace({ world: quietWorld })
    const reopen = (): Promise<void> => Promise.resolve()
    return { keyspace, reopen, [Symbol.asyncDispose]: () => keyspace[Symbol.asyncDispose]() }
  })
})

test('embedded with its index in memory does what the naive model does', async () => {
  await check(80, () => embedded(memoryIndex))
})

test('embedded does what the naive model does', async () => {
  await check(20, () => embedded(sqliteIndex))
})
