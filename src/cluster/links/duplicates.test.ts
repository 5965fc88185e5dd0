import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '#base'
import { answerUnary, message, nothing, text, unary } from '#rpc'
import { machineRow, mapOf, TestNetwork, type TestMachine } from '../testing.ts'

const none = new AbortController().signal
const who = unary({ name: 'test.who', version: 1, params: nothing, result: text(80), timeoutMs: 1000 })
const [a, b, c] = [machineRow('a', { role: 'controller' }), machineRow('b'), machineRow('c')]
const says = (where: string) => ({ handlers: [answerUnary(who, async () => message(where))] })

/** A controller, a node, and another node; and a machine that was started from a copy of the first node's disk. */
async function withCopy(network: TestNetwork) {
  const machines = [
    network.start(a, says('a')),
    network.start(b, { ...says('b'), entropy: 1 }),
    network.start(c, says('c')),
  ]
  for (const { maps } of machines) await maps.take(mapOf(1, [a, b, c]))
  await network.clock.advance(1000)
  const copied = machineRow('b', { addresses: ['copy:1'] })
  const copy = network.start(copied, { ...says('copy'), entropy: 2, at: 'copy' })
  await copy.maps.take(mapOf(1, [a, copied, c]))
  await network.clock.advance(2_000)
  const [first, node, third] = machines
  assert(first !== undefined && node !== undefined && third !== undefined)
  return { first, node, third, copy }
}

const asked = ({ links }: TestMachine) => links.client('b')?.call(who, undefined, none)
const duplicateOf = ({ links }: TestMachine) =>
  links
    .heard()
    .find(({ name }) => name === 'b')
    ?.row().duplicate

test('of two machines that show one name the first stays, the other is told, and both are named', async () => {
  await using network = new TestNetwork()
  const { first, node, third, copy } = await withCopy(network)
  assert.deepEqual([await asked(first), await asked(third)], ['b', 'b'])
  assert.equal(duplicateOf(first), 'copy')
  await network.clock.advance(30_000)
  assert.deepEqual([await asked(first), await asked(third)], ['b', 'b'], 'however often it tries')
  assert.equal(node.links.ownDuplicate, 'copy', 'the first one is told of the other')
  assert.equal(node.links.refusal, undefined)
  const { refusal } = copy.links
  assert.ok(isFault(refusal, 'Duplicate'))
  assert.match(refusal.message, /in the cloud as b.*not let in/)
  assert.equal(copy.links.client('c'), undefined, 'it leaves the others alone')
  const warned = network.warnings.filter(line => line.includes('two machines show one name'))
  assert.ok(warned.includes('a: two machines show one name: the later one is not let in'))
  assert.ok(warned.length <= 2, 'once, not with each try')
})

test('a machine that is started again has its place at once, also when its cable was pulled; a copy has to wait', async () => {
  await using network = new TestNetwork()
  const { first, copy } = await withCopy(network)
  await network.end('b')
  const again = network.start(b, { ...says('again'), entropy: 3 })
  await again.maps.take(mapOf(1, [a, b, c]))
  await network.clock.advance(3_000)
  assert.equal(await asked(first), 'again')
  assert.ok(isFault(copy.links.refusal, 'Duplicate'))
})

test('a copy is let in when the first one has been gone for a while, and nothing is told of it any more', async () => {
  await using network = new TestNetwork()
  const { first, copy } = await withCopy(network)
  await network.end('b')
  await network.clock.advance(90_000)
  assert.equal(await asked(first), 'copy')
  assert.deepEqual([copy.links.refusal, duplicateOf(first)], [undefined, undefined])
})

test('a controller whose disk was copied hears of the copy from its nodes, which stay with it', async () => {
  await using network = new TestNetwork()
  const { first, third } = await withCopy(network)
  const other = machineRow('a', { role: 'controller', addresses: ['other:1'] })
  const second = network.start(other, { ...says('other'), entropy: 9, at: 'other' })
  await second.maps.take(mapOf(9, [other, b, c]))
  await network.clock.advance(5_000)
  assert.equal(first.links.ownDuplicate, 'other')
  assert.equal(await third.links.client('a')?.call(who, undefined, none), 'a')
  assert.equal(third.links.map.version, 1)
})
