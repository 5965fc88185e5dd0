import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Attempt, Caller } from '#identity'
import { apiFault } from './faults.ts'
import { type LastingRequest, LastingRequests } from './lasting.ts'
import { LASTING_LOOK_MS, LASTING_REST_MS } from './limits.ts'
import { MemoryApi } from './testing/memory-api.ts'
import { StillClock } from './testing/still-clock.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const attempt: Attempt = { kind: 'path', verb: 'get', path: '/' }

function caller(name: string, more: Partial<Caller> = {}): Caller {
  return { name, uid: undefined, groups: [], extra: {}, ...more }
}

class Door {
  readonly clock = new StillClock()
  readonly allowed = new Set<string>()
  readonly known = new Set<string>()
  isBroken = false
  asked = 0
  readonly lasting = new LastingRequests({
    clock: this.clock,
    authenticate: async request => {
      if (this.isBroken) throw apiFault('ServiceUnavailable', 'nobody can say')
      const name = request.headers.get('x-user') ?? ''
      if (!this.known.has(name)) throw apiFault('Unauthorized', 'Unauthorized')
      return caller(name)
    },
    authorize: async ({ name }) => {
      this.asked += 1
      return this.allowed.has(name)
    },
  })

  enter(name: string, more: Partial<Caller> = {}) {
    const request = new Request('https://x/', { headers: { 'x-user': name } })
    const allowed: LastingRequest = { request, connection: {}, caller: caller(name, more), attempt }
    this.allowed.add(name)
    this.known.add(name)
    return this.lasting.enter(allowed)
  }
}

suite('a request that goes on for long', () => {
  test('ends when its caller may not go on, and nobody else does', async () => {
    const door = new Door()
    const [ann, bob] = [door.enter('ann'), door.enter('bob')]
    door.allowed.delete('ann')
    door.lasting.changed('rules')
    await door.clock.move(1)
    assert.deepEqual([ann.signal.aborted, bob.signal.aborted], [true, false])
    door.known.delete('bob')
    door.lasting.changed('rules')
    await door.clock.move(LASTING_REST_MS)
    assert.equal(bob.signal.aborted, false, 'who he is has not changed')
    door.lasting.changed('callers')
    await door.clock.move(LASTING_REST_MS)
    assert.equal(bob.signal.aborted, true)
  })

  test('in the place of another ends when its caller may not act in his place any more', async () => {
    const door = new Door()
    const ann = door.enter('ann', { impersonator: 'root' })
    door.known.delete('ann')
    door.lasting.changed('rules')
    await door.clock.move(1)
    assert.equal(ann.signal.aborted, true)
  })

  test('is looked at each minute, for what nobody tells', async () => {
    const door = new Door()
    const ann = door.enter('ann')
    door.known.delete('ann')
    await door.clock.move(LASTING_LOOK_MS - 1)
    assert.equal(ann.signal.aborted, false)
    await door.clock.move(1)
    assert.equal(ann.signal.aborted, true)
  })

  test('goes on while nobody can say whether it may', async () => {
    const door = new Door()
    const ann = door.enter('ann')
    door.isBroken = true
    door.known.delete('ann')
    door.lasting.changed('callers')
    await door.clock.move(1)
    assert.equal(ann.signal.aborted, false)
    door.isBroken = false
    await door.clock.move(LASTING_REST_MS)
    await door.clock.move(LASTING_LOOK_MS)
    assert.equal(ann.signal.aborted, true)
  })

  test('costs one look for many changes at once', async () => {
    const door = new Door()
    for (let count = 0; count < 1000; count += 1) door.enter(`user ${count}`)
    for (let change = 0; change < 500; change += 1) door.lasting.changed('rules')
    await door.clock.move(1)
    for (let change = 0; change < 500; change += 1) door.lasting.changed('rules')
    await door.clock.move(LASTING_REST_MS - 1)
    assert.equal(door.asked, 1000)
    await door.clock.move(1)
    assert.equal(door.asked, 2000)
  })

  test('is forgotten when it has ended', async () => {
    const door = new Door()
    door.enter('ann')[Symbol.dispose]()
    door.lasting.changed('callers')
    await door.clock.move(1)
    assert.equal(door.asked, 0)
    await using rest = door.lasting
    assert.equal(door.enter('bob').signal.aborted, false)
    assert.ok(rest)
  })
})

test('a watch ends well when the credential ends that opened it', async () => {
  const clock = new StillClock()
  const endsMs = Number(clock.wallNs() / 1_000_000n) + 30_000
  await using api = await MemoryApi.open({ authenticate: async () => caller('ann', { expiresMs: endsMs }) })
  await using watch = await api.watch(`${MAPS}?watch=true&allowWatchBookmarks=true`)
  await using shorter = await api.watch(`${MAPS}?watch=true&timeoutSeconds=10`)
  const [last, end] = [watch.next(), shorter.next()]
  await api.clock.move(10_000)
  assert.equal(await end, undefined)
  await api.clock.move(20_000)
  assert.equal((await last)?.type, 'BOOKMARK')
  assert.equal(await watch.next(), undefined)
})

test('a list that waits for its reader is broken off when he may not read it any more', async () => {
  let mayRead = true
  const authorize = async (): Promise<boolean> => mayRead
  const clock = new StillClock()
  const lasting = new LastingRequests({ clock, authenticate: async () => caller('ann'), authorize })
  await using api = await MemoryApi.open({ authorize, lasting })
  const text = 'x'.repeat(2 * 1024)
  for (let count = 0; count < 200; count += 1) await api.post(MAPS, { metadata: { name: `m${count}` }, data: { text } })
  const whole = await api.fetch(MAPS)
  assert.equal((await whole.text()).length > 200 * text.length, true)
  const { body } = await api.fetch(MAPS)
  mayRead = false
  lasting.changed('rules')
  await clock.move(LASTING_REST_MS)
  await assert.rejects(new Response(body).text(), { name: 'AbortError' })
})
