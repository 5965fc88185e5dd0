import { assert, type Digest } from '#base'
import type { ListedChunk } from './chunk-store.ts'
import type { ChunkTable } from './chunk-table.ts'
import { GROUPS } from './limits.ts'

/** The group of a chunk: the first 12 bits of its digest. */
export function groupOf(digest: Digest): number {
  return prefixOf(digest) >> 4
}

/** The first 16 bits of a digest: groups are made of these. */
export function prefixOf(digest: Digest): number {
  return (digest.charCodeAt(0) << 8) | digest.charCodeAt(1)
}

/** The prefixes that one of so many groups is made of. `groups`: a power of two up to 65,536. */
export function prefixesOf(group: number, groups: number): { readonly first: number; readonly end: number } {
  const bits = Math.log2(groups)
  assert(Number.isInteger(bits) && bits <= 16, 'groups are a power of two up to 65,536')
  assert(Number.isInteger(group) && group >= 0 && group < groups, 'a group is one of them')
  const first = group << (16 - bits)
  return { first, end: first + (1 << (16 - bits)) }
}

/** The chunks of one of so many groups, in byte order. */
export function* groupChunks(table: ChunkTable, group: number, groups = GROUPS): Generator<ListedChunk> {
  const { first, end } = prefixesOf(group, groups)
  const before = end < PREFIXES ? bytesOfPrefix(end) : undefined
  for (const { digest, row } of table.rows({ from: bytesOfPrefix(first), before })) {
    yield { digest, bytes: row.plainBytes, state: row.state }
  }
}

function bytesOfPrefix(prefix: number): string {
  return String.fromCharCode(prefix >> 8, prefix & 255)
}

const PREFIXES = 65_536
