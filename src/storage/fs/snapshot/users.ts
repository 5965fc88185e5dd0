import { type ByteString, byteStringOfText, type Digest, Fault } from '#base'
import type { KeyValue } from '#keyspace'
import { decodeExtent } from '../extent.ts'
import { pathOf } from '../home/path-of.ts'
import type { Named, Tables } from '../home/tables.ts'
import { decodeInode, inoOf } from '../inode.ts'
import * as keys from '../keys.ts'
import type { Ino } from '../vfs.ts'
import { ROWS_PER_STEP } from './limits.ts'
import { type ReferenceParts, ReferenceWalk } from './references.ts'
import { SNAPSHOTS_NAME } from './view.ts'

/**
 * Who needs a chunk. A `directory` needs it for its manifest, which the next snapshot is made from; a `removed` file has no
 * name any more and is still open.
 */
export type ChunkUser =
  | { readonly kind: 'file' | 'directory' | 'snapshot'; readonly path: ByteString }
  | { readonly kind: 'removed' }

/** Tells who needs one of these chunks, or cannot be read in full; each once, while rows may change. */
export async function* usersOf(
  parts: ReferenceParts,
  chunks: ReadonlySet<Digest>,
  signal: AbortSignal,
): AsyncGenerator<ChunkUser> {
  const { tables } = parts.context
  const finder = new Finder(parts, chunks, signal)
  const told = new Set<Ino>()
  for await (const { key, value } of rowsOf(tables, keys.EXTENT_PREFIX, signal)) {
    const ino = inoOf(keys.inoOfExtentKey(key))
    const extent = decodeExtent(keys.offsetOfExtentKey(key), value)
    if (extent.kind !== 'chunk' || !chunks.has(extent.digest) || told.has(ino)) continue
    told.add(ino)
    yield fileUser(tables, ino)
  }
  for await (const { key, value } of rowsOf(tables, keys.INODE_PREFIX, signal)) {
    const { ino, tree } = decodeInode(inoOf(keys.inoOfInodeKey(key)), value)
    if (tree === undefined || told.has(ino) || !(await finder.isNeededBy({ kind: 'tree', tree }))) continue
    yield fileUser(tables, ino)
  }
  for await (const { key } of rowsOf(tables, keys.MANIFEST_PREFIX, signal)) {
    const ino = inoOf(keys.inoOfMarkKey(key))
    const ref = tables.marks.manifest(ino)
    if (ref === undefined || !(await finder.isNeededBy({ kind: 'manifest', ref }))) continue
    yield { kind: 'directory', path: pathOf(tables, ino) }
  }
  for (const { name, root } of parts.table.list()) {
    if (!(await finder.isNeededBy({ kind: 'snapshot', ref: root }))) continue
    yield { kind: 'snapshot', path: `/${SNAPSHOTS_NAME}/${byteStringOfText(name)}` }
  }
}

/** Looks for chunks below what rows name. What is shared is walked once as long as nothing is found in it. */
class Finder {
  readonly #parts: ReferenceParts
  readonly #chunks: ReadonlySet<Digest>
  readonly #signal: AbortSignal
  #walk: ReferenceWalk

  constructor(parts: ReferenceParts, chunks: ReadonlySet<Digest>, signal: AbortSignal) {
    this.#parts = parts
    this.#chunks = chunks
    this.#signal = signal
    this.#walk = new ReferenceWalk(parts)
  }

  async isNeededBy(named: Named): Promise<boolean> {
    const isFound = await this.#isBelow(named)
    if (isFound) this.#walk = new ReferenceWalk(this.#parts)
    return isFound
  }

  async #isBelow(named: Named): Promise<boolean> {
    try {
      for await (const batch of this.#walk.below(named, this.#signal)) {
        if (batch.some(digest => this.#chunks.has(digest))) return true
      }
      return false
    } catch (error) {
      this.#signal.throwIfAborted()
      if (error instanceof Fault) return true // an inner node is damaged: what is below it cannot be told
      throw error
    }
  }
}

async function* rowsOf(tables: Tables, prefix: ByteString, signal: AbortSignal): AsyncGenerator<KeyValue> {
  const end = String.fromCharCode(prefix.charCodeAt(0) + 1)
  for (let start: ByteString | undefined = prefix; start !== undefined; ) {
    const rows = tables.range(start, end, ROWS_PER_STEP)
    yield* rows
    start = rows.length < ROWS_PER_STEP ? undefined : `${rows.at(-1)?.key ?? ''}\0`
    await tables.clock.sleep(1, signal)
  }
}

function fileUser(tables: Tables, ino: Ino): ChunkUser {
  const inode = tables.inode(ino)
  const place = inode && tables.marks.above(inode)
  if (place === undefined) return { kind: 'removed' }
  const directory = pathOf(tables, place.parent)
  return { kind: 'file', path: directory === '/' ? `/${place.name}` : `${directory}/${place.name}` }
}
