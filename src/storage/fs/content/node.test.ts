import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { digestOf, isFault } from '#base'
import { dagBytes, decodeNode, encodeNode, nodeBytes, type TreeNode } from './node.ts'
import { treeShape } from './shape.ts'
import { Zeros } from './zeros.ts'

const shape = treeShape(200, 2)
const pair: TreeNode = {
  height: 1,
  bytes: 201,
  digests: Buffer.concat([Buffer.alloc(32, 0xaa), Buffer.alloc(32, 0xbb)]),
}
const PAIR_HEX = [
  // Link: CIDv1 raw sha2-256, empty name, Tsize 200.
  '122b0a2401551220' + 'aa'.repeat(32) + '120018c801',
  // Link: Tsize 1.
  '122a0a2401551220' + 'bb'.repeat(32) + '12001801',
  // Data: type file, filesize 201, blocksizes 200 and 1.
  '0a0a080218c90120c8012001',
]

test('a node has these bytes', () => {
  assert.equal(encodeNode(shape, pair).toString('hex'), PAIR_HEX.join(''))
  const above: TreeNode = { height: 2, bytes: 401, digests: pair.digests }
  const hex = encodeNode(shape, above).toString('hex')
  assert.ok(hex.startsWith('122b0a2401701220'), 'links of higher nodes are dag-pb')
})

test('the length of a node follows from its place', () => {
  assert.equal(nodeBytes(shape, pair), PAIR_HEX.join('').length / 2)
  assert.equal(dagBytes(shape, pair), PAIR_HEX.join('').length / 2 + 201)
})

test('decoding gives back what was encoded', () => {
  assert.deepEqual(decodeNode(shape, pair, encodeNode(shape, pair)), pair)
})

test('every other encoding is refused', () => {
  const good = encodeNode(shape, pair)
  const isDigest = (i: number) => (i >= 8 && i < 40) || (i >= 53 && i < 85)
  for (let i = 0; i < good.length; i++) {
    if (isDigest(i)) continue
    const bad = Buffer.from(good)
    bad[i]! ^= 0x21
    assert.throws(
      () => decodeNode(shape, pair, bad),
      (error: unknown) => isFault(error, 'NodeInvalid'),
      `byte ${i}`,
    )
  }
  for (const bad of [good.subarray(1), Buffer.concat([good, Buffer.alloc(1)]), Buffer.alloc(0)]) {
    assert.throws(
      () => decodeNode(shape, pair, bad),
      (error: unknown) => isFault(error, 'NodeInvalid'),
    )
  }
})

test('digests of zero leaves are those of the bytes, whatever the length and order', () => {
  const zeros = new Zeros(treeShape(1000))
  for (const bytes of [999, 0, 1000, 1, 4, 500, 3, 8, 996]) {
    assert.equal(zeros.leaf(bytes), digestOf(createHash('sha256').update(Buffer.alloc(bytes)).digest()))
  }
})
