import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { EtcdMember } from '#keyspace'
import { controlText, endpointsOf, type Seeker, seatStep, startedWith } from './plan.ts'

const urlOf = (name: string, port: number) => `https://${name}:${port}`

function member(name: string, more: Partial<EtcdMember> = {}): EtcdMember {
  const urls = { peerUrls: [urlOf(name, 2380)], clientUrls: [urlOf(name, 2379)] }
  return { id: `id-${name}`, name, ...urls, isLearner: false, ...more }
}

const seeker: Seeker = { name: 'c', peerUrl: urlOf('c', 2380), hasData: false }
const begun = { ...seeker, hasData: true }
const others = [member('a'), member('b')]
/** Added, and not begun yet: etcd knows no name of it. */
const added = member('c', { name: '', clientUrls: [], isLearner: true })

suite('the place of a controller among the members of etcd', () => {
  test('is made step by step: added, begun, promoted, seated; each step again is the same step', () => {
    assert.deepEqual(seatStep(others, seeker), { kind: 'add' })
    assert.deepEqual(seatStep([...others, added], seeker), { kind: 'begin' })
    assert.deepEqual(seatStep([...others, added], begun), { kind: 'begin' }, 'before it has told its name')
    const learner = member('c', { isLearner: true })
    assert.deepEqual(seatStep([...others, learner], begun), { kind: 'promote', id: 'id-c' })
    assert.deepEqual(seatStep([...others, member('c')], begun), { kind: 'seated' })
  })

  test('is given to one after the other, since etcd takes one learner at a time', () => {
    const other = member('d', { isLearner: true })
    assert.deepEqual(seatStep([...others, other], seeker), { kind: 'wait', other: 'd' })
    assert.deepEqual(seatStep([...others, { ...added, peerUrls: [urlOf('d', 2380)] }], seeker), {
      kind: 'wait',
      other: '',
    })
  })

  test('is made anew for one whose disk was wiped, whether it had its vote or not', () => {
    assert.deepEqual(seatStep([...others, member('c')], seeker), { kind: 'replace', id: 'id-c' })
    assert.deepEqual(seatStep([...others, member('c', { isLearner: true })], seeker), { kind: 'replace', id: 'id-c' })
  })

  test('moves with a machine that is reached elsewhere', () => {
    const there = member('c', { peerUrls: [urlOf('old', 2380)] })
    assert.deepEqual(seatStep([...others, there], begun), { kind: 'move', id: 'id-c' })
  })
})

test('a member begins with all others by name, and itself, which etcd does not know by name yet', () => {
  const all = startedWith([...others, added], seeker)
  assert.deepEqual(
    all.map(({ name, peerUrl }) => `${name}=${peerUrl}`),
    ['a=https://a:2380', 'b=https://b:2380', 'c=https://c:2380'],
  )
})

test('members with a vote are asked, the own first, and none twice', () => {
  const all = [member('b'), member('c'), member('a'), member('d', { isLearner: true }), added]
  assert.deepEqual(
    endpointsOf(all, urlOf('c', 2379)),
    ['c', 'a', 'b'].map(name => urlOf(name, 2379)),
  )
})

test('people are told how far it is to a cloud that survives the loss of any controller', () => {
  assert.match(controlText(2) ?? '', /2 controllers, one of which works: from 3 on/)
  assert.equal(controlText(3), undefined)
})
