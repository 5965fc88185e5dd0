import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duplexPair } from '#rpc'
import { certificateOf } from '../testing.ts'
import { bestOf } from './machine-connection.ts'
import { type ConnectionView, type Looking, upkeepOf } from './upkeep.ts'

const nowMs = 1_000_000

function wire(name: string, isDialled = true, isController = false) {
  const certificate = certificateOf({ name, role: isController ? 'controller' : 'node' })
  return {
    duplex: duplexPair()[0],
    certificate,
    subject: { name, isController },
    host: '',
    isOverMesh: false,
    isDialled,
  }
}

function look(view: Partial<ConnectionView>, looking: Partial<Looking> = {}): string {
  const fresh = { heardMs: nowMs, sentMs: nowMs, beatMs: nowMs, usedMs: nowMs, surplusMs: undefined, isIdle: true }
  const own = { name: 'a', isController: false }
  return upkeepOf({ ...fresh, wire: wire('b'), ...view }, { nowMs, own, listeningMs: 0, isWanted: true, ...looking })
}

test('a connection that is silent for 6 s is cut, unless this process could not hear', () => {
  assert.equal(look({ heardMs: nowMs - 5_999 }), 'nothing')
  assert.equal(look({ heardMs: nowMs - 6_000 }), 'cut')
  assert.equal(look({ heardMs: nowMs - 60_000 }, { listeningMs: nowMs - 1_000 }), 'nothing')
})

test('controllers are asked by each, and of two others one asks; whoever has sent nothing for 3 s asks in any case', () => {
  const due = { beatMs: nowMs - 2_000, sentMs: nowMs - 2_000 }
  assert.equal(look(due), 'beat')
  assert.equal(look({ ...due, wire: wire('A') }), 'nothing')
  assert.equal(look({ ...due, wire: wire('A', true, true) }), 'beat')
  assert.equal(look(due, { own: { name: 'a', isController: true } }), 'nothing')
  assert.equal(look({ sentMs: nowMs - 3_000, wire: wire('A') }), 'beat')
  assert.equal(look({ beatMs: undefined }), 'beat')
})

test('one of two connections goes when it is idle for 10 s, by the will of the machine with the earlier name', () => {
  const surplus = { surplusMs: nowMs - 10_000 }
  assert.equal(look(surplus), 'cut')
  assert.equal(look({ ...surplus, isIdle: false }), 'nothing')
  assert.equal(look({ ...surplus, wire: wire('A') }), 'nothing')
  assert.equal(look({ surplusMs: nowMs - 9_000 }), 'nothing')
})

test('a connection that is not kept goes when nobody has used it for a minute, by the will of who dialled it', () => {
  const unused = { usedMs: nowMs - 60_000 }
  assert.equal(look(unused, { isWanted: false }), 'cut')
  assert.equal(look(unused), 'nothing')
  assert.equal(look({ ...unused, wire: wire('b', false) }, { isWanted: false }), 'nothing')
})

test('both ends choose the same of several connections, whatever their order', () => {
  // Each connection as (dialled by the first machine, opened at); the second machine sees the opposite side dialled.
  const all = [
    { byFirst: false, openedMs: 50 },
    { byFirst: true, openedMs: 10 },
    { byFirst: true, openedMs: 30 },
    { byFirst: false, openedMs: 40 },
  ]
  const seen = (own: string) =>
    all.map(each => {
      const isDialled = own === 'a' ? each.byFirst : !each.byFirst
      return { ...each, wire: wire(own === 'a' ? 'b' : 'a', isDialled) }
    })
  for (const order of [(rows: typeof all) => rows, (rows: typeof all) => rows.toReversed()]) {
    assert.equal(bestOf(order(seen('a')) as ReturnType<typeof seen>, 'a')?.openedMs, 30)
    assert.equal(bestOf(order(seen('b')) as ReturnType<typeof seen>, 'b')?.openedMs, 30)
  }
})
