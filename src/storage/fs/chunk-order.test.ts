import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineFaults, type Digest, digestOf } from '#base'
import { afterChunks } from './chunk-order.ts'
import { encodeExtent } from './extent.ts'
import { inoOf } from './inode.ts'
import * as keys from './keys.ts'

const chunkFault = defineFaults({
  ChunkMissing: { status: 404, retry: 'never' },
  ChunkDamaged: { status: 500, retry: 'never' },
  DiskAway: { status: 503, retry: 'later' },
  ChunkUnreachable: { status: 503, retry: 'later' },
})

const digestAt = (fill: number): Digest => digestOf(Buffer.alloc(32, fill))
const [HELD, DAMAGED, LOST, AWAY, FAR] = [digestAt(1), digestAt(2), digestAt(3), digestAt(4), digestAt(5)]

const order = afterChunks({
  sync: async () => undefined,
  read: digest => {
    if (digest === DAMAGED) throw chunkFault('ChunkDamaged', 'the chunk is damaged')
    if (digest === AWAY) throw chunkFault('DiskAway', 'the chunk may be on a disk that is away')
    if (digest === FAR) throw chunkFault('ChunkUnreachable', 'the chunk may be on a machine that is away')
    if (digest === LOST) throw chunkFault('ChunkMissing', 'the chunk is not here')
  },
})

function survived(digest: Digest): Promise<boolean> {
  const extent = { kind: 'chunk', offset: 0, bytes: 10, digest, chunkOffset: 0, chunkBytes: 10 } as const
  const entry = { key: keys.extentKey(inoOf(2), 0), value: encodeExtent(extent) }
  return order.survived([{ ...entry, createRevision: 1, modRevision: 1, version: 1, lease: 0 } as never])
}

test('a row whose chunk is lost did not survive', async () => {
  assert.equal(await survived(HELD), true)
  assert.equal(await survived(LOST), false)
})

test('a row whose chunk is damaged stays: reads of the file tell', async () => {
  assert.equal(await survived(DAMAGED), true)
})

test('a row whose chunk may be on a disk or a machine that is away stays: it comes back with it', async () => {
  assert.equal(await survived(AWAY), true)
  assert.equal(await survived(FAR), true)
})
