import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { KubeObject } from '#schema'
import { Client } from '../client.ts'
import { OBJECTS_IN_PIECE } from '../limits.ts'
import { type Mishap, hastyClock, hastyWorld, THINGS, ThingServer } from '../testing.ts'
import type { Change } from './cache.ts'
import { type Informer, openInformer } from './informer.ts'
import { Informers } from './informers.ts'

const never = new AbortController().signal

function open(server: ThingServer): { informer: Informer; changes: Change[]; client: Client } {
  const client = new Client({ transport: server.transport, clock: hastyClock })
  const informer = openInformer({ client, world: hastyWorld, resource: THINGS })
  const changes: Change[] = []
  informer.listen(change => changes.push(change))
  return { informer, changes, client }
}

async function caughtUp(informer: Informer, server: ThingServer): Promise<void> {
  // The last change shows that all before it have come.
  server.set('last')
  const wanted = versions(server.objects.values())
  for (let turns = 0; turns < 10_000; turns += 1) {
    if (informer.hasSynced && versions(informer.all()) === wanted) return
    await turn()
  }
  assert.fail('the informer does not catch up')
}

function versions(objects: Iterable<KubeObject>): string {
  return Array.from(objects, each => Number(each.metadata.resourceVersion))
    .sort((a, b) => a - b)
    .join()
}

/** What one change leaves out is what the next begins with: nothing is lost, told twice or told out of order. */
function checkChain(changes: readonly Change[]): void {
  const known = new Map<string, Change['now']>()
  for (const { kind, now, before } of changes) {
    const { name } = (now ?? before)!.metadata
    assert.equal(before, known.get(name), `${kind} ${name} begins with what was told last`)
    assert.equal(kind, now === undefined ? 'deleted' : before === undefined ? 'added' : 'modified')
    if (now !== undefined && before !== undefined) {
      assert.equal(now.metadata.uid, before.metadata.uid)
      assert.ok(Number(now.metadata.resourceVersion) > Number(before.metadata.resourceVersion), 'never goes back')
    }
    known.set(name, now)
  }
}

type Step =
  | { readonly do: 'set' | 'remove'; readonly name: string }
  | { readonly do: 'cut'; readonly how: 'tear' | 'throw' | 'end' }
  | { readonly do: 'turn'; readonly times: number }
  | { readonly do: 'forget' }

const names = fc.constantFrom('a', 'b', 'c', 'd')
const change: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('set' as const), name: names }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), name: names }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const), times: fc.integer({ min: 1, max: 12 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('cut' as const), how: fc.constantFrom('tear', 'throw', 'end') }),
  },
)
const forget = fc.record({ do: fc.constant('forget' as const) })

async function play(server: ThingServer, steps: readonly Step[]): Promise<void> {
  for (const step of steps) {
    if (step.do === 'set') server.set(step.name)
    else if (step.do === 'remove') server.remove(step.name)
    else if (step.do === 'cut') server.cut(step.how)
    else if (step.do === 'forget') server.forget()
    else if (step.do === 'turn') for (let times = 0; times < step.times; times += 1) await turn()
  }
}

