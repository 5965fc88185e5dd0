import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { OtherSaid, Said } from '../methods/meeting.ts'
import { rangeOf } from '../ranges.ts'
import { type Echoes, isInDoubt, lossPercentOf, NO_ECHOES, rttOf, withEcho } from './echoes.ts'
import { candidatesOf, hostOf, kindOf } from './endpoints.ts'
import { Meetings } from './meetings.ts'
import { natOf } from './nat.ts'
import { scoreOf, steadyTenths } from './score.ts'
import { followDirect, newWay, nextTrial, nextWay, pathOf, type Way, type WayFacts } from './way.ts'

const WELL: Echoes = { last: [5, 5], isWell: true }
const BROKEN: Echoes = { last: [undefined, undefined, undefined], isWell: false }
const SAID: OtherSaid = {
  name: 'b',
  endpoints: [],
  nat: 'none',
  canRelay: true,
  direct: [{ name: 'r' }, { name: 's' }],
}
const relay = (name: string, rttMs = 10) => ({ name, rttMs, nat: 'none' }) as const

function facts(more: Partial<WayFacts> = {}): WayFacts {
  return { nowMs: 100_000, own: 'a', said: SAID, relays: [relay('r'), relay('s', 90)], ...more }
}

function way(more: Partial<Way> = {}): Way {
  return { ...newWay('b', 0), direct: BROKEN, ...more }
}

test('the formula of the score is that of junkNAS', () => {
  assert.equal(scoreOf('none', 0), 1)
  assert.equal(scoreOf('fullCone', 5_000), 0.7)
  assert.ok(Math.abs(scoreOf('portRestrictedCone', 2_500) - (0.42 + 0.15)) < 1e-9)
  assert.ok(Math.abs(scoreOf('symmetric', undefined) - 0.14) < 1e-9)
})

test('a score is told anew when it has left its tenth', () => {
  assert.equal(steadyTenths(undefined, 0.72), 7)
  assert.equal(steadyTenths(7, 0.79), 7)
  assert.equal(steadyTenths(7, 0.82), 8)
  assert.equal(steadyTenths(7, 0.55), 6)
})

test('a router is judged by where two others see the machine', () => {
  const seen = (...endpoints: readonly string[]) => endpoints.map((endpoint, index) => ({ by: `m${index}`, endpoint }))
  assert.equal(natOf(['192.0.2.1:1'], []), 'unknown')
  assert.equal(natOf(['192.0.2.1:1'], seen('192.0.2.1:1')), 'none')
  assert.equal(natOf(['10.0.0.1:1'], seen('192.0.2.1:1')), 'unknown')
  assert.equal(natOf(['10.0.0.1:1'], seen('192.0.2.1:1', '192.0.2.1:1', '10.0.0.1:1')), 'portRestrictedCone')
  assert.equal(natOf(['10.0.0.1:1'], seen('192.0.2.1:1', '192.0.2.1:7')), 'symmetric')
})

test('endpoints are tried in the order in which they are likely and good', () => {
  const own = ['172.20.0.5:1', '203.0.113.5:1', '192.168.1.5:1', '[2001:db8:1:2::5]:1', '10.44.0.5:1']
  const networks = ['192.168.1.9/24', '2001:db8:1:2:3::9/64']
  const known = { own, seen: ['198.51.100.5:77', '192.168.1.5:1'] }
  assert.deepEqual(candidatesOf(known, { networks, range: rangeOf('10.44.0.0/16') }), [
    '192.168.1.5:1',
    '[2001:db8:1:2::5]:1',
    '203.0.113.5:1',
    '198.51.100.5:77',
    '172.20.0.5:1',
  ])
  assert.equal(kindOf('192.168.1.5:1', own, networks), 'lan')
  assert.equal(kindOf('203.0.113.5:1', own, networks), 'public')
  assert.equal(kindOf('198.51.100.5:77', own, networks), 'punched')
  assert.equal(hostOf('[2001:db8::1]:51820'), '2001:db8::1')
})

test('a way is well after two echoes, and broken after three that are lost', () => {
  const after = (...times: readonly (number | undefined)[]) => times.reduce(withEcho, NO_ECHOES)
  assert.equal(after(3).isWell, false)
  assert.equal(after(3, 4).isWell, true)
  assert.equal(after(3, 4, undefined, undefined).isWell, true)
  assert.equal(isInDoubt(after(3, 4, undefined)), true)
  assert.equal(after(3, 4, undefined, undefined, undefined).isWell, false)
  assert.equal(after(3, 4, undefined, undefined, undefined, 5).isWell, false)
  assert.equal(rttOf(after(9, 3, undefined, 5)), 5)
  assert.equal(lossPercentOf(after(9, 3, undefined, 5)), 25)
})

