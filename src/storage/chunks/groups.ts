import { createHash } from 'node:crypto'
import { assert, bytesOf, type Digest, digestOf } from '#base'
import type { ListedChunk } from './chunk-store.ts'
import type { ChunkTable } from './chunk-table.ts'
import { GROUPS } from './limits.ts'

/** The group of a chunk: the first 12 bits of its digest. */
export function groupOf(digest: Digest): number {
  return prefixOf(digest) >> 4
}

function prefixOf(digest: Digest): number {
  return (digest.charCodeAt(0) << 8) | digest.charCodeAt(1)
}

/** The chunks of one of so many groups, in byte order. */
export function* groupChunks(table: ChunkTable, group: number, groups = GROUPS): Generator<ListedChunk> {
  const bits = Math.log2(groups)
  assert(Number.isInteger(bits) && bits <= 16, 'groups are a power of two up to 65,536')
  assert(Number.isInteger(group) && group >= 0 && group < groups, 'a group is one of them')
  const first = group << (16 - bits)
  let from = String.fromCharCode(first >> 8, first & 255)
  for (;;) {
    const page = table.page(from, PAGE)
    for (const { digest, row } of page) {
      if (prefixOf(digest) >> (16 - bits) !== group) return
      yield { digest, bytes: row.plainBytes, state: row.state }
    }
    const last = page.at(-1)
    if (last === undefined) return
    from = `${last.digest}\0`
  }
}

/** SHA-256 over the held digests of a group in byte order. */
export function digestOfGroup(table: ChunkTable, group: number): Digest {
  const hash = createHash('sha256')
  for (const { digest, state } of groupChunks(table, group)) if (state === 'held') hash.update(bytesOf(digest))
  return digestOf(hash.digest())
}

// A group of a million chunks holds 244.
const PAGE = 64