suite('an informer', () => {
  test('tells each change of the history once and in order, wherever its watch is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(change, { maxLength: 60 }), async steps => {
        const server = new ThingServer()
        const { informer, changes } = open(server)
        await using _ = informer
        await informer.synced(never)
        await play(server, steps)
        await caughtUp(informer, server)
        checkChain(changes)
        const told = changes.map(({ kind, now, before }) => `${kind.toUpperCase()} ${(now ?? before)!.metadata.name}`)
        assert.deepEqual(
          told,
          server.history.map(({ type, name }) => `${type} ${name}`),
        )
        assert.equal(informer.requests.lists, 1, 'the history is there: nothing is listed anew')
      }),
      { numRuns: 150 },
    )
  })

  test('ends with what there is when history is forgotten and requests fail, and never tells a change wrongly', async () => {
    const mishaps = fc.array(fc.constantFrom<Mishap[]>('none', 'none', 'none', 'refuse', 'throw', 'end', 'expire'))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 8, arbitrary: change }, { weight: 1, arbitrary: forget }), { maxLength: 60 }),
        mishaps,
        async (steps, wrongs) => {
          const server = new ThingServer()
          const left = [...wrongs]
          server.mishap = () => left.shift() ?? 'none'
          const { informer, changes } = open(server)
          await using _ = informer
          await play(server, steps)
          await caughtUp(informer, server)
          checkChain(changes)
        },
      ),
      { numRuns: 150 },
    )
  })

  test('is one for all who want a resource, with one watch', async () => {
    const server = new ThingServer()
    for (let index = 0; index < 1200; index += 1) server.set(`thing-${index}`)
    const client = new Client({ transport: server.transport, clock: hastyClock })
    const informers = new Informers({ client, world: hastyWorld })
    const first = informers.of({ resource: THINGS })
    assert.equal(informers.of({ resource: THINGS }), first)
    await informers.synced(never)
    assert.equal(first.size, 1200, 'all pages')
    const told: string[] = []
    const listening = first.listen(each => told.push(each.kind))
    assert.equal(told.length, 1200, 'a late listener is told what is there')
    listening[Symbol.dispose]()
    await caughtUp(first, server)
    assert.equal(told.length, 1200)
    assert.equal(server.watches, 1)
    await informers[Symbol.asyncDispose]()
    assert.equal(server.watching.size, 0, 'its watch is closed')
  })

  // It also ends just when its watch is opened.
  test('takes a long list in pieces: others get their turns between them', async () => {
    const server = new ThingServer()
    const count = 2000
    for (let index = 0; index < count; index += 1) server.set(`thing-${index}`)
    // The clock stands still: what ends a turn is how many pieces were let in it.
    let rests = 0
    const sleep = (ms: number, signal: AbortSignal): Promise<void> => {
      if (ms === 0) rests += 1
      return hastyClock.sleep(ms, signal)
    }
    const client = new Client({ transport: server.transport, clock: { ...hastyClock, sleep } })
    await using informer = openInformer({ client, world: hastyWorld, resource: THINGS })
    const seen: number[] = []
    informer.listen(() => seen.push(rests))
    await informer.synced(never)
    assert.equal(seen.length, count)
    const inTurns = Object.values(Object.groupBy(seen, each => String(each)))
    const most = Math.max(...inTurns.map(each => each?.length ?? 0))
    assert.ok(most <= 4 * OBJECTS_IN_PIECE, `${most} objects in one turn`)
  })

  test('finds objects by index, and no longer when they change or go', async () => {
    const server = new ThingServer()
    const client = new Client({ transport: server.transport, clock: hastyClock })
    const indexes = {
      parity: (object: { metadata: { resourceVersion?: string | undefined } }) => [
        Number(object.metadata.resourceVersion) % 2 === 0 ? 'even' : 'odd',
      ],
    }
    await using informer = openInformer({ client, world: hastyWorld, resource: THINGS, indexes })
    server.set('a')
    server.set('b')
    await caughtUp(informer, server)
    const found = (value: string) => informer.byIndex('parity', value).map(each => each.metadata.name)
    assert.deepEqual([found('odd'), found('even'), found('none')], [['a', 'last'], ['b'], []])
    server.remove('b')
    server.set('a')
    await caughtUp(informer, server)
    assert.deepEqual([found('odd'), found('even')], [['a'], ['last']])
  })

  test('says that it ended to who waits for it', async () => {
    const client = new Client({ transport: () => new Promise(() => undefined), clock: hastyClock })
    const informer = openInformer({ client, world: hastyWorld, resource: THINGS })
    const waiting = assert.rejects(informer.synced(never))
    await informer[Symbol.asyncDispose]()
    await waiting
  })
})
