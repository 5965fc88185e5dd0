import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { type Extent, extentsWithin, firstEndingBehind, replaceRange } from './extent.ts'
import { ExtentList } from './extent-list.ts'

const SPACE = 5000

/** A range, and what to put there: an extent that fills it, or nothing. */
const step = fc.record({
  from: fc.nat(SPACE),
  bytes: fc.integer({ min: 1, max: 60 }),
  fill: fc.constantFrom('inline', 'hole', 'nothing'),
})

function fillOf({ from, bytes, fill }: { from: number; bytes: number; fill: string }): Extent[] {
  if (fill === 'nothing') return []
  if (fill === 'hole') return [{ kind: 'hole', offset: from, bytes }]
  return [{ kind: 'inline', offset: from, bytes, data: Buffer.alloc(bytes, from) }]
}

suite('an extent list', () => {
  test('is, after any replacements, what the same make of a plain array', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 600, size: 'max' }), steps => {
        let list = ExtentList.none
        let plain: readonly Extent[] = []
        for (const { from, bytes, fill } of steps) {
          const wanted = replaceRange(plain, from, from + bytes, fillOf({ from, bytes, fill }))
          const { removed, added, extents } = list.replace(from, from + bytes, fillOf({ from, bytes, fill }))
          assert.deepEqual([removed, added], [wanted.removed, wanted.added])
          list = extents
          plain = wanted.extents
        }
        assert.deepEqual([...list], plain)
        assert.equal(list.length, plain.length)
        assert.equal(list.memoryBytes, ExtentList.of(plain).memoryBytes)
        for (let offset = 0; offset < SPACE + 100; offset += 37) {
          assert.deepEqual(list.within(offset, offset + 400), extentsWithin(plain, offset, offset + 400))
          assert.deepEqual(list.firstEndingBehind(offset), plain[firstEndingBehind(plain, offset)])
          assert.equal(
            list.startsAt(offset),
            plain.some(extent => extent.offset === offset),
          )
        }
      }),
      { numRuns: 60 },
    )
  })

  test('does not change when a range of it is replaced', () => {
    const extents = Array.from({ length: 1000 }, (_, i): Extent => ({ kind: 'hole', offset: i * 10, bytes: 5 }))
    const before = ExtentList.of(extents)
    const { extents: after } = before.replace(2003, 7001, [])
    assert.deepEqual([...before], extents)
    assert.equal(after.length, 1000 - 500 + 1)
    assert.deepEqual([...ExtentList.none], [])
  })

  test('keeps no more memory than what is left of its extents', () => {
    const whole: Extent = { kind: 'inline', offset: 0, bytes: 65_536, data: Buffer.alloc(65_536, 1) }
    const fill: Extent = { kind: 'inline', offset: 100, bytes: 65_000, data: Buffer.alloc(65_000, 2) }
    const { extents } = ExtentList.of([whole]).replace(100, 65_100, [fill])
    const kept = [...extents].flatMap(extent => (extent.kind === 'inline' ? extent.data.buffer.byteLength : []))
    assert.deepEqual(kept, [100, 65_000, 436])
  })
})