test('direct when that works, else nothing for a while, then the best relay', () => {
  assert.equal(pathOf(nextWay(way({ direct: WELL }), facts())), 'direct')
  assert.equal(pathOf(nextWay(way({ soughtSinceMs: 98_000 }), facts())), 'none')
  assert.equal(nextWay(way(), facts()).via, 'r')
  assert.equal(nextWay(way(), facts({ relays: [relay('s')] })).via, 's')
  assert.equal(nextWay(way(), facts({ said: undefined })).via, undefined)
  assert.equal(nextWay(way({ name: 'r' }), facts({ relays: [relay('r')] })).via, undefined)
})

test('a relay that does not carry is left alone, and one that works is kept until there is a direct way', () => {
  const relayed = way({ via: 'r', viaSinceMs: 80_000, relayed: BROKEN })
  const other = nextWay(relayed, facts())
  assert.equal(other.via, 's')
  assert.deepEqual([...other.failed], [['r', 160_000]])
  const works = way({ via: 's', viaSinceMs: 80_000, relayed: WELL })
  assert.equal(nextWay(works, facts()).via, 's')
  assert.equal(nextWay({ ...works, direct: WELL }, facts()).via, undefined)
  assert.equal(nextWay(works, facts({ relays: [relay('r')] })).via, 'r')
})

test('the machine with the later name follows the other, when it can', () => {
  const follow = (said: OtherSaid['way'], more: Partial<Way> = {}) =>
    nextWay(way(more), facts({ own: 'c', said: { ...SAID, ...(said === undefined ? {} : { way: said }) } })).via
  assert.equal(follow({ path: 'relayed', via: 'r' }), 'r')
  assert.equal(follow({ path: 'relayed', via: 'unknown' }), undefined)
  assert.equal(follow({ path: 'relayed', via: 'r' }, { direct: WELL }), 'r')
  assert.equal(follow({ path: 'direct' }, { via: 'r', relayed: WELL, viaSinceMs: 99_000 }), undefined)
  assert.equal(follow(undefined, { via: 'r', relayed: WELL, viaSinceMs: 99_000 }), 'r')
})

test('who hears from the other end itself that it comes directly does not wait for controllers to say so', () => {
  const direct = followDirect(way({ via: 'r', relayed: WELL }), 100_000)
  const stale = { own: 'c', said: { ...SAID, way: { path: 'relayed', via: 'r' } } } as const
  assert.equal(nextWay(direct, facts({ ...stale, nowMs: 101_000 })).via, undefined)
  assert.equal(nextWay(direct, facts({ ...stale, nowMs: 130_000 })).via, 'r')
})

test('endpoints are tried one after the other while there is no way, and not begun anew while it speaks', () => {
  const three = ['x:1', 'y:1', 'z:1']
  const at = (nowMs: number, rxBytes = 0) => ({ nowMs, rxBytes })
  const fresh = newWay('b', 0)
  assert.equal(nextTrial(fresh, three, at(1_000)).endpoint, undefined)
  const second = nextTrial(fresh, three, at(1_500))
  assert.equal(second.endpoint, 'y:1')
  assert.equal(nextTrial(second.way, three, at(3_000, 92)).endpoint, undefined)
  let speaks = second.way
  let tried = 0
  for (let nowMs = 3_000; tried === 0 && nowMs < 20_000; nowMs += 1_500) {
    const next = nextTrial(speaks, three, at(nowMs, nowMs))
    if (next.endpoint !== undefined) tried = nowMs
    speaks = next.way
  }
  assert.equal(tried, 7_500)
  assert.equal(nextTrial(second.way, three, at(31_501)).endpoint, 'z:1')
  assert.equal(
    nextTrial({ ...second.way, trial: { ...second.way.trial, sinceMs: 31_000 } }, three, at(40_000)).endpoint,
    undefined,
  )
  assert.equal(nextTrial({ ...fresh, direct: WELL }, three, at(9_000)).endpoint, undefined)
  assert.equal(nextTrial(fresh, [], at(9_000)).endpoint, undefined)
})

test('where machines meet each hears of those it wants, and where others see it', () => {
  const meetings = new Meetings()
  const said = (more: Partial<Said>): Said => ({ seen: [], ways: [], nat: 'none', canRelay: true, wants: [], ...more })
  meetings.say('a', said({ wants: ['b', 'nobody'], seen: [{ name: 'b', endpoint: '1.1.1.1:1' }] }), 0)
  meetings.say('r', said({ seen: [{ name: 'a', endpoint: '2.2.2.2:2' }] }), 0)
  const ways = [{ name: 'a', path: 'none' } as const, { name: 'r', path: 'direct', rttMs: 4 } as const]
  meetings.say('b', said({ ways, nat: 'symmetric', canRelay: false }), 0)
  assert.deepEqual(meetings.heardBy('a'), {
    seen: [{ by: 'r', endpoint: '2.2.2.2:2' }],
    machines: [
      {
        name: 'b',
        endpoints: ['1.1.1.1:1'],
        nat: 'symmetric',
        canRelay: false,
        direct: [{ name: 'r', rttMs: 4 }],
        way: { path: 'none', via: undefined },
      },
    ],
  })
  meetings.say('r', said({}), 61_000)
  assert.deepEqual(meetings.heardBy('a'), { seen: [], machines: [] })
})
