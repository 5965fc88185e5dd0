import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { ObjectMeta, OwnerReference } from '#schema'
import { FOREGROUND, type Node, ORPHAN, OwnerGraph } from './graph.ts'
import { type OwnerState, ownersWithout, stepOfGoing, stepOfOwned } from './plan.ts'

const THINGS = { group: 'test', version: 'v1', plural: 'things', kind: 'Thing', isNamespaced: true }

function owner(uid: string, blockOwnerDeletion = false): OwnerReference {
  return { apiVersion: 'test/v1', kind: 'Thing', name: uid, uid, blockOwnerDeletion }
}

function node(uid: string, more: Partial<ObjectMeta> = {}): Node {
  return { resource: THINGS, metadata: { namespace: 'n', name: uid, uid, creationTimestamp: '', ...more } }
}

const going = (finalizer: string) => ({ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: [finalizer] })

suite('what an owned object needs', () => {
  const owners = [owner('a'), owner('b')]
  const step = (states: readonly OwnerState[], more: Partial<ObjectMeta> = {}, dependents: readonly Node[] = []) => {
    const mine = owners.slice(0, states.length)
    return stepOfOwned(
      node('x', { ownerReferences: mine, ...more }),
      new Map(mine.map((each, index) => [each, states[index]!])),
      dependents,
    )
  }

  test('is nothing while each owner holds it, or means nothing', () => {
    for (const states of [[], ['solid'], ['refused'], ['solid', 'refused']] as const) {
      assert.deepEqual(step(states), { kind: 'none' }, states.join())
    }
  })

  test('is to lose the owners that are no more, while others hold it', () => {
    for (const states of [
      ['absent', 'solid'],
      ['waiting', 'solid'],
      ['absent', 'refused'],
    ] as const) {
      assert.deepEqual(step(states), { kind: 'drop', owners: new Set(['a']) }, states.join())
    }
  })

  test('is to go when nobody holds it, in the way its finalizers and its owners say', () => {
    const propagation = (...given: Parameters<typeof step>) => {
      const found = step(...given)
      return found.kind === 'delete' ? found.propagation : found.kind
    }
    assert.equal(propagation(['absent', 'absent']), 'Background')
    assert.equal(propagation(['absent'], { finalizers: [ORPHAN] }), 'Orphan')
    assert.equal(propagation(['absent'], { finalizers: [FOREGROUND] }), 'Foreground')
    assert.equal(propagation(['waiting']), 'Background', 'it owns nothing itself')
    assert.equal(propagation(['waiting', 'absent'], {}, [node('y')]), 'Foreground')
    assert.equal(propagation(['waiting'], {}, [node('y', going(FOREGROUND))]), 'Background', 'a circle ends')
  })
})

test('an object that goes waits for what blocks it, lets go of what it orphans, and is let go', () => {
  const graph = new OwnerGraph()
  const blocking = node('blocking', { ownerReferences: [owner('x', true)] })
  graph.put(blocking)
  graph.put(node('other', { ownerReferences: [owner('x')] }))
  assert.deepEqual(stepOfGoing(node('x', { deletionTimestamp: 't', finalizers: ['test.dev/other'] }), graph), {
    kind: 'none',
  })
  assert.deepEqual(stepOfGoing(node('x', going(FOREGROUND)), graph), { kind: 'await', dependents: [blocking] })
  const orphaning = stepOfGoing(node('x', going(ORPHAN)), graph)
  assert.equal(orphaning.kind === 'orphan' && orphaning.dependents.length, 2)
  graph.put({ ...blocking, metadata: { ...blocking.metadata, deletionTimestamp: 't' } })
  assert.deepEqual(stepOfGoing(node('x', going(FOREGROUND)), graph), { kind: 'await', dependents: [] })
  graph.remove('blocking')
  assert.deepEqual(stepOfGoing(node('x', going(FOREGROUND)), graph), { kind: 'release', finalizer: FOREGROUND })
})

test('the graph forgets what is gone, changed or no longer served', () => {
  const graph = new OwnerGraph()
  graph.put(node('child', { ownerReferences: [owner('a'), owner('b')] }))
  assert.equal(graph.dependents('a').length, 1)
  graph.put(node('child', { ownerReferences: [owner('b')] }))
  assert.deepEqual([graph.dependents('a').length, graph.dependents('b').length], [0, 1])
  graph.put({ ...node('other'), resource: { ...THINGS, plural: 'others' } })
  assert.deepEqual(graph.removeAll(THINGS), ['child'])
  assert.deepEqual([graph.size, graph.dependents('b').length], [1, 0])
  assert.equal(ownersWithout(node('x', { ownerReferences: [owner('a')] }), new Set(['a'])), null)
})

test('what lies in another namespace neither keeps an object that goes nor goes with it', () => {
  const graph = new OwnerGraph()
  const owned = node('a', going(FOREGROUND))
  graph.put(owned)
  graph.put(node('b', { namespace: 'other', ownerReferences: [owner('a', true)] }))
  assert.deepEqual(stepOfGoing(owned, graph), { kind: 'release', finalizer: FOREGROUND })
  const everywhere: Node = { ...owned, resource: { ...THINGS, isNamespaced: false } }
  graph.put(everywhere)
  assert.equal(stepOfGoing(everywhere, graph).kind, 'await')
})
